import { concat, equalBytes } from "../../core/index.ts";
import { IMAGE_GROUP } from "../groups/image.ts";
import { OS_GROUP } from "../groups/os.ts";
import { type CborMap, decodeKnown, encodeMap } from "../packet/cbor.ts";
import { CborFault } from "../packet/cbor-scan.ts";
import { decodeSmpHeader, encodeSmpHeader, OP, SMP_HEADER_BYTES, type SmpHeader } from "../packet/header.ts";
import {
  bool,
  bytes,
  type Fields,
  optional,
  readFields,
  ShapeFault,
  text,
  uint,
  type ValuesOf,
} from "../packet/shape.ts";
import { isFault } from "../server/faults.ts";
import { planOf, type StoredSlot, type SwapPlan } from "../server/image-store.ts";
import type { SmpTransport } from "../transport/transport.ts";
import type { RecoveryStore } from "./recovery-store.ts";
import { RecoveryUpload } from "./recovery-upload.ts";

const RC = { noMemory: 2, invalid: 3, notFound: 5, notSupported: 8 } as const;
const HASH_BYTES = 32;
const UINT32_MAX = 0xffff_ffff;

/** What is built into a bootloader's serial recovery. Defaults are those of MCUboot's Kconfig on a Nordic board. */
export interface RecoveryBuild {
  /** CONFIG_BOOT_SERIAL_MAX_RECEIVE_SIZE; default 1024. */
  readonly bufferBytes?: number;
  /** CONFIG_BOOT_MGMT_ECHO; default false. */
  readonly echo?: boolean;
  /** CONFIG_BOOT_MGMT_MCUMGR_PARAMS; default false. */
  readonly params?: boolean;
  /** CONFIG_BOOT_SERIAL_IMG_GRP_IMAGE_STATE: flags in the list, and the state can be written; default false. */
  readonly imageState?: boolean;
  /** CONFIG_BOOT_SERIAL_IMG_GRP_HASH; default true. */
  readonly hash?: boolean;
  /** CONFIG_BOOT_SERIAL_IMG_GRP_SLOT_INFO; default true when there is more than one image. */
  readonly slotInfo?: boolean;
  /** CONFIG_BOOT_ERASE_PROGRESSIVELY; default true. */
  readonly progressiveErase?: boolean;
  /** CONFIG_MCUBOOT_SERIAL_DIRECT_IMAGE_UPLOAD; default false. */
  readonly directUpload?: boolean;
  /** MCUboot before 2.0: each chunk names its image; default false. */
  readonly imageInEachChunk?: boolean;
}

export interface RecoveryOptions extends RecoveryBuild {
  readonly transport: SmpTransport;
  readonly store: RecoveryStore;
  /** Called once the answer to a reset is on its way; the reset comes 250 ms later. */
  reset(): void;
  /** A request was taken: a bootloader that waits for one stays from then on. */
  onRequest?(): void;
  /** Told what broke in the store: the client only gets EINVAL. */
  onHandlerError?(error: unknown): void;
}

/** The keys that are read, and nothing else: `sha` and `upgrade` of an upload may be anything. */
const UPLOAD_KEYS = { off: optional(uint), len: optional(uint), image: optional(uint), data: optional(bytes) } as const;
const STATE_KEYS = { hash: optional(bytes), confirm: optional(bool) } as const;
const ECHO_KEYS = { d: text } as const;

/** A command: group and id select it, the operation hardly matters. */
interface Row {
  readonly group: number;
  readonly id: number;
  readonly built: boolean;
  answer(header: SmpHeader, payload: Uint8Array): CborMap | Promise<CborMap>;
}

/**
 * SMP as MCUboot's serial recovery speaks it: errors are `rc` whatever the version, whose bits are echoed; what is not
 * built in is `rc: 8`; a packet that is no request, or longer than its header says, gets no answer; bodies are read only
 * where something in them matters.
 * Source: MCUboot boot_serial.c (June 2026); measured on the MCUboot of a post-4.4.0 Zephyr build.
 */
