import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { cheapestOrder, type Load, movedBytes, movedInAll } from "./order.ts";

const SIZES: Readonly<Record<string, number>> = { a: 100, b: 70, c: 200, d: 10, e: 55 };
const load = (old: string, next: string, board = 0): Load => ({
  board,
  images: [old, next].map((id) => ({ id, bytes: SIZES[id] ?? 0 })),
});
const inOrder = (cells: readonly Load[]) => cheapestOrder(cells).map((at) => cells[at] as Load);

function permutations(items: readonly number[]): readonly (readonly number[])[] {
  if (items.length < 2) return [items];
  return items.flatMap((first) => permutations(items.filter((item) => item !== first)).map((rest) => [first, ...rest]));
}

describe("the order of a matrix's cells", () => {
  test("counts what the board does not hold from the cell before: an image that is old here and new there is one", () => {
    expect(movedBytes(undefined, load("a", "b"))).toBe(170);
    expect(movedBytes(load("a", "b"), load("b", "c"))).toBe(200);
    expect(movedBytes(load("a", "b"), load("b", "a"))).toBe(0);
    expect(movedBytes(load("a", "b", 0), load("a", "b", 1))).toBe(170);
  });

  test("moves no more than any other order of up to six cells, and has each of them once", () => {
    const id = fc.constantFrom("a", "b", "c", "d", "e");
    const cells = fc.array(
      fc.tuple(id, id).map(([old, next]) => load(old, next)),
      { minLength: 1, maxLength: 6 },
    );
    fc.assert(
      fc.property(cells, (given) => {
        const order = cheapestOrder(given);
        expect(order.toSorted((a, b) => a - b)).toEqual([...given.keys()]);
        const all = permutations([...given.keys()]).map((way) => movedInAll(way.map((at) => given[at] as Load)));
        expect(movedInAll(inOrder(given))).toBe(Math.min(...all));
      }),
      { numRuns: 40 },
    );
  });

  test("moves no more than the given order where there are too many cells to try them all, and stays with its boards", () => {
    const ids = Object.keys(SIZES);
    const given = [0, 1].flatMap((board) => ids.flatMap((old) => ids.map((next) => load(old, next, board))));
    const ordered = inOrder(given);
    expect(ordered).toHaveLength(50);
    expect(movedInAll(ordered)).toBeLessThan(movedInAll(given) / 2);
    expect(ordered.map(({ board }) => board)).toEqual(given.map(({ board }) => board));
  });
});
