import { BenchError, type Clock, isKind, Queue, sleep, within } from "../core/index.ts";
import type { Chunk, Link } from "./link.ts";

/** How often a port that is away is tried, in milliseconds. */
const RETRY_MS = 100;

/**
 * A link that can be had back after its port vanished: a board whose power cut takes its interface chip along. The port
 * is found by what names it, not by its path (`open` resolves it anew), and what is read goes on in `chunks`.
 *
 * Only who announces it may lose the port: one that vanishes unasked ends the link with its error, because bytes were
 * lost that somebody believes to have seen.
 */
export class ReopeningLink implements Link {
  readonly name: string;
  readonly #clock: Clock;
  readonly #open: (signal?: AbortSignal) => Promise<Link>;
  readonly #arrived = new Queue<Chunk>();
  #link: Link | undefined;
  #reading: Promise<void> = Promise.resolve();
  #mayVanish = false;
  #end: { readonly reason: unknown } | undefined;

  private constructor(link: Link, open: (signal?: AbortSignal) => Promise<Link>, clock: Clock) {
    this.name = link.name;
    this.#clock = clock;
    this.#open = open;
    this.#take(link);
  }

  /** @param open finds the port by its identity and opens it. @throws what it throws. */
  static async open(open: (signal?: AbortSignal) => Promise<Link>, clock: Clock): Promise<ReopeningLink> {
    return new ReopeningLink(await open(), open, clock);
  }

  get chunks(): AsyncIterable<Chunk> {
    return this.#arrived;
  }

  async write(bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    if (this.#end) throw this.#end.reason;
    if (this.#link) return this.#link.write(bytes, signal);
    throw new BenchError(`${this.name} is away.`, "Wait until it is opened again.");
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
    let last = "";
    const lastSeen = () => last;
    const awaited = `${this.name} to come back`;
    await within(
      this.#clock,
      timeoutMs,
      awaited,
      async (stop) => {
        while (!this.#link) {
          try {
            const link = await this.#open(stop);
            if (stop.aborted) await link[Symbol.asyncDispose]();
            stop.throwIfAborted();
            this.#take(link);
          } catch (error) {
            if (!isKind(error, "bench")) throw error;
            last = error.message;
            await sleep(this.#clock, RETRY_MS, stop);
          }
        }
      },
      { signal, lastSeen },
    );
    this.#mayVanish = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end ??= { reason: new BenchError(`${this.name} is closed.`, "Open it again.") };
    this.#arrived.end();
    await this.#link?.[Symbol.asyncDispose]();
    await this.#reading;
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
      if (!this.#mayVanish) {
        this.#end ??= { reason };
        this.#arrived.end({ reason });
      }
      await link[Symbol.asyncDispose]();
    }
  }
}
