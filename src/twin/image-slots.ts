import { concat, fromHex } from "../core/index.ts";
import {
  API_CODE,
  type ApiCode,
  type BootloaderBuild,
  confirm,
  eraseSlotByApp,
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
import type { FaultHooks } from "./faults.ts";
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
  readonly #slots: () => Promise<readonly StoredSlot[]>;
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
    this.#slots = this.#hooks.slots?.(read) ?? read;
  }

  slots(): Promise<readonly StoredSlot[]> {
    return this.#slots();
  }

  async #readSlots(): Promise<readonly StoredSlot[]> {
    const listed = imageListOf(this.#flash, this.#build, [this.#active]);
    return this.#build.images.flatMap(({ primary, secondary }, image) => {
      const flags = slotFlags(this.#flash, this.#build, image, image === 0 ? this.#active : 0);
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
    await this.#run(prepareUpload(this.#flash, this.#build, this.#area(slot), upload));
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
    await this.#run(eraseSlotByApp(this.#flash, this.#build, this.#area(slot)));
  }

  async setPending(slot: number, permanent: boolean): Promise<void> {
    this.#onRequest(slot >> 1);
    await this.#ask(setPending(this.#flash, this.#build, slot >> 1, permanent, slot % 2 === 0 ? 0 : 1));
  }

  async confirm(slot: number): Promise<void> {
    await this.#ask(confirm(this.#flash, this.#build, slot >> 1, slot % 2 === 0 ? 0 : 1));
  }

  /** @throws SmpFault when MCUboot's library refuses. Source: Zephyr img_mgmt_state.c, zephyr_img_mgmt.c. */
  async #ask(steps: Steps<ApiCode>): Promise<void> {
    if ((await this.#run(steps)) === API_CODE.done) return;
    throw new SmpFault({ group: IMAGE_GROUP, code: FLASH_WRITE_FAILED });
  }

  /** Performs the operations of `steps`, in the flash's own time. */
  async #run<T>(steps: Steps<T>): Promise<T> {
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
    return slot % 2 === 0 || this.#hooks.uploadsTo === "slot start" ? 0 : uploadOffset(this.#build);
  }

  #area(slot: number) {
    const pair = this.#build.images[slot >> 1];
    if (!pair) throw new RangeError(`this board has no slot ${slot}`);
    return slot % 2 === 0 ? pair.primary : pair.secondary;
  }
}
