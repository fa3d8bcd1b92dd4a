import { concat, fromHex } from "../core/index.ts";
import {
  API_CODE,
  type ApiCode,
  type BootloaderBuild,
  confirm,
  eraseSlotByApp,
  type Flash,
  type FlashOperation,
  imageListOf,
  isBlank,
  isOperation,
  modeOf,
  prepareUpload,
  type Steps,
  setPending,
  slotFlags,
  UPLOAD_BLOCK_BYTES,
  uploadOffset,
  uploadWrite,
} from "../mcuboot/index.ts";
import { IMAGE_GROUP, type ImageStore, SmpFault, type StoredSlot } from "../smp/index.ts";
import { type FaultHooks, firmwareSteps } from "./faults.ts";
import type { TwinFlash } from "./flash.ts";

/** What the image group answers when a request could not be written into a trailer. */
const FLASH_WRITE_FAILED = 12;

/**
 * The slots of a running application: what Zephyr's image management does to the flash, in the flash's own time, so that
 * a power cut may fall into an upload or a request as well as into a swap.
 */
export class TwinImageSlots implements ImageStore {
  readonly images: number;
  readonly writeBytes: number;
  readonly requests: NonNullable<ImageStore["requests"]>;
  readonly #active: 0 | 1;
  readonly #flash: TwinFlash;
  readonly #build: BootloaderBuild;
  readonly #power: AbortSignal;
  readonly #hooks: FaultHooks;
  readonly #onRequest: (image: number) => void;
  /** What is reported instead of what the slots hold. */
  readonly #told: (() => Promise<readonly StoredSlot[]>) | undefined;
  /** What an upload has brought and the flash has not got yet: less than a block. Gone with the power. */
  #held: { readonly slot: number; readonly at: number; readonly bytes: Uint8Array } | undefined;

  /**
   * @param options.power aborts when the board loses power: the operation in work is cut.
   * @param options.onRequest is called with the image number before an image is marked.
   */
  constructor(options: {
    readonly flash: TwinFlash;
    readonly build: BootloaderBuild;
    readonly power: AbortSignal;
    readonly hooks?: FaultHooks;
    readonly onRequest?: (image: number) => void;
    /** Device offset of the slot that runs; default: the primary one. */
    readonly slotOffset?: number;
  }) {
    this.#flash = options.flash;
    this.#build = options.build;
    this.#power = options.power;
    this.#hooks = options.hooks ?? {};
    this.#onRequest = options.onRequest ?? (() => {});
    const { newestRuns, takesBack } = modeOf(options.build);
    this.requests = newestRuns ? (takesBack ? "in place" : "none") : "swap";
    this.#active = options.slotOffset === options.build.images[0]?.secondary.offset ? 1 : 0;
    this.images = options.build.images.length;
    this.writeBytes = options.build.writeBytes;
    const read = () => this.#readSlots();
    this.#told = this.#hooks.slots?.(read);
  }

  async slots(): Promise<readonly StoredSlot[]> {
    if (this.#told === undefined) return this.#readSlots();
    const told = await this.#told();
    if (JSON.stringify(told) !== JSON.stringify(await this.#readSlots())) this.#hooks.acted?.("slots");
    return told;
  }

  #readSlots(): Promise<readonly StoredSlot[]> {
    // A look at the flash is no step, and may show a fault all the same.
    const look = (flash: Flash, build: BootloaderBuild) => this.#slotsIn(flash, build);
    return this.#run(function* (flash, build) {
      yield* [];
      return look(flash, build);
    });
  }

