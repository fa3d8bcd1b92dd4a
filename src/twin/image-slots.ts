import { fromHex, roundUp } from "../core/index.ts";
import {
  API_CODE,
  type ApiCode,
  type BootloaderBuild,
  confirm,
  type FlashOperation,
  imageState,
  isOperation,
  type Steps,
  setPending,
  slotFlags,
  trailerBytesOf,
  uploadOffset,
} from "../mcuboot/index.ts";
import { IMAGE_GROUP, type ImageStore, SmpFault, type StoredSlot } from "../smp/index.ts";
import type { MachineFault } from "./faults.ts";
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
  readonly #flash: TwinFlash;
  readonly #build: BootloaderBuild;
  readonly #power: AbortSignal;
  readonly #faults: ReadonlySet<MachineFault>;

  /** @param options.power aborts when the board loses power: the operation in work is cut. */
  constructor(options: {
    readonly flash: TwinFlash;
    readonly build: BootloaderBuild;
    readonly power: AbortSignal;
    readonly faults?: ReadonlySet<MachineFault>;
  }) {
    this.#flash = options.flash;
    this.#build = options.build;
    this.#power = options.power;
    this.#faults = options.faults ?? new Set();
    this.images = options.build.images.length;
    this.writeBytes = options.build.writeBytes;
  }

  async slots(): Promise<readonly StoredSlot[]> {
    const listed = imageState(this.#flash, this.#build);
    return this.#build.images.flatMap(({ primary, secondary }, image) => {
      const flags = slotFlags(this.#flash, this.#build, image);
      return ([primary, secondary] as const).map((area, slot): StoredSlot => {
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

  /** Erases what the image will need and the trailer's sectors, unless the slot is blank. Source: Zephyr img_mgmt.c. */
  async prepare(slot: number, imageBytes: number): Promise<void> {
    const area = this.#area(slot);
    const { sectorBytes } = this.#build;
    const trailerStart = area.bytes - roundUp(trailerBytesOf(this.#build), sectorBytes);
    const imageEnd = Math.min(area.bytes, this.#start(slot) + roundUp(imageBytes, sectorBytes));
    await this.#erase(area.offset, imageEnd);
    if (imageEnd < area.bytes) await this.#erase(area.offset + trailerStart, area.bytes - trailerStart);
  }

  /** Programs whole words; bytes around the range keep what they hold. */
  async write(slot: number, offset: number, bytes: Uint8Array): Promise<void> {
    const unit = this.#build.writeBytes;
    const at = this.#area(slot).offset + this.#start(slot) + offset;
    const start = at - (at % unit);
    const data = this.#flash.read(start, roundUp(at + bytes.length, unit) - start);
    data.set(bytes, at - start);
    await this.#perform({ kind: "write", offset: start, data });
  }

  async erase(slot: number): Promise<void> {
    const { offset, bytes } = this.#area(slot);
    await this.#erase(offset, bytes);
  }

  async setPending(slot: number, permanent: boolean): Promise<void> {
    await this.#ask(setPending(this.#flash, this.#build, slot >> 1, permanent));
  }

  async confirm(slot: number): Promise<void> {
    await this.#ask(confirm(this.#flash, this.#build, slot >> 1));
  }

  /** @throws SmpFault when MCUboot's library refuses. Source: Zephyr img_mgmt_state.c, zephyr_img_mgmt.c. */
  async #ask(steps: Steps<ApiCode>): Promise<void> {
    for (;;) {
      const next = steps.next();
      if (next.done !== true) {
        if (isOperation(next.value)) await this.#perform(next.value);
        continue;
      }
      if (next.value === API_CODE.done) return;
      throw new SmpFault({ group: IMAGE_GROUP, code: FLASH_WRITE_FAILED });
    }
  }

  /** Sector by sector, blank ones left alone. `bytes` is a multiple of the sector. */
  async #erase(offset: number, bytes: number): Promise<void> {
    const { sectorBytes } = this.#build;
    for (let at = offset; at < offset + bytes; at += sectorBytes) {
      const blank = this.#flash.read(at, sectorBytes).every((byte) => byte === 0xff);
      if (!blank) await this.#perform({ kind: "erase", offset: at, bytes: sectorBytes });
    }
  }

  #perform(operation: FlashOperation): Promise<void> {
    return this.#flash.perform(operation, this.#power);
  }

  /** Where an image begins in the slot. */
  #start(slot: number): number {
    return slot % 2 === 0 || this.#faults.has("R27-2268") ? 0 : uploadOffset(this.#build);
  }

  #area(slot: number) {
    const pair = this.#build.images[slot >> 1];
    if (!pair) throw new RangeError(`this board has no slot ${slot}`);
    return slot % 2 === 0 ? pair.primary : pair.secondary;
  }
}
