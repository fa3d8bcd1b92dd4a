import { type Clock, equalBytes, isKind } from "../../core/index.ts";
import type { Uart } from "../../serial/index.ts";
import { eraseDeadlineMs, LARGEST_SLOT_BYTES } from "../groups/erase-deadline.ts";
import { type ImageListEntry, imageErase, imageState, setImageState, slotInfo } from "../groups/image.ts";
import { bootloaderInfo, consoleEcho, echo, osInfo, osReset, params, SMP_MODES } from "../groups/os.ts";
import { isRefusal } from "../packet/refusal.ts";
import { type ConsoleOptions, ConsoleTransport } from "../transport/console-transport.ts";
import type { SessionOptions } from "./exchange.ts";
import { SmpSession } from "./session.ts";
import { uploadImage } from "./upload.ts";
import type { UploadOptions, UploadResult } from "./upload-options.ts";

/** Buffer that is assumed when a server does not tell, in bytes. Source: Zephyr transport/Kconfig. */
const BUFFER_BYTES = 256;

/** What a board tells of its bootloader; the mode of MCUboot only. */
interface BootloaderTold {
  readonly name: string;
  /** For people: "swap using move". */
  readonly mode?: string;
  /** The same as SMP numbers it (`SMP_MODES`), -1 where the bootloader does not know; undefined when it was not told. */
  readonly modeNumber?: number | undefined;
  readonly noDowngrade?: boolean;
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

/** One slot of the board's list; what a server leaves out has its default. */
export interface ImageSlot {
  /** Image pair: 0 = application, 1 = network core. */
  readonly image: number;
  /** 0 or 1 within the pair. */
  readonly slot: number;
  readonly version: string;
  /** The hash TLV of the image (not the file's hash); absent where the server does not send it. */
  readonly hash: Uint8Array | undefined;
  readonly bootable: boolean;
  readonly pending: boolean;
  readonly confirmed: boolean;
  readonly active: boolean;
  readonly permanent: boolean;
}

export interface ImageState {
  readonly images: readonly ImageSlot[];
  readonly splitStatus: number | undefined;
}

/** What the server's buffers take, in bytes; `known` is false when it did not tell and a safe size is assumed. */
export interface ServerParameters {
  readonly bufferBytes: number;
  readonly bufferCount: number;
  readonly known: boolean;
}

/**
 * The commands of a board as functions. Every one throws SmpRefused (the board refused, by name), TimeoutError (no
 * answer), BenchError (the port is gone), ProtocolError (an answer that makes no sense), or the signal's reason.
 */
export class SmpClient implements AsyncDisposable {
  readonly session: SmpSession;

  constructor(session: SmpSession) {
    this.session = session;
  }

  /** A client on a UART that also carries log text; the UART stays open when the client is closed. */
  static onUart(uart: Uart, options: SessionOptions & Omit<ConsoleOptions, "clock"> & { clock: Clock }): SmpClient {
    return new SmpClient(new SmpSession(new ConsoleTransport(uart, options), options));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.session[Symbol.asyncDispose]();
  }

  async echo(text: string, options: CallOptions = {}): Promise<string> {
    return (await this.session.request(echo, { d: text }, options)).r;
  }

  /**
   * Resets the board; it answers first. Never repeated: when the answer does not come (TimeoutError) the board may be
   * resetting all the same, and its boot log tells.
   * @param options.bootMode 1 = into the bootloader, on firmware that can (Zephyr 4.2).
   */
  async reset(options: CallOptions & { force?: boolean; bootMode?: number } = {}): Promise<void> {
    await this.session.request(osReset, { force: options.force, boot_mode: options.bootMode }, options);
  }

  /** Size and number of the server's buffers; a safe assumption when the command is not built in. */
  async params(options: CallOptions = {}): Promise<ServerParameters> {
    try {
      const { buf_size, buf_count } = await this.session.request(params, {}, options);
      return { bufferBytes: buf_size, bufferCount: buf_count, known: true };
    } catch (error) {
      if (!isRefusal(error, "ENOTSUP")) throw error;
      return { bufferBytes: BUFFER_BYTES, bufferCount: 1, known: false };
    }
  }

  /** @param format letters: s kernel, n node, r release, v version, b build time, m machine, p processor, i board, o OS. */
  async osInfo(format?: string, options: CallOptions = {}): Promise<string> {
    return (await this.session.request(osInfo, { format }, options)).output;
  }

  /** Name of the bootloader and, from MCUboot, how it upgrades; undefined where the firmware does not know. */
  async bootloaderInfo(options: CallOptions = {}): Promise<BootloaderTold> {
    const { bootloader = "unknown" } = await this.session.request(bootloaderInfo, {}, options);
    if (bootloader !== "MCUboot") return { name: bootloader };
    const answer = await this.session.request(bootloaderInfo, { query: "mode" }, options);
    const mode = SMP_MODES.find((row) => row.mode === answer.mode)?.name ?? `mode ${answer.mode ?? "unknown"}`;
    return { name: bootloader, mode, modeNumber: answer.mode, noDowngrade: answer["no-downgrade"] ?? false };
  }

