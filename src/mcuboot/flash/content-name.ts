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
  /** Undefined: none. Most copies are of a content that was named, and are named before they change. */
  #touched: Touched | undefined;
  /** What `text` came to without doubts, until a page changes. */
  #text: string | undefined;

  private constructor(pages: Pages, sum: ContentSum, touched: Touched | undefined, text?: string) {
    this.#pages = pages;
    this.#sum = sum;
    this.#touched = touched;
    this.#text = text;
  }

  static of(pages: Pages): ContentName {
    const all = new Touched();
    for (let index = 0; index < pages.count; index += 1) all.add(index);
    return new ContentName(pages, new ContentSum(), all);
  }

  /** The same for a copy of the pages. */
  copy(pages: Pages): ContentName {
    return new ContentName(pages, this.#sum.copy(), this.#touched?.copy(), this.#text);
  }

  /** A page is about to change: what it adds to the sum no longer counts. */
  touch(index: number): void {
    if (this.#touched?.has(index)) return;
    this.#sum.add(pageName(this.#pages.at(index)), index, -1);
    (this.#touched ??= new Touched()).add(index);
    this.#text = undefined;
  }

  /** @param doubts bits in doubt, by sector: they are part of the name. */
  text(doubts: ReadonlyMap<number, Doubt>): string {
    this.#touched?.visit((index) => this.#sum.add(pageName(this.#pages.at(index)), index, 1));
    this.#touched = undefined;
    this.#text ??= this.#sum.text();
    if (doubts.size === 0) return this.#text;
    const sum = this.#sum.copy();
    for (const [sector, doubt] of doubts) sum.add(doubtName(doubt), -2 - sector, 1);
    return sum.text();
  }

  /** What some pages in a row hold, page by page: longer than `ofRange`, and had without a calculation. */
  static ofEach(pages: Pages, first: number, end: number): string {
    let names = pageName(pages.at(first));
    for (let index = first + 1; index < end; index += 1) names += pageName(pages.at(index));
    return names;
  }

  /** The same for some pages in a row, wherever they lie. */
  static ofRange(pages: Pages, first: number, end: number): string {
    const sum = new ContentSum();
    for (let index = first; index < end; index += 1) sum.add(pageName(pages.at(index)), index - first, 1);
    return sum.text();
  }
}

/** So many pages are looked for one by one; more of them get a set. */
const LISTED_MAX = 16;

/** Pages that changed. A cut moves a word or a sector of eight pages, half a million times: a set for each costs more. */
class Touched {
  readonly #list: number[];
  #set: Set<number> | undefined;

  constructor(list: number[] = [], set?: Set<number>) {
    this.#list = list;
    this.#set = set;
  }

  has(index: number): boolean {
    return this.#set?.has(index) ?? this.#list.includes(index);
  }

  /** A page that it does not have. */
  add(index: number): void {
    if (this.#set === undefined && this.#list.length === LISTED_MAX) this.#set = new Set(this.#list);
    this.#set?.add(index);
    this.#list.push(index);
  }

  visit(see: (index: number) => void): void {
    for (let at = 0; at < this.#list.length; at += 1) see(this.#list[at] ?? 0);
  }

  copy(): Touched {
    return new Touched(this.#list.slice(), this.#set && new Set(this.#set));
  }
}

/** Odd, one a lane: they keep a page at one place from counting like the same page at another. */
const PLACE = [0x9e37_79b1, 0x85eb_ca77, 0xc2b2_ae3d, 0x27d4_eb2f] as const;

/** A sum over pages and their places, in four lanes of 32 bits: order does not matter, and parts can be taken out. */
class ContentSum {
  // Four numbers and no array: each snapshot of a flash has a sum of its own.
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  constructor(a = 0, b = 0, c = 0, d = 0) {
    this.#a = a;
    this.#b = b;
    this.#c = c;
    this.#d = d;
  }

  add(name: string, index: number, sign: 1 | -1): void {
    this.#a = (this.#a + sign * placed(name, index, 0)) | 0;
    this.#b = (this.#b + sign * placed(name, index, 1)) | 0;
    this.#c = (this.#c + sign * placed(name, index, 2)) | 0;
    this.#d = (this.#d + sign * placed(name, index, 3)) | 0;
  }

  copy(): ContentSum {
    return new ContentSum(this.#a, this.#b, this.#c, this.#d);
  }

  text(): string {
    const [a, b, c, d] = [this.#a, this.#b, this.#c, this.#d];
    return String.fromCharCode(a & 0xffff, a >>> 16, b & 0xffff, b >>> 16, c & 0xffff, c >>> 16, d & 0xffff, d >>> 16);
  }
}

/** What a page at its place adds to a lane. */
function placed(name: string, index: number, lane: 0 | 1 | 2 | 3): number {
  const at = 4 * lane;
  const part =
    name.charCodeAt(at) |
    (name.charCodeAt(at + 1) << 8) |
    (name.charCodeAt(at + 2) << 16) |
    (name.charCodeAt(at + 3) << 24);
  return mixed(part ^ Math.imul(index + 1, PLACE[lane]));
}

/** Spreads each bit over the word. Source: the 32-bit finaliser of MurmurHash3 (Appleby). */
function mixed(word: number): number {
  let x = word ^ (word >>> 16);
  x = Math.imul(x, 0x85eb_ca6b);
  x ^= x >>> 13;
  x = Math.imul(x, 0xc2b2_ae35);
  return x ^ (x >>> 16);
}
