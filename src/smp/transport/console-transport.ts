import { type Clock, concat, hex, Listeners, sleep } from "../../core/index.ts";
import type { Reflex, Uart } from "../../serial/index.ts";
import { BurstGuard } from "./burst-guard.ts";
import type { ReceivedPacket } from "./console-framing.ts";
import {
  CONSOLE_OVERHEAD_BYTES,
  type ConsoleCounters,
  ConsoleDecoder,
  encodeConsoleLines,
  encodedBytes,
} from "./console-framing.ts";
import { LINE_RULES, StrictLines } from "./strict-lines.ts";
import type { SmpTransport } from "./transport.ts";

/** Silence that ends a resynchronisation, and the longest wait for it (a chatty log never stops), in milliseconds. */
const QUIET_MS = 100;
const QUIET_MS_MAX = 1_000;
/** Bytes of what came last that an error shows. */
const TAIL_BYTES = 16;

export interface ConsoleOptions {
  readonly clock: Clock;
  /** Of a server: which lines it takes for frames. Left out, frames are found wherever they stand in the stream. */
  readonly lines?: keyof typeof LINE_RULES | undefined;
  /** With `lines`: the longest that is kept, line feed included, where it is not the usual one. */
  readonly lineBytesMax?: number | undefined;
  /** Largest packet taken; a larger one is dropped in silence, as the servers do. Default: what a frame can carry. */
  readonly packetBytesMax?: number;
  /**
   * Pause between pieces of a packet, for receivers that lose bursts; without it, the transport finds out by itself
   * (`BurstGuard`). Without `everyBytes` a piece is a frame line; 64 suits a J-Link whose mass-storage drive is on
   * (zephyr #92697, #44497).
   */
  readonly pacing?: { readonly everyBytes?: number; readonly pauseMs: number } | undefined;
}

/**
 * SMP over a console: frame lines between the log text of one UART. The UART stays its owner's: closing the transport
 * takes only its recogniser away.
 */
export class ConsoleTransport implements SmpTransport {
  readonly name: string;
  readonly overheadBytes = CONSOLE_OVERHEAD_BYTES;
  readonly #uart: Uart;
  readonly #options: ConsoleOptions;
  readonly #decoder: ConsoleDecoder;
  readonly #packets = new Listeners<ReceivedPacket>();
  readonly #undo: (() => void)[];
  #bytesSeen = 0;
  #bytesAtSend = 0;
  /** The last pieces that came, at least 16 bytes of them once there were so many: looked at only after a timeout. */
  #tail: Uint8Array[] = [];
  readonly #guard = new BurstGuard();
  #linesSent = 0;
  #sending: Promise<void> = Promise.resolve();
  #prepared:
    | {
        readonly packet: Uint8Array;
        readonly lines: readonly Uint8Array[];
        readonly whole: Uint8Array;
        readonly reflex?: Reflex | undefined;
      }
    | undefined;

