import { createHash } from "node:crypto";
import { hex, viewOf } from "../../core/index.ts";
import type { ImageStore, StoredSlot } from "../server/image-store.ts";

/** Slots in arrays, without flash time and without a bootloader: for tests, and for a server that needs no board. */
export class ArrayImageStore implements ImageStore {
  readonly images: number;
  /** What happened, in order: "erase 1", "write 1 0+128". */
  readonly log: string[] = [];
  readonly sha256?: (slot: number, bytes: number) => Promise<Uint8Array>;
  readonly #slots: { bytes: Uint8Array; pending: boolean; permanent: boolean; confirmed: boolean; blank: boolean }[];

  /** @param options.imageCheck as CONFIG_IMG_ENABLE_IMAGE_CHECK. */
  constructor(options: { slotBytes: number; images?: number; imageCheck?: boolean }) {
    this.images = options.images ?? 1;
    this.#slots = Array.from({ length: 2 * this.images }, (_, index) => ({
      bytes: new Uint8Array(options.slotBytes).fill(0xff),
      pending: false,
      permanent: false,
      confirmed: index % 2 === 0,
      blank: true,
    }));
    if (options.imageCheck) {
      this.sha256 = async (slot, bytes) =>
        Uint8Array.from(createHash("sha256").update(this.#slot(slot).bytes.subarray(0, bytes)).digest());
    }
  }

  /** The bytes of a slot, live. */
  bytes(slot: number): Uint8Array {
    return this.#slot(slot).bytes;
  }

  /** Puts an image into a slot as a programmer would. */
  flash(slot: number, image: Uint8Array): void {
    const { bytes } = this.#slot(slot);
    bytes.fill(0xff);
    bytes.set(image);
    this.#slot(slot).blank = false;
  }

  /** What a boot does: swaps what is pending, reverts what was not confirmed. */
  reset(): void {
    for (let image = 0; image < this.images; image += 1) {
      const [first, second] = [this.#slot(2 * image), this.#slot(2 * image + 1)];
      if (!second.pending && first.confirmed) continue;
      [first.bytes, second.bytes] = [second.bytes, first.bytes];
      // A revert, and a swap for good, leave the image that runs confirmed.
      first.confirmed = !second.pending || second.permanent;
      second.pending = false;
      second.permanent = false;
    }
  }

  async slots(): Promise<StoredSlot[]> {
    return this.#slots.map((slot, index) => {
      const primary = index % 2 === 0;
      const reverting = !primary && !this.#slot(index - 1).confirmed;
      return {
        slot: index,
        slotBytes: slot.bytes.length,
        image: readImage(slot.bytes),
        active: primary,
        confirmed: primary ? slot.confirmed : reverting && !slot.pending,
        pending: slot.pending,
        permanent: slot.permanent,
      };
    });
  }

  async isBlank(slot: number): Promise<boolean> {
    return this.#slot(slot).bytes.every((byte) => byte === 0xff);
  }

  async prepare(slot: number): Promise<void> {
    if (!this.#slot(slot).blank) await this.erase(slot);
    this.#slot(slot).blank = false;
  }

  async write(slot: number, offset: number, bytes: Uint8Array): Promise<void> {
    this.log.push(`write ${slot} ${offset}+${bytes.length}`);
    this.#slot(slot).bytes.set(bytes, offset);
  }

  async erase(slot: number): Promise<void> {
    this.log.push(`erase ${slot}`);
    const erased = this.#slot(slot);
    erased.bytes.fill(0xff);
    erased.blank = true;
    erased.pending = false;
    erased.permanent = false;
  }

  async setPending(slot: number, permanent: boolean): Promise<void> {
    this.log.push(`pending ${slot}${permanent ? " permanent" : ""}`);
    this.#slot(slot).pending = true;
    this.#slot(slot).permanent = permanent;
  }

  async confirm(slot: number): Promise<void> {
    this.log.push(`confirm ${slot}`);
    this.#slot(slot).confirmed = true;
  }

  #slot(index: number) {
    const slot = this.#slots[index];
    if (!slot) throw new RangeError(`no slot ${index}`);
    return slot;
  }
}

/** What a list needs of an image; the image room reads images in full. Source: MCUboot image.h, little-endian. */
function readImage(bytes: Uint8Array): StoredSlot["image"] {
  const view = viewOf(bytes);
  if (view.getUint32(0, true) !== 0x96f3b83d) return undefined;
  const tlvs = view.getUint16(8, true) + view.getUint16(10, true) + view.getUint32(12, true);
  if (tlvs + 4 > bytes.length || view.getUint16(tlvs, true) !== 0x6907) return undefined;
  const end = Math.min(bytes.length, tlvs + view.getUint16(tlvs + 2, true));
  for (let at = tlvs + 4; at + 4 <= end; ) {
    const length = view.getUint16(at + 2, true);
    if (view.getUint16(at, true) === 0x10 && at + 4 + length <= end) {
      const build = view.getUint32(24, true);
      const version = `${view.getUint8(20)}.${view.getUint8(21)}.${view.getUint16(22, true)}${build ? `.${build}` : ""}`;
      return { version, hash: bytes.slice(at + 4, at + 4 + length), bootable: (view.getUint32(16, true) & 0x10) === 0 };
    }
    at += 4 + length;
  }
  return undefined;
}

/**
 * The smallest thing that a server takes for an image: header, payload, and a hash TLV. Not signed: no bootloader
 * takes it.
 * @param options.payloadBytes bytes between header and TLVs, filled by their index.
 */
export function plainImage(options: { version: readonly [number, number, number, number?]; payloadBytes: number }): {
  file: Uint8Array;
  hash: Uint8Array;
  name: string;
} {
  const [major, minor, revision, build = 0] = options.version;
  const file = new Uint8Array(32 + options.payloadBytes + 4 + 4 + 32);
  const view = viewOf(file);
  view.setUint32(0, 0x96f3b83d, true);
  view.setUint16(8, 32, true);
  view.setUint32(12, options.payloadBytes, true);
  view.setUint8(20, major);
  view.setUint8(21, minor);
  view.setUint16(22, revision, true);
  view.setUint32(24, build, true);
  for (let index = 0; index < options.payloadBytes; index += 1) file[32 + index] = (index * 31 + major) & 0xff;
  const end = 32 + options.payloadBytes;
  const hash = Uint8Array.from(createHash("sha256").update(file.subarray(0, end)).digest());
  view.setUint16(end, 0x6907, true);
  view.setUint16(end + 2, 4 + 4 + 32, true);
  view.setUint16(end + 4, 0x10, true);
  view.setUint16(end + 6, 32, true);
  file.set(hash, end + 8);
  return { file, hash, name: hex(hash) };
}