  /**
   * Who answers: an application, or MCUboot's serial recovery, which knows neither erase nor (mostly) state writes and
   * puts uploads into the primary slot. Only MCUboot takes the console echo command of old (boot_serial.c).
   */
  async dialect(options: CallOptions = {}): Promise<"application" | "mcuboot recovery"> {
    try {
      await this.session.request(consoleEcho, { echo: 0 }, options);
      return "mcuboot recovery";
    } catch (error) {
      if (isRefusal(error)) return "application";
      throw error;
    }
  }

  async imageState(options: CallOptions = {}): Promise<ImageState> {
    return toState(await this.session.request(imageState, {}, options));
  }

  /**
   * Marks an image for test or for good. Without a hash, `confirm` means the running image.
   * When no answer comes the list is read: a state that was set counts, the timeout is thrown otherwise.
   * @param change.hash hash TLV of the image: 32 bytes of SHA-256, 64 of SHA-512.
   */
  async setImageState(change: { hash?: Uint8Array; confirm: boolean }, options: CallOptions = {}): Promise<ImageState> {
    try {
      return toState(await this.session.request(setImageState, change, options));
    } catch (error) {
      if (!isKind(error, "timeout")) throw error;
      const state = await this.imageState(options).catch(() => undefined);
      if (state?.images.some((entry) => isSet(entry, change))) return state;
      throw error;
    }
  }

  /**
   * Erases a slot; the answer comes afterwards, and is waited for as long as an erase of its size may take
   * (`eraseDeadlineMs`); the size is asked for, and where the board does not say it, 8 MiB.
   * @param options.slot absolute (2 and 3 are the network core's), default 1.
   */
  async imageErase(options: CallOptions & { slot?: number | undefined } = {}): Promise<void> {
    const timeoutMs = eraseDeadlineMs((await this.#slotBytes(options.slot ?? 1, options)) ?? LARGEST_SLOT_BYTES);
    await this.session.request(imageErase, { slot: options.slot }, { ...options, timeoutMs });
  }

  /** Undefined on servers that do not say. */
  async #slotBytes(slot: number, options: CallOptions): Promise<number | undefined> {
    try {
      const images = await this.slotInfo(options);
      const entry = images.find(({ image }) => image === slot >> 1);
      return entry?.slots.find((one) => one.slot === (slot & 1))?.sizeBytes;
    } catch (error) {
      if (isKind(error, "protocol")) return undefined;
      throw error;
    }
  }

  /** Sizes of the slots, in bytes. */
  async slotInfo(options: CallOptions = {}): Promise<
    readonly {
      image: number;
      slots: readonly { slot: number; sizeBytes: number | undefined; uploadImage: number | undefined }[];
    }[]
  > {
    const { images } = await this.session.request(slotInfo, {}, options);
    return images.map((entry) => ({
      image: entry.image,
      slots: entry.slots.map((slot) => ({ slot: slot.slot, sizeBytes: slot.size, uploadImage: slot.upload_image_id })),
    }));
  }

  /** Uploads an image into the slot that does not run; see `uploadImage`. Asks for the server's buffer size first. */
  async upload(bytes: Uint8Array, options: UploadOptions = {}): Promise<UploadResult> {
    const { bufferBytes, bufferCount } = await this.params({ signal: options.signal });
    const window = Math.max(1, Math.min(options.window ?? 1, bufferCount - 1));
    const { overheadBytes, packetBytesMax = Number.POSITIVE_INFINITY } = this.session.transport;
    return uploadImage(this.session, bytes, Math.min(bufferBytes - overheadBytes, packetBytesMax), {
      ...options,
      window,
    });
  }
}

function toState(answer: { images: readonly ImageListEntry[]; splitStatus?: number | undefined }): ImageState {
  const images = answer.images.map((entry) => ({
    image: entry.image ?? 0,
    slot: entry.slot,
    version: entry.version ?? "",
    hash: entry.hash,
    bootable: entry.bootable ?? false,
    pending: entry.pending ?? false,
    confirmed: entry.confirmed ?? false,
    active: entry.active ?? false,
    permanent: entry.permanent ?? false,
  }));
  return { images, splitStatus: answer.splitStatus };
}

/** True when `entry` shows that `change` was carried out. */
function isSet(entry: ImageSlot, change: { hash?: Uint8Array; confirm: boolean }): boolean {
  if (!change.hash || change.hash.length === 0) return entry.image === 0 && entry.active && entry.confirmed;
  if (!entry.hash || !equalBytes(entry.hash, change.hash)) return false;
  return change.confirm ? entry.confirmed || (entry.pending && entry.permanent) : entry.pending;
}
