import { abortable, BenchError, type Clock, isKind, Queue, sleep, within } from "../core/index.ts";
import type { Chunk, Link } from "./link.ts";

/** How often a port that is away is tried, in milliseconds. */
const RETRY_MS = 100;

interface ReopeningOptions {
  readonly clock: Clock;
  /**
   * A port that vanishes unasked is waited for so long, in milliseconds, and then opened again; bytes that were on
   * their way are lost, as on a bad line. Left out, such a loss ends the link.
   */
  readonly unaskedMs?: number;
}

/**
 * A link that can be had back after its port vanished: a board whose power cut takes its interface chip along. The port
 * is found by what names it, not by its path (`open` resolves it anew), and what is read goes on in `chunks`.
 *
 * Only who announces it may lose the port: one that vanishes unasked ends the link with its error, because bytes were
 * lost that somebody believes to have seen. `unaskedMs` is for those who repeat what was lost.
 */
export class ReopeningLink implements Link {
  readonly name: string;
  readonly #options: ReopeningOptions;
  readonly #open: (signal?: AbortSignal) => Promise<Link>;
  readonly #arrived = new Queue<Chunk>();
  readonly #closing = new AbortController();
  #link: Link | undefined;
  #reading: Promise<void> = Promise.resolve();
  #returning: Promise<void> | undefined;
  #mayVanish = false;
  #backAtUs: number | undefined;
  #end: { readonly reason: unknown } | undefined;

  private constructor(link: Link, open: (signal?: AbortSignal) => Promise<Link>, options: ReopeningOptions) {
    this.name = link.name;
    this.#options = options;
    this.#open = open;
    this.#take(link);
  }

  /** @param open finds the port by its identity and opens it. @throws what it throws. */
  static async open(open: (signal?: AbortSignal) => Promise<Link>, options: ReopeningOptions): Promise<ReopeningLink> {
    return new ReopeningLink(await open(), open, options);
  }

  get chunks(): AsyncIterable<Chunk> {
    return this.#arrived;
  }

  /** When the port was last opened again, in microseconds on the clock; undefined when it never went. */
  get backAtUs(): number | undefined {
    return this.#backAtUs;
  }

  /** True from when an unasked loss, or closing, ended the link. */
  get hasEnded(): boolean {
    return this.#end !== undefined;
  }

  async write(bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    await this.ready(signal);
    const link = this.#link;
    if (!link) throw new BenchError(`${this.name} is away.`, "Wait until it is opened again.");
    try {
      await link.write(bytes, signal);
    } catch (error) {
      const isLost = this.#options.unaskedMs !== undefined && isKind(error, "bench") && !this.#end;
      if (!isLost) throw error;
    }
  }

  /** Resolves at once, or when a port that vanished unasked is back. @throws what ended the link; the signal's reason. */
  async ready(signal?: AbortSignal): Promise<void> {
    if (this.#returning) await abortable(this.#returning, signal);
    if (this.#end) throw this.#end.reason;
  }

  /** From now on, until `reopen`, the port may vanish. */
  expectGone(): void {
    this.#mayVanish = true;
  }

  /**
   * Opens the port again, as soon as it is there; at once when it never went.
   * @throws TimeoutError with what stood in the way last; the error that ended the link; the signal's reason.
   */
  async reopen(timeoutMs: number, signal?: AbortSignal): Promise<void> {
    if (this.#end) throw this.#end.reason;
    await this.#openAgain(timeoutMs, signal);
    this.#mayVanish = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end ??= { reason: new BenchError(`${this.name} is closed.`, "Open it again.") };
    this.#closing.abort(this.#end.reason);
    this.#arrived.end();
    await this.#returning?.catch(() => undefined);
    await this.#link?.[Symbol.asyncDispose]();
    await this.#reading;
  }

  async #openAgain(timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
    const { clock } = this.#options;
    let last = "";
    const lastSeen = () => last;
    const search = async (stop: AbortSignal) => {
      while (!this.#link) {
        try {
          const link = await this.#open(stop);
          if (stop.aborted) await link[Symbol.asyncDispose]();
          stop.throwIfAborted();
          this.#take(link);
          this.#backAtUs = clock.nowUs();
        } catch (error) {
          if (!isKind(error, "bench")) throw error;
          last = error.message;
          await sleep(clock, RETRY_MS, stop);
        }
      }
    };
    await within(clock, timeoutMs, `${this.name} to come back`, search, { signal, lastSeen });
  }

  #take(link: Link): void {
    this.#link = link;
    this.#reading = this.#read(link);
  }

  async #read(link: Link): Promise<void> {
    try {
      for await (const chunk of link.chunks) this.#arrived.push(chunk);
    } catch (reason) {
      this.#link = undefined;
      if (!this.#mayVanish) this.#lost(reason);
      await link[Symbol.asyncDispose]();
    }
  }

  #lost(reason: unknown): void {
    const { unaskedMs } = this.#options;
    if (unaskedMs === undefined || this.#end) {
      this.#ended(reason);
      return;
    }
    this.#returning = this.#openAgain(unaskedMs, this.#closing.signal)
      .catch((error: unknown) => {
        const why = isKind(error, "timeout") ? error.message : String(reason);
        const hint = "Check the cable and the power of the board, then run `hil ports`.";
        this.#ended(new BenchError(`${this.name} vanished: ${why}`, hint, { cause: reason }));
      })
      .finally(() => {
        this.#returning = undefined;
      });
  }

  #ended(reason: unknown): void {
    this.#end ??= { reason };
    this.#arrived.end({ reason });
  }
}
