import { type Board, type BoardProfile, type BootLine, deviceArea, flashTimingOf } from "../board/index.ts";
import { fromHex, hex, isKind, messageOf, sleep, within } from "../core/index.ts";
import { timingAt } from "../mcuboot/index.ts";
import { CONSOLE_OVERHEAD_BYTES, echo, encodedBytes } from "../smp/index.ts";
import { requireAllowed } from "./guard.ts";
import type { BuiltImage } from "./images.ts";
import type { EventSink, SlotFacts } from "./run-event.ts";

/** How long one "are you there" may take while a board boots, in milliseconds. */
const KNOCK_MS = 400;
/** Longest wait for a line of the application before it is asked all the same, in milliseconds. */
const SIGN_MS = 1000;
/** More boots than this after one reset are a boot loop. */
const BOOTS_MAX = 4;

const SLOT_FLAGS = ["active", "confirmed", "pending", "permanent"] as const;
type SlotFlag = (typeof SLOT_FLAGS)[number];

/** The bootloader's first line. */
const STARTING = "starting bootloader";
/** Lines after which it boots nothing more. */
const DEAD_ENDS: readonly string[] = ["no bootable image", "panic", "abort"];
/** A board that resets itself all the same does so within this time, in milliseconds. */
const DEAD_END_MS = 3000;

/** How a boot turned out, as the UART showed it. */
export interface BootSeen {
  readonly ending: "up" | "boot loop" | "no boot";
  /** Boot log since the reset or the power-on. */
  readonly lines: readonly BootLine[];
  /** Starts of the bootloader seen. */
  readonly boots: number;
  /** When the application answered, on the bench's clock. */
  readonly upUs: number | undefined;
  readonly because: string;
}

/** The acts of a campaign on a board, each recorded. One campaign has one session. */
export class Session {
  readonly board: Board;
  readonly record: EventSink;
  readonly signal: AbortSignal;
  /** How long the last "off" took until the switch had it, in microseconds: a cut is sent that much earlier. */
  commandUs = 0;

  constructor(board: Board, record: EventSink, signal: AbortSignal) {
    this.board = board;
    this.record = record;
    this.signal = signal;
  }

  get nowUs(): number {
    return this.board.clock.nowUs();
  }

  async imageState(): Promise<readonly SlotFacts[]> {
    const { images } = await this.board.smp.imageState({ signal: this.signal });
    const slots = images.map((entry) => ({
      image: entry.image,
      slot: entry.slot,
      version: entry.version,
      hash: entry.hash && hex(entry.hash),
      flags: flagsOf(entry),
    }));
    this.record.event({ atUs: this.nowUs, event: "image-state", images: slots });
    return slots;
  }

  async upload(image: BuiltImage, number = 0): Promise<void> {
    const { board, record } = this;
    requireAllowed(image.file, image.version, board.profile);
    record.event({ atUs: this.nowUs, event: "upload-started", version: image.version, totalBytes: image.file.length });
    const startUs = this.nowUs;
    let firstBytes: number | undefined;
    const { bufferBytes } = await board.smp.params({ signal: this.signal });
    const done = await board.smp.upload(image.file, {
      signal: this.signal,
      ...(number === 0 ? {} : { image: number }),
      imageHash: fromHex(image.hash),
      firstChunkMs: board.profile.timeoutsMs.uploadFirstChunk,
      chunkMs: board.profile.timeoutsMs.uploadChunk,
      onProgress: ({ sentBytes, totalBytes }) => {
        firstBytes ??= sentBytes;
        record.event({ atUs: this.nowUs, event: "upload-progress", sentBytes, totalBytes });
      },
    });
    record.event({
      atUs: this.nowUs,
      event: "upload-finished",
      version: image.version,
      bytes: image.file.length,
      durationUs: this.nowUs - startUs,
      eraseUs: done.firstChunkUs,
      firstBytes: firstBytes ?? 0,
      alreadyPresent: done.alreadyPresent,
      limitBytesPerS: uploadLimit(board.profile.ports.app.baudRate, bufferBytes, flashByteUs(board.profile)),
    });
  }

  /** Marks the image in the secondary slot for a test swap. */
  async requestTest(image: BuiltImage): Promise<void> {
    await this.request(image, false);
  }

  /** Marks the image in the secondary slot: for a test, or for good. */
  async request(image: BuiltImage, permanent: boolean): Promise<void> {
    await this.board.smp.setImageState({ hash: fromHex(image.hash), confirm: permanent }, { signal: this.signal });
    this.record.event({ atUs: this.nowUs, event: "set-pending", version: image.version });
  }

  /** Confirms the image that runs. */
  async confirm(image: BuiltImage): Promise<void> {
    await this.board.smp.setImageState({ confirm: true }, { signal: this.signal });
    this.record.event({ atUs: this.nowUs, event: "confirmed", version: image.version });
  }

  /** Resets by command. Answers when the answer came, on the bench's clock. */
  async reset(): Promise<number> {
    await this.board.smp.reset({ signal: this.signal });
    const answeredUs = this.nowUs;
    this.record.event({ atUs: answeredUs, event: "reset", answeredUs });
    return answeredUs;
  }

  async power(state: "on" | "off"): Promise<number> {
    const askedUs = this.nowUs;
    const { sentAtUs } = await this.board.power.set(state, { signal: this.signal });
    if (state === "off") this.commandUs = sentAtUs - askedUs;
    this.record.event({ atUs: this.nowUs, event: "power", state, sentAtUs });
    return sentAtUs;
  }

