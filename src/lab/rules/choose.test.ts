import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { choose, type FreeBoard, type WaitingJob } from "./choose.ts";

let number = 0;
const job = (who: string, more: Partial<WaitingJob> = {}): WaitingJob => {
  number += 1;
  return {
    id: `${who}${number}`,
    who,
    on: "",
    onlyBoard: undefined,
    priority: 0,
    number,
    notOn: [],
    batch: undefined,
    ...more,
  };
};
const board = (name: string, more: Partial<FreeBoard> = {}): FreeBoard => ({
  ...{ name, tags: [name], lane: undefined, lastRunMs: undefined, wear: 0 },
  ...more,
});
const none = new Map<string, number>();

describe("which jobs begin now", () => {
  test("a submitter's hundred jobs do not keep another's one waiting", () => {
    const jobs = [...Array.from({ length: 100 }, () => job("ann")), job("bob")];
    const chosen = choose(jobs, [board("one"), board("two")], none);
    expect(chosen.map(({ job: id }) => id.slice(0, 3))).toEqual(["ann", "bob"]);
  });

  test("who has jobs running already waits behind who has none", () => {
    const [chosen] = choose([job("ann"), job("bob")], [board("one")], new Map([["ann", 1]]));
    expect(chosen?.job).toMatch(/^bob/);
  });

  test("a higher priority goes before fairness and age", () => {
    const urgent = job("ann", { priority: 5 });
    expect(choose([job("bob"), urgent], [board("one")], new Map([["ann", 9]]))).toEqual([
      { job: urgent.id, board: "one" },
    ]);
  });

  test("the board that has not run for the longest time is taken", () => {
    const boards = [
      board("new", { lastRunMs: 20 }),
      board("old", { lastRunMs: 10 }),
      board("newest", { lastRunMs: 30 }),
    ];
    expect(choose([job("ann")], boards, none)[0]?.board).toBe("old");
  });

  test("boards of one relay card are not given work at once", () => {
    const boards = [board("one", { lane: "card" }), board("two", { lane: "card" }), board("three", { lane: "other" })];
    const chosen = choose([job("a"), job("b"), job("c")], boards, none);
    expect(chosen.map(({ board: name }) => name).toSorted()).toEqual(["one", "three"]);
  });

  test("a worn board rests while one that is less worn fits, however long it has idled", () => {
    const boards = [board("worn", { wear: 1_200, lastRunMs: 1 }), board("fresh", { wear: 400, lastRunMs: 9 })];
    expect(choose([job("ann")], boards, none)[0]?.board).toBe("fresh");
    const alike = [board("worn", { wear: 1_200, lastRunMs: 1 }), board("fresh", { wear: 1_100, lastRunMs: 9 })];
    expect(choose([job("ann")], alike, none)[0]?.board).toBe("worn");
  });

  test("of a pool no more boards run than it has room for, and the others are not kept waiting", () => {
    const boards = [
      board("a", { tags: ["usb"] }),
      board("b", { tags: ["usb"] }),
      board("c"),
      board("d", { tags: ["usb"] }),
    ];
    const jobs = Array.from({ length: 4 }, () => job("ann"));
    const names = (left: number) =>
      choose(jobs, boards, none, { pools: [{ tag: "usb", left }] }).map(({ board: name }) => name);
    expect(names(1)).toEqual(["a", "c"]);
    expect(names(0)).toEqual(["c"]);
  });

  test("jobs of one batch go to different boards, also to one that has run another of them before", () => {
    const batch = () => job("ann", { batch: "x" });
    const boards = [board("a"), board("b"), board("c")];
    expect(choose([batch(), batch()], boards, none).map(({ board: name }) => name)).toEqual(["a", "b"]);
    const had = { batches: new Map([["x", ["a", "b"]]]) };
    expect(choose([batch(), batch()], boards, none, had).map(({ board: name }) => name)).toEqual(["c"]);
  });

  test("a job does not come back to a board whose bench failed it", () => {
    expect(choose([job("ann", { notOn: ["one"] })], [board("one")], none)).toEqual([]);
  });

  test("no job and no board is given twice, and no job is left while a board that fits it is free", () => {
    const name = fc.constantFrom("a", "b", "c");
    const jobs = fc.array(fc.record({ who: name, on: fc.constantFrom("", "a", "b|c", "!a"), priority: fc.nat(2) }));
    const boards = fc.uniqueArray(fc.record({ name: fc.string({ minLength: 1 }), tag: name }), {
      selector: (b) => b.name,
    });
    fc.assert(
      fc.property(jobs, boards, (wishes, free) => {
        const all = wishes.map(({ who, ...more }) => job(who, more));
        const there = free.map((row) => board(row.name, { tags: [row.tag] }));
        const chosen = choose(all, there, none);
        expect(new Set(chosen.map((row) => row.job)).size).toBe(chosen.length);
        expect(new Set(chosen.map((row) => row.board)).size).toBe(chosen.length);
        const left = all.filter(({ id }) => !chosen.some((row) => row.job === id));
        const unused = there.filter((row) => !chosen.some((one) => one.board === row.name));
        expect(choose(left, unused, none)).toEqual([]);
      }),
    );
  });
});