  constructor(uart: Uart, options: ConsoleOptions) {
    this.name = uart.name;
    this.#uart = uart;
    this.#options = options;
    this.#decoder = new ConsoleDecoder((packet) => {
      this.#guard.answered(this.#linesSent);
      this.#packets.emit(packet);
    }, options.packetBytesMax);
    const { lines } = options;
    const rules = lines && {
      ...LINE_RULES[lines],
      lineBytesMax: options.lineBytesMax ?? LINE_RULES[lines].lineBytesMax,
    };
    const strict = rules && new StrictLines(rules, (line) => this.#decoder.accept(line));
    this.#undo = [
      strict ? uart.onBytes((chunk) => strict.push(chunk)) : uart.addRecogniser(this.#decoder),
      uart.onBytes(({ bytes }) => {
        this.#bytesSeen += bytes.length;
        this.#tail.push(bytes);
        if (bytes.length >= TAIL_BYTES) this.#tail = [bytes];
        else if (this.#tail.length > TAIL_BYTES) this.#tail.shift();
      }),
    ];
  }

  /** What the frames that came were worth. */
  get counters(): Readonly<ConsoleCounters> {
    return this.#decoder.counters;
  }

  ready(signal?: AbortSignal): Promise<void> {
    return this.#uart.ready(signal);
  }

  wireBytes(packetBytes: number): number {
    return encodedBytes(packetBytes);
  }

  prepare(packet: Uint8Array, after?: Uint8Array): void {
    this.holdBack();
    const lines = encodeConsoleLines(packet);
    const whole = concat(...lines);
    const isWhole = this.#options.pacing === undefined && this.#guard.pauseMs === 0;
    const reflex = after && isWhole ? this.#uart.replyTo(concat(...encodeConsoleLines(after)), whole) : undefined;
    this.#prepared = { packet, lines, whole, reflex };
  }

  isOut(packet: Uint8Array): boolean {
    return this.#prepared?.packet === packet && this.#prepared.reflex?.written !== undefined;
  }

  holdBack(): void {
    this.#prepared?.reflex?.cancel();
  }

  /** Packets go out whole, one after the other: with pauses between its lines another could slip in. */
  send(packet: Uint8Array, signal?: AbortSignal): Promise<void> {
    const turn = this.#sending.then(() => this.#send(packet, signal));
    this.#sending = turn.catch(() => undefined);
    return turn;
  }

  async #send(packet: Uint8Array, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.#bytesAtSend = this.#bytesSeen;
    if (this.#prepared?.packet !== packet) this.prepare(packet);
    const { lines = [], whole = packet, reflex } = this.#prepared ?? {};
    this.#prepared = undefined;
    this.#linesSent = lines.length;
    if (reflex?.written) return reflex.written;
    const { clock, pacing = { pauseMs: this.#guard.pauseMs } } = this.#options;
    if (pacing.pauseMs === 0) return this.#uart.write(whole, signal);
    const pieces = pacing.everyBytes === undefined ? lines : cut(whole, pacing.everyBytes);
    for (const [index, piece] of pieces.entries()) {
      if (index > 0) await sleep(clock, pacing.pauseMs, signal);
      await this.#uart.write(piece, signal);
    }
  }

  onPacket(listener: (packet: ReceivedPacket) => void): () => void {
    return this.#packets.add(listener);
  }

  onEnd(listener: (reason?: unknown) => void): () => void {
    return this.#uart.onEnd(listener);
  }

  /**
   * A line feed ends what the other side may hold of a frame, silence ends what it still says. From the second timeout
   * on also the cure for a shell that took a stray 06 or 04 for half a marker (Zephyr smp_shell.c; measured).
   */
  async resynchronise(timeouts: number, signal?: AbortSignal): Promise<void> {
    this.#guard.timedOut(this.#linesSent);
    const strokes = timeouts < 2 ? [[0x0a]] : [[0x09], [0x0a], [0x14], [0x0a]];
    for (const stroke of strokes) {
      await this.#uart.write(Uint8Array.from(stroke), signal);
      await this.#quiet(signal);
    }
    this.#decoder.reset();
  }

  lastSeen(): string {
    const came = this.#bytesSeen - this.#bytesAtSend;
    if (came === 0) return "Nothing came.";
    const { damaged, badLines, wrongSize } = this.counters;
    const bad = damaged + badLines + wrongSize;
    const frames = bad === 0 ? "" : ` ${bad} frames were damaged so far.`;
    const line = this.#uart.pending || this.#uart.lastLine?.text;
    if (line !== undefined && /^[\t -~]+$/.test(line)) return `${came} bytes came, last "${line.slice(-80)}".${frames}`;
    return `${came} bytes came that are neither text nor a frame, last ${hex(concat(...this.#tail).slice(-TAIL_BYTES))}.${frames}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.holdBack();
    for (const undo of this.#undo.splice(0)) undo();
  }

  async #quiet(signal: AbortSignal | undefined): Promise<void> {
    const { clock } = this.#options;
    const endUs = clock.nowUs() + QUIET_MS_MAX * 1000;
    let seen: number;
    do {
      seen = this.#bytesSeen;
      await sleep(clock, QUIET_MS, signal);
    } while (seen !== this.#bytesSeen && clock.nowUs() < endUs);
  }
}

function cut(bytes: Uint8Array, everyBytes: number): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += everyBytes) pieces.push(bytes.subarray(at, at + everyBytes));
  return pieces;
}
