import { equalBytes, viewOf } from "../../core/index.ts";
import { IMAGE_GROUP, type imageUpload } from "../groups/image.ts";
import type { RequestOf, ResponseOf } from "../packet/command.ts";
import { SmpFault } from "./faults.ts";
import { type ImageStore, otherSlot, type StoredSlot } from "./image-store.ts";

const IMAGE_MAGIC = 0x96f3b83d;
const HEADER_BYTES = 32;
const SHA_BYTES = 32;

type Request = RequestOf<typeof imageUpload>;
type Answer = ResponseOf<typeof imageUpload>;

interface OpenUpload {
  readonly slot: number;
  readonly slotBytes: number;
  readonly totalBytes: number;
  readonly sha: Uint8Array;
  off: number;
}

const fault = (code: number, reason?: string) => new SmpFault({ group: IMAGE_GROUP, code, reason });

/**
 * One upload at a time, as Zephyr keeps it: an offset that only the server moves. Any error ends it; the last byte does
 * too, so a repeated last chunk is answered by `off: 0`.
 * Source: Zephyr img_mgmt.c; measured on 4.4.0.
 */
export class UploadState {
  readonly #store: ImageStore;
  readonly #inUse: (slots: readonly StoredSlot[], slot: number) => boolean;
  readonly #anyLength: boolean;
  #open: OpenUpload | undefined;

  /** @param options.anyLength the length that is announced is not compared with the slot. */
  constructor(
    store: ImageStore,
    inUse: (slots: readonly StoredSlot[], slot: number) => boolean,
    options: { readonly anyLength?: boolean } = {},
  ) {
    this.#store = store;
    this.#inUse = inUse;
    this.#anyLength = options.anyLength ?? false;
  }

  /** What an erase of a slot, or a reset, does to an upload. */
  drop(): void {
    this.#open = undefined;
  }

  /** @throws SmpFault of group 1; the upload is over then. */
  async chunk(request: Request): Promise<Answer> {
    try {
      return await this.#chunk(request);
    } catch (error) {
      this.drop();
      throw error;
    }
  }

  async #chunk(request: Request): Promise<Answer> {
    if (request.off === undefined) throw fault(20, "header malformed");
    const data = request.data ?? new Uint8Array();
    if (request.off === 0) {
      const begun = await this.#begin(request, data);
      if (begun) return begun;
    }
    const open = this.#open;
    if (!open) return { off: 0 };
    if (request.off !== open.off) return { off: open.off };
    // Measured on 4.4.0: a first chunk larger than the announced length is not refused.
    if (open.off > 0 && open.off + data.length > open.totalBytes) throw fault(31, "data overrun");
    if (open.off + data.length > open.slotBytes) throw fault(12, "fa write fail");
    if (data.length > 0) await this.#store.write(open.slot, open.off, data);
    open.off += data.length;
    if (open.off !== open.totalBytes) return { off: open.off };
    await this.#store.finish?.(open.slot);
    this.drop();
    return { off: open.off, match: await this.#matches(open) };
  }

  /** Checks and opens a new upload; answers at once when one is taken up again, or when the image is there already. */
  async #begin(request: Request, data: Uint8Array): Promise<Answer | undefined> {
    const sha = request.sha ?? new Uint8Array();
    if (data.length < HEADER_BYTES) throw fault(22, "header malformed");
    if (request.len === undefined) throw fault(21, "header malformed");
    if (viewOf(data).getUint32(0, true) !== IMAGE_MAGIC) throw fault(23, "magic mismatch");
    if (sha.length > SHA_BYTES) throw fault(24);
    if (this.#open && sha.length > 0 && equalBytes(this.#open.sha, sha)) return { off: this.#open.off };
    const slots = await this.#store.slots();
    const slot = this.#target(slots, request.image ?? 0);
    if (request.len > slot.slotBytes && !this.#anyLength) throw fault(30, "img too large");
    if (request.upgrade) refuseDowngrade(slots, slot.slot >> 1, data);
    const { slotBytes } = slot;
    const open = { slot: slot.slot, slotBytes, totalBytes: request.len, sha: sha.slice(), off: 0 };
    if (sha.length === SHA_BYTES && (await this.#matches(open))) return { off: request.len, match: true };
    this.#open = open;
    await this.#store.prepare(slot.slot, request.len);
    return undefined;
  }

  /** The slot that does not run. A server of one image takes any number for it. */
  #target(slots: readonly StoredSlot[], named: number): StoredSlot {
    const image = this.#store.images === 1 ? 0 : named;
    const slot = otherSlot(slots.filter((candidate) => candidate.slot >> 1 === image));
    if (!slot || this.#inUse(slots, slot.slot)) throw fault(9, "no slot");
    return slot;
  }

  /** Undefined on a server without the check. */
  async #matches(upload: OpenUpload): Promise<boolean | undefined> {
    const found = await this.#store.sha256?.(upload.slot, upload.totalBytes);
    return found && equalBytes(found, upload.sha);
  }
}

/** The version of the running image against the one in the header of the new (major, minor, revision). */
function refuseDowngrade(slots: readonly StoredSlot[], image: number, header: Uint8Array): void {
  const running = slots.find((slot) => slot.slot >> 1 === image && slot.slot % 2 === 0)?.image?.version;
  if (running === undefined) return;
  const [major = 0, minor = 0, revision = 0] = running.split(".").map(Number);
  const view = viewOf(header);
  // Image header: version at offset 20, as u8, u8, u16, u32 (little-endian).
  const [newMajor, newMinor, newRevision] = [view.getUint8(20), view.getUint8(21), view.getUint16(22, true)];
  const newer = newMajor - major || newMinor - minor || newRevision - revision;
  if (newer <= 0) throw fault(27, "downgrade");
}
