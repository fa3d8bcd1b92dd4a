import { equalBytes, viewOf } from "../../core/index.ts";
import type { imageUpload } from "../groups/image.ts";
import type { RequestOf } from "../packet/command.ts";
import { SmpFault } from "./faults.ts";
import { slotList, stateList } from "./image-list.ts";
import { PLAIN_CODES, stateChangeByFlags } from "./image-state-flags.ts";
import { type ImageStore, planOf, type StoredSlot } from "./image-store.ts";
import type { SmpHandlers } from "./server.ts";

const RC = { unknown: 1, invalid: 3, notFound: 5, badState: 6 } as const;
const IMAGE_MAGIC = 0x96f3b83d;
const HEADER_BYTES = 32;
const SHA_BYTES = 32;
/** Largest chunk, in bytes: the buffer that the library copies it to. Source: img_mgmt_config.h IMG_MGMT_UL_CHUNK_SIZE. */
const CHUNK_BYTES_MAX = 512;

const fault = (code: number) => new SmpFault({ code });

/**
 * Handlers of group 1 as the library mcumgr of October 2021 had them (Zephyr 2.7, NCS 1.7 and 1.8): slot 0 is the one
 * that runs, every other slot is "the other", erase knows slot 1 only, uploads keep their offset after the last byte and
 * after errors.
 * Source: zephyrproject-rtos/mcumgr at 12b496e3: img_mgmt.c, img_mgmt_state.c, zephyr_img_mgmt.c (read, not run).
 */
export function imageHandlers2021(store: ImageStore, options: { readonly slotInfo?: boolean } = {}): SmpHandlers {
  const upload = new Upload2021(store);
  const list = async () => stateList((await store.slots()).map(withFlags2021), store.images, false);
  return {
    imageState: list,
    setImageState: async (request) => {
      if ((request.hash?.length ?? 0) > SHA_BYTES + 1) throw fault(RC.invalid);
      const change = stateChangeByFlags(await store.slots(), request, PLAIN_CODES, { anyHashLength: true });
      if (change.kind === "pending") await store.setPending(change.slot, change.permanent);
      if (change.kind === "confirm") await store.confirm(change.slot);
      return list();
    },
    imageUpload: (request) => upload.chunk(request),
    imageErase: async () => {
      const slots = await store.slots();
      const readable = slots.some(({ slot, image }) => slot === 1 && image !== undefined);
      if (isInUse2021(slots)) throw fault(readable ? RC.badState : RC.notFound);
      await store.erase(1);
      return {};
    },
    ...(options.slotInfo ? { slotInfo: async () => slotList(await store.slots()) } : {}),
  };
}

/** The flags by the number of the slot: 2 and 3 are "other" slots, both pending or both confirmed. */
function withFlags2021(entry: StoredSlot, _index: number, slots: readonly StoredSlot[]): StoredSlot {
  const plan = planOf(slots, entry.slot >> 1);
  if (entry.slot === 0)
    return { ...entry, active: true, confirmed: plan !== "revert", pending: false, permanent: false };
  const pending = plan === "test" || plan === "permanent";
  return { ...entry, active: false, confirmed: plan === "revert", pending, permanent: plan === "permanent" };
}

function isInUse2021(slots: readonly StoredSlot[]): boolean {
  return planOf(slots, 0) !== "none";
}

class Upload2021 {
  readonly #store: ImageStore;
  #slot: number | undefined;
  #off = 0;
  #totalBytes = 0;
  #sha = new Uint8Array();

  constructor(store: ImageStore) {
    this.#store = store;
  }

  async chunk(request: RequestOf<typeof imageUpload>): Promise<{ off: number }> {
    const { off, data = new Uint8Array(), sha = new Uint8Array() } = request;
    if (off === undefined || data.length > CHUNK_BYTES_MAX || sha.length > SHA_BYTES) throw fault(RC.invalid);
    if (off === 0) {
      if (!(await this.#begin(request, data, sha))) return { off: this.#off };
    } else if (off !== this.#off) return { off: this.#off };
    await this.#write(off, data);
    return { off: this.#off };
  }

  /** False when the upload is taken up where it stands. */
  async #begin(request: RequestOf<typeof imageUpload>, data: Uint8Array, sha: Uint8Array): Promise<boolean> {
    if (data.length < HEADER_BYTES || request.len === undefined) throw fault(RC.invalid);
    if (viewOf(data).getUint32(0, true) !== IMAGE_MAGIC) throw fault(RC.invalid);
    if (sha.length > 0 && this.#slot !== undefined && equalBytes(this.#sha, sha)) return false;
    const slots = await this.#store.slots();
    const slot = this.#target(slots, request.image ?? 0);
    if (slot === undefined) throw fault(RC.notFound);
    if (request.upgrade) refuseOlder(slots, data);
    this.#slot = slot.slot;
    this.#totalBytes = request.len;
    this.#off = 0;
    this.#sha = sha.slice();
    // The length is not compared with the slot: the flash refuses to erase so much.
    if (request.len > slot.slotBytes) throw fault(RC.unknown);
    await this.#store.prepare(slot.slot, request.len);
    return true;
  }

  /** Whole words, but for the last chunk; what is over is asked for again. */
  async #write(off: number, data: Uint8Array): Promise<void> {
    if (this.#slot === undefined) throw fault(RC.unknown);
    const unit = this.#store.writeBytes ?? 1;
    const isLast = off + data.length >= this.#totalBytes;
    const taken = isLast ? data : data.subarray(0, data.length - (data.length % unit));
    if (taken.length > 0) await this.#store.write(this.#slot, off, taken);
    this.#off += taken.length;
    if (this.#off !== this.#totalBytes) return;
    await this.#store.finish?.(this.#slot);
    // The offset outlives the upload: its last chunk, sent again, is answered by it.
    this.#slot = undefined;
  }

  /** Slot 3 is not looked at; a server of one image takes any number for it. */
  #target(slots: readonly StoredSlot[], named: number): StoredSlot | undefined {
    const other = this.#store.images > 1 && named === 1 ? 3 : 1;
    if (this.#store.images > 1 && named > 1) return undefined;
    if (other === 1 && isInUse2021(slots)) return undefined;
    return slots.find(({ slot }) => slot === other);
  }
}

/** The version of slot 0 against the header's: major, minor, revision. */
function refuseOlder(slots: readonly StoredSlot[], header: Uint8Array): void {
  const running = slots.find(({ slot }) => slot === 0)?.image?.version;
  if (running === undefined) throw fault(RC.unknown);
  const [major = 0, minor = 0, revision = 0] = running.split(".").map(Number);
  const view = viewOf(header);
  const newer = view.getUint8(20) - major || view.getUint8(21) - minor || view.getUint16(22, true) - revision;
  if (newer <= 0) throw fault(RC.badState);
}
