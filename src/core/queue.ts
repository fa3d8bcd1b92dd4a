/**
 * Values from one producer to one consumer, in order. Bounded: over the limit `push` returns false and the value is
 * counted in `dropped`, so that a stalled consumer cannot eat the memory of a night's run.
 */
export class Queue<T> implements AsyncIterable<T> {
  readonly #limit: number;
  readonly #items: T[] = [];
  #waiting: (() => void) | undefined;
  #ended = false;
  #failure: { readonly reason: unknown } | undefined;
  dropped = 0;

  constructor(limit = 100_000) {
    this.#limit = limit;
  }

  push(item: T): boolean {
    if (this.#ended) return false;
    if (this.#items.length >= this.#limit) {
      this.dropped += 1;
      return false;
    }
    this.#items.push(item);
    this.#wake();
    return true;
  }

  /** Ends the stream once what is queued has been taken; with a reason, the consumer then gets it thrown. */
  end(failure?: { readonly reason: unknown }): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#failure = failure;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<T> {
    for (;;) {
      while (this.#items.length > 0) yield this.#items.shift() as T;
      if (this.#failure) throw this.#failure.reason;
      if (this.#ended) return;
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
    }
  }

  #wake(): void {
    this.#waiting?.();
    this.#waiting = undefined;
  }
}