  #slotsIn(flash: Flash, build: BootloaderBuild): readonly StoredSlot[] {
    const listed = imageListOf(flash, build, [this.#active]);
    return build.images.flatMap(({ primary, secondary }, image) => {
      const flags = slotFlags(flash, build, image, image === 0 ? this.#active : 0);
      // With a single slot the other one has no bytes.
      const areas = [primary, secondary].filter(({ bytes }) => bytes > 0);
      return areas.map((area, slot): StoredSlot => {
        const entry = listed.find((candidate) => candidate.image === image && candidate.slot === slot);
        return {
          slot: 2 * image + slot,
          slotBytes: area.bytes,
          image: entry && { version: entry.version, hash: fromHex(entry.hash), bootable: entry.bootable },
          ...flags[slot === 0 ? 0 : 1],
        };
      });
    });
  }

  async isBlank(slot: number): Promise<boolean> {
    return isBlank(this.#flash, this.#area(slot), this.#build.sectorBytes);
  }

  async prepare(slot: number, imageBytes: number): Promise<void> {
    this.#held = undefined;
    const upload = { start: this.#start(slot), bytes: imageBytes };
    await this.#run((flash, build) => prepareUpload(flash, build, this.#area(slot), upload));
  }

  /** Programs every block that is whole, and holds the rest. */
  async write(slot: number, offset: number, bytes: Uint8Array): Promise<void> {
    const held = this.#held;
    const follows = held?.slot === slot && held.at + held.bytes.length === offset;
    let at = follows ? held.at : offset;
    let rest = follows ? concat(held.bytes, bytes) : bytes;
    for (; rest.length >= UPLOAD_BLOCK_BYTES; at += UPLOAD_BLOCK_BYTES) {
      await this.#program(slot, at, rest.subarray(0, UPLOAD_BLOCK_BYTES));
      rest = rest.subarray(UPLOAD_BLOCK_BYTES);
    }
    this.#held = { slot, at, bytes: rest.slice() };
  }

  async finish(slot: number): Promise<void> {
    const held = this.#held;
    this.#held = undefined;
    if (held?.slot === slot && held.bytes.length > 0) await this.#program(slot, held.at, held.bytes);
  }

  async erase(slot: number): Promise<void> {
    this.#held = undefined;
    await this.#run((flash, build) => eraseSlotByApp(flash, build, this.#area(slot)));
  }

  async setPending(slot: number, permanent: boolean): Promise<void> {
    this.#onRequest(slot >> 1);
    await this.#ask((flash, build) => setPending(flash, build, slot >> 1, permanent, slot % 2 === 0 ? 0 : 1));
  }

  async confirm(slot: number): Promise<void> {
    await this.#ask((flash, build) => confirm(flash, build, slot >> 1, slot % 2 === 0 ? 0 : 1));
  }

  /** @throws SmpFault when MCUboot's library refuses. Source: Zephyr img_mgmt_state.c, zephyr_img_mgmt.c. */
  async #ask(make: (flash: Flash, build: BootloaderBuild) => Steps<ApiCode>): Promise<void> {
    if ((await this.#run(make)) === API_CODE.done) return;
    throw new SmpFault({ group: IMAGE_GROUP, code: FLASH_WRITE_FAILED });
  }

  /** Performs the operations of `steps`, in the flash's own time. */
  async #run<T>(make: (flash: Flash, build: BootloaderBuild) => Steps<T>): Promise<T> {
    const steps = firmwareSteps(this.#hooks, this.#flash, this.#build, make);
    for (;;) {
      const next = steps.next();
      if (next.done === true) return next.value;
      if (isOperation(next.value)) await this.#perform(next.value);
    }
  }

  async #program(slot: number, offset: number, bytes: Uint8Array): Promise<void> {
    const area = this.#area(slot);
    const at = this.#start(slot) + offset;
    if (at + bytes.length > area.bytes) throw new SmpFault({ group: IMAGE_GROUP, code: FLASH_WRITE_FAILED });
    await this.#perform(uploadWrite(this.#build, area.offset + at, bytes));
  }

  #perform(operation: FlashOperation): Promise<void> {
    return this.#flash.perform(operation, this.#power);
  }

  /** Where an image begins in the slot. */
  #start(slot: number): number {
    const sound = slot % 2 === 0 ? 0 : uploadOffset(this.#build);
    if (sound === 0 || this.#hooks.uploadsTo !== "slot start") return sound;
    this.#hooks.acted?.("uploadsTo");
    return 0;
  }

  #area(slot: number) {
    const pair = this.#build.images[slot >> 1];
    if (!pair) throw new RangeError(`this board has no slot ${slot}`);
    return slot % 2 === 0 ? pair.primary : pair.secondary;
  }
}
