import { hash } from "node:crypto";
import type { Doubt } from "./bits-in-doubt.ts";
import type { Page, Pages } from "./pages.ts";

/** SHA-256 of what a page holds, a character a byte; worked out once. */
export function pageName(page: Page): string {
  page.name ??= hash("sha256", page.bytes, "binary");
  return page.name;
}

const DOUBTS = new WeakMap<Doubt, string>();

function doubtName(doubt: Doubt): string {
  const known = DOUBTS.get(doubt);
  if (known !== undefined) return known;
  const name = hash("sha256", `${hash("sha256", doubt.other, "hex")} ${doubt.reads ?? "any"}`, "binary");
  DOUBTS.set(doubt, name);
  return name;
}

/**
 * What the content of a whole flash is called. Equal names, equal bytes: a sum of 128 bits over the SHA-256 of each
 * page and its place, which only chance could make equal. It is corrected for the pages that changed, so that a change
 * costs no more than the pages that it touches.
 */
export class ContentName {
  readonly #pages: Pages;
  /** Sum over all pages that are not in `#touched`. */
  readonly #sum: ContentSum;
  readonly #touched: Set<number>;

  private constructor(pages: Pages, sum: ContentSum, touched: Set<number>) {
    this.#pages = pages;
    this.#sum = sum;
    this.#touched = touched;
  }

  static of(pages: Pages): ContentName {
    return new ContentName(pages, new ContentSum(), new Set(Array.from({ length: pages.count }, (_, at) => at)));
  }

  /** The same for a copy of the pages. */
  copy(pages: Pages): ContentName {
    return new ContentName(pages, this.#sum.copy(), new Set(this.#touched));
  }

  /** A page is about to change: what it adds to the sum no longer counts. */
  touch(index: number): void {
    if (this.#touched.has(index)) return;
    this.#sum.add(pageName(this.#pages.at(index)), index, -1);
    this.#touched.add(index);
  }

  /** @param doubts bits in doubt, by sector: they are part of the name. */
  text(doubts: ReadonlyMap<number, Doubt>): string {
    for (const index of this.#touched) this.#sum.add(pageName(this.#pages.at(index)), index, 1);
    this.#touched.clear();
    if (doubts.size === 0) return this.#sum.text();
    const sum = this.#sum.copy();
    for (const [sector, doubt] of doubts) sum.add(doubtName(doubt), -2 - sector, 1);
    return sum.text();
  }

  /** The same for some pages in a row, wherever they lie. */
  static ofRange(pages: Pages, first: number, end: number): string {
    const sum = new ContentSum();
    for (let index = first; index < end; index += 1) sum.add(pageName(pages.at(index)), index - first, 1);
    return sum.text();
  }
}

/** Odd, one a lane: they keep a page at one place from counting like the same page at another. */
const PLACE = [0x9e37_79b1, 0x85eb_ca77, 0xc2b2_ae3d, 0x27d4_eb2f] as const;

/** A sum over pages and their places, in four lanes of 32 bits: order does not matter, and parts can be taken out. */
class ContentSum {
  readonly #lanes: Int32Array;

  constructor(lanes = new Int32Array(4)) {
    this.#lanes = lanes;
  }

  add(name: string, index: number, sign: 1 | -1): void {
    for (let lane = 0; lane < 4; lane += 1) {
      const at = 4 * lane;
      const part =
        name.charCodeAt(at) |
        (name.charCodeAt(at + 1) << 8) |
        (name.charCodeAt(at + 2) << 16) |
        (name.charCodeAt(at + 3) << 24);
      const placed = mixed(part ^ Math.imul(index + 1, PLACE[lane] ?? 1));
      this.#lanes[lane] = ((this.#lanes[lane] ?? 0) + sign * placed) | 0;
    }
  }

  copy(): ContentSum {
    return new ContentSum(this.#lanes.slice());
  }

  text(): string {
    const [a = 0, b = 0, c = 0, d = 0] = this.#lanes;
    return String.fromCharCode(a & 0xffff, a >>> 16, b & 0xffff, b >>> 16, c & 0xffff, c >>> 16, d & 0xffff, d >>> 16);
  }
}

/** Spreads each bit over the word. Source: the 32-bit finaliser of MurmurHash3 (Appleby). */
function mixed(word: number): number {
  let x = word ^ (word >>> 16);
  x = Math.imul(x, 0x85eb_ca6b);
  x ^= x >>> 13;
  x = Math.imul(x, 0xc2b2_ae35);
  return x ^ (x >>> 16);
}
