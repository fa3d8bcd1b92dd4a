import { PatternStream } from "../../core/index.ts";

const LINE_FEED = 0x0a;
/** How a moment of the model ends its pattern: at the end of the line. */
const TO_LINE_END = String.raw`[^\n]*\n`;
const ESCAPED_CONTROLS: Readonly<Record<string, number>> = { n: 0x0a, r: 0x0d, t: 0x09 };

/** A log pattern that is plain text: bytes, and perhaps the rest of their line. */
interface PlainPattern {
  readonly bytes: Uint8Array;
  readonly toLineEnd: boolean;
}

/**
 * A regular expression as plain bytes, where it is no more than that (each character one byte, as the log is read).
 * Undefined where it needs a machine for regular expressions.
 */
export function plainPattern(pattern: string): PlainPattern | undefined {
  const toLineEnd = pattern.endsWith(TO_LINE_END);
  const source = toLineEnd ? pattern.slice(0, -TO_LINE_END.length) : pattern;
  const bytes: number[] = [];
  for (let at = 0; at < source.length; at += 1) {
    const character = source.charAt(at);
    if (character === "\\") {
      at += 1;
      const escaped = source.charAt(at);
      const control = ESCAPED_CONTROLS[escaped];
      if (control === undefined && (escaped === "" || /[A-Za-z0-9]/.test(escaped))) return undefined;
      bytes.push(control ?? escaped.charCodeAt(0));
    } else if (/[.*+?^${}()|[\]]/.test(character) || character.charCodeAt(0) > 0xff) return undefined;
    else bytes.push(character.charCodeAt(0));
  }
  return bytes.length === 0 ? undefined : { bytes: Uint8Array.from(bytes), toLineEnd };
}

/**
 * Finds a log pattern in raw bytes, in whatever pieces they come, before any line is made of them. Plain text takes one
 * step a byte and keeps nothing (Knuth, Morris, Pratt), and so does a regular expression, by a table that it fills.
 */
export class PatternFinder {
  readonly #plain: PlainPattern | undefined;
  readonly #expression: PatternStream | undefined;
  readonly #fallback: Uint16Array;
  #matched = 0;
  #inLine = false;

  /** @throws ConfigurationError for what is no pattern. */
  constructor(pattern: string) {
    this.#plain = plainPattern(pattern);
    this.#expression = this.#plain ? undefined : new PatternStream(pattern);
    this.#fallback = fallbackOf(this.#plain?.bytes ?? new Uint8Array());
  }

  /** Where in these bytes the pattern ends for the first time; undefined while it has not. */
  feed(bytes: Uint8Array): number | undefined {
    return this.#plain ? this.#feedPlain(this.#plain, bytes) : this.#expression?.feed(bytes);
  }

  #feedPlain({ bytes: wanted, toLineEnd }: PlainPattern, bytes: Uint8Array): number | undefined {
    for (let at = 0; at < bytes.length; at += 1) {
      const byte = bytes[at];
      if (this.#inLine) {
        if (byte === LINE_FEED) return at;
        continue;
      }
      while (this.#matched > 0 && byte !== wanted[this.#matched])
        this.#matched = this.#fallback[this.#matched - 1] ?? 0;
      if (byte === wanted[this.#matched]) this.#matched += 1;
      if (this.#matched < wanted.length) continue;
      if (!toLineEnd) return at;
      this.#inLine = true;
    }
    return undefined;
  }
}

/** For each prefix of a pattern, how long the longest shorter prefix is that it ends with. */
function fallbackOf(pattern: Uint8Array): Uint16Array {
  const fallback = new Uint16Array(pattern.length);
  let length = 0;
  for (let at = 1; at < pattern.length; at += 1) {
    while (length > 0 && pattern[at] !== pattern[length]) length = fallback[length - 1] ?? 0;
    if (pattern[at] === pattern[length]) length += 1;
    fallback[at] = length;
  }
  return fallback;
}
