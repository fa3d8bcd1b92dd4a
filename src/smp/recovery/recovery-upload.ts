import { concat, roundUp } from "../../core/index.ts";
import { SmpFault } from "../server/faults.ts";
import type { RecoveryStore } from "./recovery-store.ts";

const INVALID = 3;
const UNKNOWN = 1;

/** What recovery reads of an upload request. `sha` and `upgrade` are unknown to it. */
interface RecoveryChunk {
  readonly off?: number | undefined;
  readonly len?: number | undefined;
  readonly image?: number | undefined;
  readonly data?: Uint8Array | undefined;
}

interface RecoveryUploadOptions {
  /** CONFIG_BOOT_ERASE_PROGRESSIVELY: sectors are erased as chunks reach them; else the slot at offset 0. */
  readonly progressiveErase: boolean;
  /** CONFIG_MCUBOOT_SERIAL_DIRECT_IMAGE_UPLOAD: `image` names a slot, not a pair. */
  readonly directUpload: boolean;
  /** Before MCUboot 2.0: a chunk without `image` means image 0, whatever the first one said (mcuboot PR 1502). */
  readonly imageInEachChunk: boolean;
}

/**
 * The upload of serial recovery: an offset that only the bootloader moves, kept for as long as it runs. Nothing is
 * known of an image: offset 0 always starts anew, and no header, hash or magic is looked at.
 * Source: MCUboot boot_serial.c bs_upload, erase_range; flash_map_extended.c.
 */
export class RecoveryUpload {
  readonly #store: RecoveryStore;
  readonly #options: RecoveryUploadOptions;
  #image = 0;
  #off = 0;
  #totalBytes = 0;
  /** Everything below is erased for this upload. Progressive erase only. */
  #erasedTo = 0;

  constructor(store: RecoveryStore, options: RecoveryUploadOptions) {
    this.#store = store;
    this.#options = options;
  }

  /**
   * @returns the offset that is wanted next, and the slot when the upload is whole with this chunk.
   * @throws SmpFault: EINVAL for almost all that can be wrong.
   */
  async chunk(request: RecoveryChunk): Promise<{ readonly off: number; readonly whole?: number }> {
    const { off, data } = request;
    if (off === undefined || data === undefined) throw new SmpFault({ code: INVALID });
    if (off === 0 || this.#options.imageInEachChunk) this.#image = request.image ?? 0;
    const slot = slotOfUpload(this.#image, this.#store.images, this.#options.directUpload);
    const area = slot === undefined ? undefined : this.#store.slotBytes(slot);
    if (slot === undefined || area === undefined) throw new SmpFault({ code: INVALID });
    if (off === 0) await this.#begin(slot, area, request.len);
    else if (off !== this.#off) return { off: this.#off };
    else if (this.#off + data.length > this.#totalBytes) throw new SmpFault({ code: INVALID });
    await this.#write(slot, area, data);
    if (this.#off !== this.#totalBytes) return { off: this.#off };
    if (this.#options.progressiveErase) await this.#eraseTrailer(slot);
    return { off: this.#off, whole: slot };
  }

  async #begin(slot: number, slotBytes: number, totalBytes: number | undefined): Promise<void> {
    this.#off = 0;
    if (totalBytes === undefined || totalBytes > slotBytes) throw new SmpFault({ code: INVALID });
    this.#erasedTo = 0;
    if (!this.#options.progressiveErase) await this.#store.eraseRange(slot, 0, slotBytes);
    this.#totalBytes = totalBytes;
  }

  /** Whole write units of a chunk; the rest is asked for again, but for the end of the image, which is padded. */
  async #write(slot: number, slotBytes: number, data: Uint8Array): Promise<void> {
    const { writeBytes, sectorBytes } = this.#store;
    const start = this.#store.startOffset(slot);
    if (this.#options.progressiveErase) {
      const last = this.#off + data.length - 1 + start;
      if (last >= slotBytes) throw new SmpFault({ code: INVALID });
      if (last >= this.#erasedTo) {
        const end = roundUp(last + 1, sectorBytes);
        await this.#store.eraseRange(slot, this.#erasedTo, end - this.#erasedTo);
        this.#erasedTo = end;
      }
    }
    const isEnd = this.#off + data.length >= this.#totalBytes;
    const whole = data.length - (data.length % writeBytes);
    const taken = isEnd ? data.length : whole;
    const padding = new Uint8Array(roundUp(taken, writeBytes) - taken).fill(0xff);
    const at = start + this.#off;
    if (at + taken + padding.length > slotBytes) throw new SmpFault({ code: INVALID });
    if (taken > 0) await this.#store.write(slot, at, concat(data.subarray(0, taken), padding));
    this.#off += taken;
  }

  /** The one sector in which the trailer's status begins. Source: boot_serial.c BOOT_IMAGE_HAS_STATUS_FIELDS. */
  async #eraseTrailer(slot: number): Promise<void> {
    const { sectorBytes } = this.#store;
    const trailer = this.#store.trailerOffset(slot);
    if (trailer === undefined) return;
    if (trailer < 0) throw new SmpFault({ code: UNKNOWN });
    await this.#store.eraseRange(slot, trailer - (trailer % sectorBytes), sectorBytes);
  }
}

/**
 * The slot that `image` of an upload means. Without direct upload it is a pair, and its primary slot is written.
 * Source: MCUboot flash_map_extended.c flash_area_id_from_direct_image.
 */
function slotOfUpload(image: number, images: number, direct: boolean): number | undefined {
  const slot = direct ? Math.max(0, image - 1) : 2 * image;
  return slot < 2 * images ? slot : undefined;
}