export class RecoveryServer implements AsyncDisposable {
  readonly #options: RecoveryOptions;
  readonly #rows: readonly Row[];
  readonly #upload: RecoveryUpload;
  readonly #stopListening: () => void;
  #serving: Promise<void> = Promise.resolve();
  #after: (() => Promise<void> | void) | undefined;
  #stopped = false;

  constructor(options: RecoveryOptions) {
    const { transport, store, bufferBytes = 1_024, progressiveErase = true, directUpload = false } = options;
    const { imageInEachChunk = false } = options;
    this.#options = options;
    this.#rows = this.#table();
    this.#upload = new RecoveryUpload(store, { progressiveErase, directUpload, imageInEachChunk });
    this.#stopListening = transport.onPacket(({ bytes }) => {
      if (bytes.length + transport.overheadBytes > bufferBytes) return;
      this.#serving = this.#serving.then(() => this.#packet(bytes)).catch((error) => options.onHandlerError?.(error));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    this.#stopListening();
    await this.#serving;
  }

  async #packet(packet: Uint8Array): Promise<void> {
    const header = decodeSmpHeader(packet);
    const payload = packet.subarray(SMP_HEADER_BYTES);
    if (this.#stopped || !header || (header.op !== OP.read && header.op !== OP.write)) return;
    if (header.length < payload.length) return;
    this.#options.onRequest?.();
    this.#after = undefined;
    const body = encodeMap(await this.#answer(header, payload), "indefinite");
    const answer = concat(encodeSmpHeader({ ...header, op: header.op + 1, flags: 0, length: body.length }), body);
    if (this.#stopped) return;
    await this.#options.transport.send(answer);
    await (this.#after as (() => Promise<void> | void) | undefined)?.();
  }

  async #answer(header: SmpHeader, payload: Uint8Array): Promise<CborMap> {
    try {
      const row = this.#rows.find(({ group, id }) => group === header.group && id === header.id);
      if (!row?.built) return { rc: RC.notSupported };
      const answer = await row.answer(header, payload);
      return encodeMap(answer, "indefinite").length > this.#answerBytesMax ? { rc: RC.noMemory } : answer;
    } catch (error) {
      if (isFault(error)) return { rc: error.code };
      if (!(error instanceof CborFault) && !(error instanceof ShapeFault)) this.#options.onHandlerError?.(error);
      return { rc: RC.invalid };
    }
  }

  #table(): readonly Row[] {
    const { echo = false, params = false, store, bufferBytes = 1_024 } = this.#options;
    const { slotInfo = store.images > 1 } = this.#options;
    const os = { group: OS_GROUP };
    const image = { group: IMAGE_GROUP, built: true };
    return [
      { ...os, id: 0, built: echo, answer: (_, payload) => ({ r: read(ECHO_KEYS, payload).d }) },
      { ...os, id: 1, built: true, answer: () => ({ rc: 0 }) },
      { ...os, id: 5, built: true, answer: () => this.#reset() },
      { ...os, id: 6, built: params, answer: () => ({ buf_size: bufferBytes, buf_count: 1 }) },
      { ...image, id: 0, answer: ({ op }, payload) => (op === OP.read ? this.#list() : this.#setState(payload)) },
      { ...image, id: 1, answer: (_, payload) => this.#chunk(read(UPLOAD_KEYS, payload)) },
      { ...image, id: 6, built: slotInfo, answer: ({ op }) => this.#slotInfo(op) },
    ];
  }

  /** Size of the answer's buffer. Source: boot_serial.c BOOT_SERIAL_OUT_MAX. */
  get #answerBytesMax(): number {
    const { imageState = false, hash = true, store } = this.#options;
    const { slotInfo = store.images > 1 } = this.#options;
    const listed = 128 + (imageState ? 48 : 0) + (hash ? HASH_BYTES + 4 : 0);
    return Math.max(listed, slotInfo ? 164 : 0) * store.images;
  }

  #reset(): CborMap {
    this.#after = () => this.#options.reset();
    return { rc: 0 };
  }

  async #list(): Promise<CborMap> {
    const slots = await this.#options.store.slots();
    return { images: slots.flatMap((slot) => this.#entry(slot, planOf(slots, slot.slot >> 1))) };
  }

  /** Keys in MCUboot's order: image (only when there are several), flags that are true, slot, hash, version. */
  #entry({ slot, image, ...flags }: StoredSlot, plan: SwapPlan): CborMap[] {
    if (!image) return [];
    const { store, imageState = false, hash = true } = this.#options;
    const several = store.images > 1 ? { image: slot >> 1 } : {};
    // While a swap is asked for, the image in the primary slot is confirmed and not active.
    const active = flags.active && (plan === "none" || plan === "revert");
    const all = { bootable: image.bootable, confirmed: flags.confirmed, active, pending: flags.pending };
    const shown = imageState ? { ...all, permanent: flags.permanent } : {};
    const set = Object.fromEntries(Object.entries(shown).filter(([, value]) => value));
    return [{ ...several, ...set, slot: slot & 1, ...(hash ? { hash: image.hash } : {}), version: image.version }];
  }

  /** The hash only selects the image pair: its secondary slot becomes pending. */
  async #setState(payload: Uint8Array): Promise<CborMap> {
    const { store, imageState = false, hash: hasHash = true } = this.#options;
    if (!imageState) return { rc: RC.notSupported };
    const { hash = new Uint8Array(), confirm = false } = read(STATE_KEYS, payload);
    let image = 0;
    if (hasHash) {
      if (hash.length !== HASH_BYTES && hash.length !== 0) return { rc: RC.invalid };
      if (hash.length === 0 && store.images > 1) return { rc: RC.invalid };
      const found = (await store.slots()).find((slot) => slot.image && equalBytes(slot.image.hash, hash));
      if (hash.length > 0 && !found) return { rc: RC.notFound };
      image = (found?.slot ?? 0) >> 1;
    }
    const rc = await store.setPending(image, confirm);
    return rc === 0 ? this.#list() : { rc };
  }

  async #chunk(request: ValuesOf<typeof UPLOAD_KEYS>): Promise<CborMap> {
    const { off = 0, len = 0, image = 0 } = request;
    if (Math.max(off, len, image) > UINT32_MAX) return { rc: RC.invalid };
    const { off: next, whole } = await this.#upload.chunk(request);
    if (whole !== undefined) this.#after = () => this.#options.store.uploaded?.(whole);
    return { rc: 0, off: next };
  }

  async #slotInfo(op: number): Promise<CborMap> {
    if (op !== OP.read) return { rc: RC.notSupported };
    const { store, directUpload = false } = this.#options;
    const entry = (slot: number) => {
      // Without direct upload the number stands on the secondary slot, although the primary is written.
      const uploadId = directUpload ? slot + 1 : slot >> 1;
      const named = directUpload || slot % 2 === 1;
      return { slot: slot & 1, size: store.slotBytes(slot), upload_image_id: named ? uploadId : undefined };
    };
    const pairs = Array.from({ length: store.images }, (_, image) => image);
    const slotsOf = (image: number) => [2 * image, 2 * image + 1].filter((slot) => store.slotBytes(slot) !== undefined);
    return { images: pairs.map((image) => ({ image, slots: slotsOf(image).map(entry) })) };
  }
}

/** The fields of a body. @throws CborFault and ShapeFault, both EINVAL: also when there is no body. */
function read<const F extends Fields>(fields: F, payload: Uint8Array): ValuesOf<F> {
  return readFields(fields, decodeKnown(payload, Object.keys(fields))) as ValuesOf<F>;
}
