import { type Clock, Listeners } from "../core/index.ts";
import type { Chunk, Link } from "./link.ts";
import type { FrameRecogniser, UartLine } from "./recogniser.ts";
import type { Reflex } from "./reflex.ts";
import { type SplitCounters, UartSplitter } from "./splitter.ts";

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
        this.#tell(() => this.#bytes.emit(chunk));
        this.#splitter.push(chunk);
      }
    } catch (error) {
      reason = error;
    }
    this.#splitter.end(this.#clock.nowUs());
    this.#end = { reason };
    this.#tell(() => this.#ends.emit(reason));
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