  /** Off, the profile's off time, on, and up again. */
  async cycle(limitMs: number): Promise<BootSeen> {
    await this.power("off");
    await sleep(this.board.clock, this.board.profile.power.offMs, this.signal);
    return this.untilUp(await this.power("on"), limitMs);
  }

  /**
   * Waits until the application answers after a reset or a power-on at `sinceUs`. Does not throw when it never does:
   * what a board that stays silent means is the caller's to judge.
   */
  async untilUp(sinceUs: number, limitMs: number): Promise<BootSeen> {
    const { board } = this;
    const seen = (ending: BootSeen["ending"], because: string): BootSeen => {
      const lines = board.logs.app.since(sinceUs);
      const boots = lines.filter((line) => line.event === STARTING).length;
      return { ending, lines, boots, upUs: ending === "up" ? this.nowUs : undefined, because };
    };
    try {
      return await within(
        board.clock,
        limitMs,
        `${board.name} to boot`,
        async (stop) => {
          for (let knockedUs = sinceUs; ; ) {
            await this.#untilSign(knockedUs, stop);
            knockedUs = this.nowUs;
            board.check();
            const state = seen("boot loop", `the bootloader started ${BOOTS_MAX} times and no application answered`);
            if (state.boots >= BOOTS_MAX) return state;
            const end = deadEnd(state.lines);
            if (end && this.nowUs - end.atUs > DEAD_END_MS * 1000)
              return seen("no boot", `the bootloader gave up: "${end.text}"`);
            if (await this.#knock(stop)) return seen("up", "the application answered");
          }
        },
        { signal: this.signal, lastSeen: () => board.logs.app.lastSeen() },
      );
    } catch (error) {
      if (isKind(error, "timeout")) return seen("no boot", messageOf(error));
      throw error;
    }
  }

  /** Waits for a sign of an application since `sinceUs`, at most a second: some builds print nothing at all. */
  async #untilSign(sinceUs: number, stop: AbortSignal): Promise<void> {
    const { app } = this.board.logs;
    const isSign = (line: BootLine) => line.event === undefined;
    if (app.since(sinceUs).some(isSign)) return;
    const heard = new AbortController();
    const either = AbortSignal.any([stop, heard.signal]);
    const line = app.next(isSign, either);
    await Promise.race([line.catch(() => {}), sleep(this.board.clock, SIGN_MS, either).catch(() => {})]);
    heard.abort();
    stop.throwIfAborted();
  }

  async #knock(stop: AbortSignal): Promise<boolean> {
    try {
      return await alive(this.board, KNOCK_MS, stop);
    } catch (error) {
      stop.throwIfAborted();
      if (isKind(error, "timeout") || isKind(error, "protocol")) return false;
      throw error;
    }
  }
}

/** The line after which the bootloader boots nothing more, unless it has started again since. */
function deadEnd(lines: readonly BootLine[]): BootLine | undefined {
  const last = lines.findLast(({ event = "" }) => event === STARTING || DEAD_ENDS.includes(event));
  return last?.event === STARTING ? undefined : last;
}

/** Header, map and keys of a chunk besides its data, and the answer's packet, in bytes. Counted on our own packets. */
const CHUNK_EXTRA_BYTES = 26;
const ANSWER_BYTES = 17;
/** Programming one byte of the flash that uploads go to, in microseconds: on the nRF5340's own, 43 for a word of 4. */
function flashByteUs(profile: BoardProfile): number {
  const { unitUs, unitBytes } = timingAt(flashTimingOf(profile), deviceArea(profile.slots.secondary).offset);
  return unitUs / unitBytes;
}

/**
 * Bytes of an image a second that line and flash allow with one chunk in flight: the chunk on the line, then in the
 * flash, then its answer on the line, and no time lost in between.
 * @param bufferBytes the server's buffer: the largest packet in its console frame.
 * @param byteUs time that the flash takes for a byte, in microseconds.
 */
export function uploadLimit(baudRate: number, bufferBytes: number, byteUs: number): number {
  const packetBytes = bufferBytes - CONSOLE_OVERHEAD_BYTES;
  const dataBytes = packetBytes - CHUNK_EXTRA_BYTES;
  const wireBytes = encodedBytes(packetBytes) + encodedBytes(ANSWER_BYTES);
  const lineUs = (wireBytes * 10_000_000) / baudRate;
  return (dataBytes * 1_000_000) / (lineUs + dataBytes * byteUs);
}

/** Asks the application for an echo, once. @throws TimeoutError; ProtocolError; the signal's reason. */
export async function alive(board: Board, limitMs: number, signal: AbortSignal): Promise<boolean> {
  const { r } = await board.smp.session.request(echo, { d: "hil" }, { signal, timeoutMs: limitMs, retries: 0 });
  return r === "hil";
}

/** mcumgr's flags of a slot, by name. */
export function flagsOf(slot: Readonly<Record<SlotFlag, boolean>>): readonly SlotFlag[] {
  return SLOT_FLAGS.filter((flag) => slot[flag]);
}

/** The slot that holds an image with this hash. */
export function slotOf(slots: readonly SlotFacts[], image: BuiltImage): SlotFacts | undefined {
  return slots.find((entry) => entry.hash === image.hash);
}

/** The running slot. */
export function activeSlot(slots: readonly SlotFacts[]): SlotFacts | undefined {
  return slots.find((entry) => entry.image === 0 && entry.flags.includes("active"));
}
