import { UsageError } from "../../core/index.ts";

/** Whether a board's tags fit. */
export type TagTest = (tags: ReadonlySet<string>) => boolean;

const TAG = /^[\w.:+-]+/;
/** Longer and deeper ones are a mistake. */
const CHARS_MAX = 500;
const DEPTH_MAX = 20;
const HINT = "Tags are joined by & (and), | (or), ! (not) and parentheses: --on 'twin & !qspi'.";

/**
 * Reads what a job wants of its board: tags with `&`, `|`, `!` and parentheses, `&` before `|`. An empty text fits
 * every board.
 * @throws UsageError with the place of what is wrong.
 */
export function tagTest(text: string): TagTest {
  if (text.trim() === "") return () => true;
  if (text.length > CHARS_MAX) throw new UsageError(`--on has more than ${CHARS_MAX} characters.`, HINT);
  const reader = new Reader(text);
  const test = reader.either(0);
  reader.end();
  return test;
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  either(depth: number): TagTest {
    const tests = [this.#all(depth)];
    while (this.#took("|")) tests.push(this.#all(depth));
    return (tags) => tests.some((test) => test(tags));
  }

  end(): void {
    if (this.#rest !== "") throw this.#wrong(`"${this.#rest.slice(0, 20)}" is too much`);
  }

  #all(depth: number): TagTest {
    const tests = [this.#one(depth)];
    while (this.#took("&")) tests.push(this.#one(depth));
    return (tags) => tests.every((test) => test(tags));
  }

  #one(depth: number): TagTest {
    if (depth > DEPTH_MAX) throw this.#wrong(`it nests deeper than ${DEPTH_MAX}`);
    if (this.#took("!")) {
      const test = this.#one(depth + 1);
      return (tags) => !test(tags);
    }
    if (this.#took("(")) {
      const test = this.either(depth + 1);
      if (!this.#took(")")) throw this.#wrong('a ")" is missing');
      return test;
    }
    const tag = TAG.exec(this.#rest)?.[0];
    if (tag === undefined) throw this.#wrong("a tag is missing");
    this.#at += tag.length;
    return (tags) => tags.has(tag);
  }

  /** What is left, from the next character on that is no space. */
  get #rest(): string {
    while (/\s/.test(this.#text.charAt(this.#at))) this.#at += 1;
    return this.#text.slice(this.#at);
  }

  #took(sign: string): boolean {
    if (!this.#rest.startsWith(sign)) return false;
    this.#at += 1;
    return true;
  }

  #wrong(why: string): UsageError {
    return new UsageError(`--on "${this.#text}": ${why}, at character ${this.#at + 1}.`, HINT);
  }
}
