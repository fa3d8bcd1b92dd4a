import type { TextNumber } from "./run-page.ts";

/** Gives each text a number, the same text the same one: a run says the same few hundred lines thousands of times. */
export class TextTable {
  readonly #numbers = new Map<string, TextNumber>();
  #chars = 0;

  /** All texts so far, by their numbers. */
  get texts(): readonly string[] {
    return [...this.#numbers.keys()];
  }

  /** Characters of all texts so far. */
  get chars(): number {
    return this.#chars;
  }

  numberOf(text: string): TextNumber {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    const fresh = this.#numbers.size;
    this.#numbers.set(text, fresh);
    this.#chars += text.length;
    return fresh;
  }

  /** The same for a text that may be missing. */
  ifAny(text: string | undefined): TextNumber | undefined {
    return text === undefined ? undefined : this.numberOf(text);
  }
}
