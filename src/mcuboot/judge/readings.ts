import { equalBytes } from "../../core/index.ts";
import type { FlashContent } from "../flash/flash-content.ts";
import type { Flash } from "../flash/operation.ts";

/** Asks for one of so many ways to go on, from 0. */
type Choose = (ways: number) => number;

/**
 * Runs something once for every sequence of answers to what it asks: depth first, at most `limit` runs.
 * @returns what the runs came to, in order.
 */
export function everyWay<T>(run: (choose: Choose) => T, limit: number): readonly T[] {
  const results: T[] = [];
  let answers: { answer: number; readonly ways: number }[] = [];
  for (;;) {
    let asked = 0;
    results.push(
      run((ways) => {
        const known = answers[asked];
        asked += 1;
        if (known !== undefined) return known.answer;
        answers.push({ answer: 0, ways });
        return 0;
      }),
    );
    answers = answers.slice(0, answers.findLastIndex(({ answer, ways }) => answer + 1 < ways) + 1);
    const last = answers.at(-1);
    if (last === undefined || results.length >= limit) return results;
    last.answer += 1;
  }
}

/** Longer reads than this are of bodies and whole areas, not of fields. */
const FIELD_BYTES_MAX = 64;
/** What bits in doubt may come to, as masks: none set, all, and in between. */
const SET = [0, 0xff, 0x0f, 0x81] as const;
/** Of a body it matters only whether it is what it was, of status entries which of them are left. */
const SET_IN_BODIES = [0, 0xff, 0x0f, "head", "tail"] as const;

/**
 * A flash with bits in doubt as one boot may read it: each field as it was, erased, or somewhere in between; and once
 * in a boot what was read before may read differently. More than once makes no difference to MCUboot that anybody has
 * seen, and doubles the work each time.
 */
export class ReadingFlash implements Flash {
  readonly #flash: FlashContent;
  readonly #choose: Choose;
  readonly #fields = new Map<string, number>();
  /** The content as it was read first, field by field. */
  readonly resolved: FlashContent;
  #turned = false;

  constructor(flash: FlashContent, choose: Choose) {
    this.#flash = flash;
    this.#choose = choose;
    this.resolved = flash.still().snapshot();
  }

  read(offset: number, bytes: number): Uint8Array {
    const value = this.#flash.read(offset, bytes);
    const mask = this.#flash.doubt(offset, bytes);
    if (mask === undefined) return value;
    const ways = waysOf(value, mask);
    if (ways.length === 1) return value;
    const name = bytes > FIELD_BYTES_MAX ? `body ${ways.length}` : `${offset} ${bytes}`;
    const way = this.#wayOf(name, ways.length);
    const read = ways[way] ?? value;
    if (!this.#turned) this.resolved.load(offset, read);
    return read;
  }

  identity(offset: number, bytes: number): string | undefined {
    return this.#flash.identity(offset, bytes);
  }

  /** A field reads as it did before, unless the flash turns now. */
  #wayOf(name: string, ways: number): number {
    const before = this.#fields.get(name);
    if (before === undefined) {
      const first = this.#choose(ways);
      this.#fields.set(name, first);
      return first;
    }
    const turn = this.#turned ? 0 : this.#choose(ways);
    if (turn === 0) return before;
    this.#turned = true;
    this.#fields.clear();
    const other = turn <= before ? turn - 1 : turn;
    this.#fields.set(name, other);
    return other;
  }
}

function setsFor(bytes: number): readonly (typeof SET | typeof SET_IN_BODIES)[number][] {
  if (bytes > FIELD_BYTES_MAX) return SET_IN_BODIES;
  // A long field is right or wrong; in a short one, bits have meanings.
  return bytes > 4 ? SET.slice(0, 3) : SET;
}

/** The different values that a range may read as. `value` has the bits in doubt as zeros or ones, whatever they are. */
function waysOf(value: Uint8Array, mask: Uint8Array): readonly Uint8Array[] {
  const ways: Uint8Array[] = [];
  for (const set of setsFor(value.length)) {
    const way = reading(value, mask, set);
    if (!ways.some((known) => equalBytes(known, way))) ways.push(way);
  }
  return ways;
}

/** The bits in doubt, set as told. A range may be a whole body in which few bits are in doubt: no more is looked at. */
function reading(value: Uint8Array, mask: Uint8Array, set: Parameters<typeof bitsSet>[0]): Uint8Array {
  const way = value.slice();
  for (let at = 0; at < mask.length; at += 1) {
    const doubt = mask[at] ?? 0;
    if (doubt !== 0) way[at] = ((way[at] ?? 0) & ~doubt) | (doubt & bitsSet(set, at, value.length));
  }
  return way;
}

function bitsSet(set: (typeof SET | typeof SET_IN_BODIES)[number], at: number, bytes: number): number {
  if (typeof set === "number") return set;
  return (set === "head") === at < bytes / 2 ? 0xff : 0;
}
