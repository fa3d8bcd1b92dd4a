import { concat, equalBytes } from "../core/index.ts";
import { type CborMap, decodeMap, encodeMap } from "./cbor.ts";
import { CborFault } from "./cbor-scan.ts";
import type { RequestOf } from "./command.ts";
import { type COMMANDS, type CommandKey, commandOf } from "./commands.ts";
import { isFault, SmpFault } from "./faults.ts";
import { decodeHeader, encodeHeader, HEADER_BYTES, OP } from "./header.ts";
import type { ImageStore, StoredSlot } from "./image-store.ts";
import { readFields, ShapeFault } from "./shape.ts";
import type { SmpTransport } from "./transport.ts";

const INVALID = 3;
const NOT_FOUND = 5;
const NOT_SUPPORTED = 8;

export interface RecoveryOptions {
  readonly transport: SmpTransport;
  /** Slots as MCUboot sees them; uploads go to the primary one. */
  readonly store: ImageStore;
  /** Write unit of the flash, in bytes: of a chunk only whole units are taken, but for the last one. */
  readonly writeBytes: number;
  /** CONFIG_BOOT_SERIAL_MAX_RECEIVE_SIZE; default 1024. */
  readonly bufferBytes?: number;
  /** CONFIG_BOOT_MGMT_ECHO, CONFIG_BOOT_MGMT_MCUMGR_PARAMS, CONFIG_BOOT_SERIAL_IMG_GRP_IMAGE_STATE; all default false. */
  readonly echo?: boolean;
  readonly params?: boolean;
  readonly imageState?: boolean;
  /** Called once the answer to a reset is on its way; the reset comes 250 ms later. */
  reset(): void;
  /** Told what broke in the store: the client only gets EINVAL. */
  onHandlerError?(error: unknown): void;
}

type Handlers = {
  readonly [K in CommandKey]?: (request: RequestOf<(typeof COMMANDS)[K]>) => CborMap | Promise<CborMap>;
};

/**
 * SMP as MCUboot's serial recovery speaks it: errors are `rc` whatever the version, whose bits are echoed; what is not
 * built in is `rc: 8`; a packet that is no request, or longer than its header says, gets no answer.
 * Source: MCUboot boot_serial.c (June 2026); smp.md 1.1, 3.5 (second table), 3.10, dump 18 (measured, MBM).
 */
export class RecoveryServer implements AsyncDisposable {
  readonly #options: RecoveryOptions;
  readonly #handlers: Handlers;
  readonly #stopListening: () => void;
  #upload: { slot: number; totalBytes: number; off: number } | undefined;
  #serving: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: RecoveryOptions) {
    this.#options = options;
    this.#handlers = this.#table();
    const { transport, bufferBytes = 1_024 } = options;
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
    const header = decodeHeader(packet);
    const payload = packet.subarray(HEADER_BYTES);
    if (this.#stopped || !header || header.op > OP.write || header.op === OP.readResponse) return;
    if (header.length < payload.length) return;
    const body = await this.#answer(header, payload);
    const bytes = encodeMap(body, "indefinite");
    const answer = concat(encodeHeader({ ...header, op: header.op + 1, flags: 0, length: bytes.length }), bytes);
    if (this.#stopped) return;
    await this.#options.transport.send(answer);
    if (header.group === 0 && header.id === 5) this.#options.reset();
  }

  async #answer(header: { op: number; group: number; id: number }, payload: Uint8Array): Promise<CborMap> {
    try {
      const known = commandOf(header);
      const handler = known && (this.#handlers[known.key] as ((request: CborMap) => Promise<CborMap>) | undefined);
      if (!known || !handler) throw new SmpFault({ code: NOT_SUPPORTED });
      const readsNothing = known.row.ignoresBadBody || known.key === "consoleEcho" || payload.length === 0;
      if (readsNothing) return await handler({});
      return await handler(readFields(known.row.request, decodeMap(payload, { trailing: "ignore" })));
    } catch (error) {
      if (isFault(error)) return { rc: error.code };
      if (!(error instanceof CborFault) && !(error instanceof ShapeFault)) this.#options.onHandlerError?.(error);
      return { rc: INVALID };
    }
  }

  #table(): Handlers {
    const { echo, params, imageState, bufferBytes = 1_024, store } = this.#options;
    const list = async () => ({ images: (await store.slots()).flatMap((slot) => this.#entry(slot)) });
    return {
      consoleEcho: () => ({ rc: 0 }),
      reset: () => ({ rc: 0 }),
      imageState: list,
      imageUpload: (request) => this.#chunk(request),
      ...(echo ? { echo: ({ d }: { d?: string | undefined }) => echoed(d) } : {}),
      ...(params ? { params: () => ({ buf_size: bufferBytes, buf_count: 1 }) } : {}),
      ...(imageState
        ? {
            setImageState: async (request: { hash?: Uint8Array | undefined; confirm?: boolean | undefined }) => {
              await this.#setPending(request.hash ?? new Uint8Array(), request.confirm ?? false);
              return list();
            },
          }
        : {}),
    };
  }

  /** Keys in MCUboot's order: image (only when there are several), flags that are true, slot, hash, version. */
  #entry({ slot, image, ...flags }: StoredSlot): CborMap[] {
    if (!image) return [];
    const names = this.#options.imageState ? (["confirmed", "active", "pending", "permanent"] as const) : [];
    const set = Object.fromEntries(names.filter((name) => flags[name]).map((name) => [name, true]));
    const several = this.#options.store.images > 1 ? { image: slot >> 1 } : {};
    return [{ ...several, ...set, slot: slot & 1, hash: image.hash, version: image.version }];
  }

  /** The hash only selects the image pair: its secondary slot becomes pending. */
  async #setPending(hash: Uint8Array, permanent: boolean): Promise<void> {
    const { store } = this.#options;
    let pair = 0;
    if (hash.length > 0 || store.images > 1) {
      if (hash.length !== 32) throw new SmpFault({ code: INVALID });
      const found = (await store.slots()).find((slot) => slot.image && equalBytes(slot.image.hash, hash));
      if (!found) throw new SmpFault({ code: NOT_FOUND });
      pair = found.slot >> 1;
    }
    await store.setPending(2 * pair + 1, permanent);
  }

  /** No resume, no check of what it is: offset 0 always starts anew, in the primary slot. */
  async #chunk(request: RequestOf<(typeof COMMANDS)["imageUpload"]>): Promise<CborMap> {
    const { store, writeBytes } = this.#options;
    const { off, data = new Uint8Array() } = request;
    if (off === undefined) throw new SmpFault({ code: INVALID });
    if (off === 0) {
      const slot = (await store.slots()).find((candidate) => candidate.slot === 2 * (request.image ?? 0));
      if (!slot || request.len === undefined || request.len > slot.slotBytes) throw new SmpFault({ code: INVALID });
      this.#upload = { slot: slot.slot, totalBytes: request.len, off: 0 };
      await store.erase(slot.slot);
    }
    const upload = this.#upload;
    if (!upload) throw new SmpFault({ code: INVALID });
    if (off !== upload.off) return { rc: 0, off: upload.off };
    if (off + data.length > upload.totalBytes) throw new SmpFault({ code: INVALID });
    const isLast = off + data.length === upload.totalBytes;
    const taken = data.subarray(0, isLast ? data.length : data.length - (data.length % writeBytes));
    if (taken.length > 0) await store.write(upload.slot, off, taken);
    upload.off += taken.length;
    return { rc: 0, off: upload.off };
  }
}

function echoed(text: string | undefined): CborMap {
  if (text === undefined) throw new SmpFault({ code: INVALID });
  return { r: text };
}
