import { entryAt } from "../../core/index.ts";
import { namedFiles } from "../request/payload-file.ts";
import type { Cell } from "./matrix.ts";

/** A cell as far as its order goes: which images it needs, and how long they are. */
export interface Load {
  readonly board: number;
  readonly images: readonly { readonly id: string; readonly bytes: number }[];
}

/** Up to so many cells of a board the best order of all is looked for; beyond, the best of several good ones. */
const EXACT_MAX = 11;

/** What a cell needs, by the length of the files that it names. */
export function loadOf({ board, images: [oldId, newId], scenario }: Cell): Load {
  const { old, new: next } = scenario.value.images;
  return {
    board,
    images: [
      { id: oldId, bytes: bytesOf(scenario, old) },
      { id: newId, bytes: bytesOf(scenario, next) },
    ],
  };
}

type SourceImage = Cell["scenario"]["value"]["images"]["old"];

function bytesOf(scenario: Cell["scenario"], image: SourceImage): number {
  const { generate_bytes: generated, append_bytes: more = 0 } = image.payload;
  if (generated !== undefined) return generated;
  const { value } = scenario;
  const alone = {
    ...scenario,
    value: { ...value, images: { ...value.images, old: image, new: image, network: undefined } },
  };
  const [file] = namedFiles(alone);
  // A file that is not there is told when the request is checked, with its line.
  return (file === undefined ? 0 : (entryAt(file)?.size ?? 0)) + more;
}

/**
 * Bytes that have to be uploaded before a cell can begin: its images that the board does not hold from the cell before,
 * which has left its two in the slots. What the cuts themselves upload is the same in any order.
 */
export function movedBytes(before: Load | undefined, cell: Load): number {
  const held = before?.board === cell.board ? before.images.map(({ id }) => id) : [];
  return cell.images.reduce((sum, { id, bytes }) => sum + (held.includes(id) ? 0 : bytes), 0);
}

/** The same of a whole order. */
export function movedInAll(cells: readonly Load[]): number {
  return cells.reduce((sum, cell, index) => sum + movedBytes(cells[index - 1], cell), 0);
}

/**
 * The order of cells in which least has to be uploaded between them: board by board, as they come. Of orders that are
 * equally good the one nearest to the given one.
 * @returns places in `cells`.
 */
export function cheapestOrder(cells: readonly Load[]): readonly number[] {
  const boards = [...new Set(cells.map(({ board }) => board))];
  return boards.flatMap((board) => {
    const places = cells.flatMap((cell, place) => (cell.board === board ? [place] : []));
    const own = places.map((place) => cells[place]).filter((cell) => cell !== undefined);
    const order = own.length <= EXACT_MAX ? exactOrder(own) : goodOrder(own);
    return order.map((at) => places[at]).filter((place) => place !== undefined);
  });
}

/** Held and Karp's way: the cheapest path through each set of cells that ends in each of them. */
function exactOrder(cells: readonly Load[]): readonly number[] {
  const count = cells.length;
  const cost = cells.map((from) => cells.map((to) => movedBytes(from, to)));
  const best = new Map<number, { readonly bytes: number; readonly before: number }>();
  const key = (set: number, last: number) => set * count + last;
  for (const [at, cell] of cells.entries())
    best.set(key(1 << at, at), { bytes: movedBytes(undefined, cell), before: -1 });
  for (let set = 1; set < 1 << count; set += 1) {
    for (let last = 0; last < count; last += 1) {
      const here = best.get(key(set, last));
      if (here === undefined) continue;
      for (let next = 0; next < count; next += 1) {
        if ((set >> next) & 1) continue;
        const bytes = here.bytes + (cost[last]?.[next] ?? 0);
        const there = key(set | (1 << next), next);
        if (bytes < (best.get(there)?.bytes ?? Number.POSITIVE_INFINITY)) best.set(there, { bytes, before: last });
      }
    }
  }
  const all = (1 << count) - 1;
  const ends = cells.map((_, last) => ({ last, bytes: best.get(key(all, last))?.bytes ?? Number.POSITIVE_INFINITY }));
  let last = ends.toSorted((a, b) => a.bytes - b.bytes || b.last - a.last)[0]?.last ?? -1;
  const order: number[] = [];
  for (let set = all; last >= 0; ) {
    order.push(last);
    const { before = -1 } = best.get(key(set, last)) ?? {};
    set &= ~(1 << last);
    last = before;
  }
  return order.toReversed();
}

/** The best of walking to the nearest cell from each start, and of the order as given. */
function goodOrder(cells: readonly Load[]): readonly number[] {
  const orders = [cells.map((_, at) => at), ...cells.map((_, start) => nearestFrom(cells, start))];
  const rated = orders.map((order) => ({
    order,
    bytes: movedInAll(order.map((at) => cells[at]).filter((cell) => cell !== undefined)),
  }));
  return rated.toSorted((a, b) => a.bytes - b.bytes)[0]?.order ?? [];
}

function nearestFrom(cells: readonly Load[], start: number): readonly number[] {
  const left = new Set(cells.keys());
  const order: number[] = [];
  for (let at: number | undefined = start; at !== undefined; at = nearestTo(cells, at, left)) {
    left.delete(at);
    order.push(at);
  }
  return order;
}

function nearestTo(cells: readonly Load[], at: number, left: ReadonlySet<number>): number | undefined {
  const rated = [...left].flatMap((next) => {
    const cell = cells[next];
    return cell === undefined ? [] : [{ next, bytes: movedBytes(cells[at], cell) }];
  });
  return rated.toSorted((a, b) => a.bytes - b.bytes || a.next - b.next)[0]?.next;
}
