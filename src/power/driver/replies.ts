import { type Clock, isKind, Listeners, within } from "../../core/index.ts";
import type { Link } from "../../serial/index.ts";

/** More than any switch answers; older bytes go first. */
const KEPT_BYTES_MAX = 4_096;

/** What a switch has answered since it was last asked. Reads the link to its end, so that nothing piles up. */
export class Replies {
  readonly #clock: Clock;
  readonly #arrived = new Listeners<void>();
  #bytes: number[] = [];
  #failure: unknown;
  readonly ended: Promise<void>;

  constructor(link: Link, clock: Clock) {
    this.#clock = clock;
    this.ended = this.#follow(link);
  }

  /** Forgets what came before: call it before asking. */
  clear(): void {
    this.#bytes = [];
  }

  /**
   * The first reading that `parse` makes of what has come so far; undefined when `limitMs` milliseconds bring none.
   * @throws BenchError when the link is gone.
   */
  async reading<T>(limitMs: number, parse: (bytes: Uint8Array) => T | undefined): Promise<T | undefined> {
    try {
      return await within(this.#clock, limitMs, "the switch's answer", (stop) => this.#until(parse, stop));
    } catch (error) {
      if (isKind(error, "timeout")) return undefined;
      throw error;
    }
  }

  #until<T>(parse: (bytes: Uint8Array) => T | undefined, stop: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = parse(Uint8Array.from(this.#bytes));
        if (found === undefined && this.#failure === undefined) return;
        off();
        if (found === undefined) reject(this.#failure);
        else resolve(found);
      };
      const off = this.#arrived.add(look);
      stop.addEventListener("abort", off, { once: true });
      look();
    });
  }

  async #follow(link: Link): Promise<void> {
    try {
      for await (const { bytes } of link.chunks) {
        this.#bytes.push(...bytes);
        this.#bytes = this.#bytes.slice(-KEPT_BYTES_MAX);
        this.#arrived.emit();
      }
    } catch (error) {
      this.#failure = error;
      this.#arrived.emit();
    }
  }
}
