import { type Clock, Listeners, sleepUntil } from "../core/index.ts";
import type { Chunk, Link } from "./link.ts";
import type { FrameRecogniser, UartLine } from "./recogniser.ts";
import type { Reflex } from "./reflex.ts";
import { type SplitCounters, UartSplitter } from "./splitter.ts";

/** Bytes that observers of raw bytes get at once; more than a terminal's driver hands over. */
const CHUNK_BYTES_MAX = 1_024;
/** After so many bytes of text and frames the clock is looked at: each may end a line, and each line is written down. */
const PIECE_BYTES = 64;
/** So long one turn of the process goes on with what has arrived. */
const TURN_US_MAX = 250;

/**
 * One UART that carries log text and frames at once. The only reader of its link: raw bytes go to observers first
 * (capture, triggers), then lines of text, and frame lines to the recognisers.
 *
 *     link.chunks ──► onBytes ──► splitter ─┬─► onLine       log text, whole lines
 *                                           └─► recognisers  frame lines (SMP over console)
 *
 * An observer that throws silences neither the others nor the UART; its error is thrown when the UART is closed.
 */
export class Uart implements AsyncDisposable {
  readonly name: string;
  readonly #link: Link;
  readonly #clock: Clock;
  readonly #splitter: UartSplitter;
  readonly #bytes = new Listeners<Chunk>();
  readonly #lines = new Listeners<UartLine>();
  readonly #ends = new Listeners<unknown>();
  #observerError: { readonly reason: unknown } | undefined;
  #end: { readonly reason: unknown } | undefined;
  #reading: Promise<void> = Promise.resolve();
  #lastLine: UartLine | undefined;
  /** When the turn in which bytes are taken began. */
  #turnUs = 0;

  private constructor(link: Link, options: UartOptions) {
    this.name = link.name;
    this.#link = link;
    this.#clock = options.clock;
    this.#splitter = new UartSplitter((line) => {
      this.#lastLine = line;
      this.#tell(() => this.#lines.emit(line));
    }, options);
    for (const recogniser of options.recognisers ?? []) this.addRecogniser(recogniser);
  }

  /** Takes the link over: the UART reads it from now on, and closes it. */
  static open(link: Link, options: UartOptions): Uart {
    const uart = new Uart(link, options);
    uart.#reading = uart.#read();
    return uart;
  }

  /** What passed, and what was cut or dropped. */
  get counters(): Readonly<SplitCounters> {
    return this.#splitter.counters;
  }

  /** The line of text that has begun and not ended: a prompt, or the last words of a board. */
  get pending(): string {
    return this.#splitter.pending;
  }

  /** The last line of text, for the sentence of a timeout. */
  get lastLine(): UartLine | undefined {
    return this.#lastLine;
  }

  /** Adds a recogniser; the returned function removes it. Two that claim one marker are refused with a RangeError. */
  addRecogniser(recogniser: FrameRecogniser): () => void {
    return this.#splitter.add({
      name: recogniser.name,
      markers: recogniser.markers,
      lineBytesMax: recogniser.lineBytesMax,
      ...(recogniser.allows ? { allows: (byte: number) => recogniser.allows?.(byte) ?? true } : {}),
      accept: (line) => this.#tell(() => recogniser.accept(line)),
    });
  }

  /** Every chunk as it arrived, before any parsing. The returned function removes the observer, as with the other two. */
  onBytes(listener: (chunk: Chunk) => void): () => void {
    return this.#bytes.add(listener);
  }

  onLine(listener: (line: UartLine) => void): () => void {
    return this.#lines.add(listener);
  }

  /** Called once: without a reason when the link was closed, with a BenchError when it vanished. */
  onEnd(listener: (reason?: unknown) => void): () => void {
    if (this.#end) {
      listener(this.#end.reason);
      return () => undefined;
    }
    return this.#ends.add(listener);
  }

  /** @throws BenchError when the link is gone; the signal's reason. */
  write(bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    return this.#link.write(bytes, signal);
  }

  /** @see Link.replyTo */
  replyTo(heard: Uint8Array, reply: Uint8Array): Reflex | undefined {
    return this.#link.replyTo?.(heard, reply);
  }

  /** @see Link.ready */
  async ready(signal?: AbortSignal): Promise<void> {
    await this.#link.ready?.(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#link[Symbol.asyncDispose]();
    await this.#reading;
    const error = this.#observerError;
    this.#observerError = undefined;
    if (error) throw error.reason;
  }

  async #read(): Promise<void> {
    let reason: unknown;
    try {
      for await (const chunk of this.#link.chunks) {
        if (this.#clock.kind === "virtual") this.#take(chunk);
        else await this.#takeInTurns(chunk);
      }
    } catch (error) {
      reason = error;
    }
    this.#splitter.end(this.#clock.nowUs());
    this.#end = { reason };
    this.#tell(() => this.#ends.emit(reason));
  }

  #take(chunk: Chunk): void {
    this.#tell(() => this.#bytes.emit(chunk));
    this.#splitter.push(chunk);
  }

  /**
   * A board may send more at once than is read in a millisecond, and what has queued up comes without a turn between:
   * a switch that is to cut, Ctrl-C and the other ports would wait for all of it. Nothing changes its order or its time
   * of arrival. In virtual time nothing waits.
   */
  async #takeInTurns({ atUs, bytes }: Chunk): Promise<void> {
    // What arrived later than this turn began came in a turn of its own.
    this.#turnUs = Math.max(this.#turnUs, Math.min(atUs, this.#clock.nowUs()));
    for (let at = 0; at < bytes.length; at += CHUNK_BYTES_MAX) {
      const chunk = { atUs, bytes: bytes.subarray(at, at + CHUNK_BYTES_MAX) };
      this.#tell(() => this.#bytes.emit(chunk));
      if (this.#isOthersTurn()) await this.#letOthersGoFirst();
      // No object and no promise a piece: a megabyte has sixteen thousand, and collecting them holds the process, too.
      for (let piece = 0; piece < chunk.bytes.length; piece += PIECE_BYTES) {
        this.#splitter.push(chunk, piece, piece + PIECE_BYTES);
        if (this.#isOthersTurn()) await this.#letOthersGoFirst();
      }
    }
  }

  /** Whether this turn has taken long. */
  #isOthersTurn(): boolean {
    return this.#clock.nowUs() - this.#turnUs >= TURN_US_MAX;
  }

  /** Lets everything else that waits go. */
  async #letOthersGoFirst(): Promise<void> {
    await sleepUntil(this.#clock, this.#clock.nowUs());
    this.#turnUs = this.#clock.nowUs();
  }

  #tell(act: () => void): void {
    try {
      act();
    } catch (reason) {
      this.#observerError ??= { reason };
    }
  }
}

export interface UartOptions {
  readonly clock: Clock;
  readonly recognisers?: readonly FrameRecogniser[];
  /** Longest line of text in bytes (default 4096); a longer one comes in pieces, counted. */
  readonly textBytesMax?: number;
}
