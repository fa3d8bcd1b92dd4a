const LINE_FEED = 0x0a;
/** The line that is under way is not the awaited one. */
const ANOTHER_LINE = -1;

/**
 * What is written in the moment in which an awaited line has come, before anybody is told of it: what a program makes
 * of an answer (a stream, lines, frames, CBOR, promises) takes it longer than the system takes both ways.
 * Good for one time; any other write ends it.
 */
export class Reflex {
  /** Bytes of the awaited ones that have come, from the start of a line on. */
  #seen = 0;
  #isOver = false;
  #written: Promise<void> | undefined;
  readonly #heard: Uint8Array;
  readonly #act: () => Promise<void>;

  /** @param heard whole lines, each with its line feed. */
  constructor(heard: Uint8Array, act: () => Promise<void>) {
    this.#heard = heard;
    this.#act = act;
  }

  /** The write, once it was begun; undefined: the awaited line has not come. */
  get written(): Promise<void> | undefined {
    return this.#written;
  }

  /** Takes what came. Other lines may come before the awaited one; after them it begins where a line begins. */
  hear(bytes: Uint8Array): void {
    for (const byte of bytes) {
      if (this.#isOver) return;
      if (this.#seen !== ANOTHER_LINE && byte === this.#heard[this.#seen]) this.#seen += 1;
      else this.#seen = byte === LINE_FEED ? 0 : ANOTHER_LINE;
      if (this.#seen < this.#heard.length) continue;
      this.#isOver = true;
      this.#written = this.#act();
      // Who asks for `written` hears of what goes wrong; where nobody does, nobody minds.
      this.#written.catch(() => undefined);
    }
  }

  /** It will not be done any more; without effect once it was. */
  cancel(): void {
    this.#isOver = true;
  }
}
