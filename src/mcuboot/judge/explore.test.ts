import { describe, expect, test } from "@jest/globals";
import { outcomeOf } from "../run-boot.ts";
import { afterBoot, requestedBoard, type SmallBoardOptions } from "../testing/small-board.ts";
import { type Exploration, exploreCuts } from "./explore.ts";

/** Three sectors each way: small enough for every sequence of cuts. */
const small = { slotSectors: 6, bodyBytes: [9_000, 11_000] } as const satisfies SmallBoardOptions;

const ends = ({ ends: all }: Exploration): readonly string[] =>
  all.map((end) => `${end.cuts.length} ${end.ending} ${end.violation ?? "right"}`).toSorted();

describe("every sequence of power cuts", () => {
  test("swap using move: a test upgrade ends in the new image with the old one kept, whatever the cuts", () => {
    const found = exploreCuts(requestedBoard(small));
    expect(found.complete).toBe(true);
    expect(new Set(found.ends.map((end) => end.violation))).toEqual(new Set([undefined]));
    expect(new Set(found.ends.map((end) => end.ending))).toEqual(new Set(["upgraded", "resumed"]));
  });

  test("swap using move: a revert ends in the old image, whatever the cuts", () => {
    const found = exploreCuts(afterBoot(requestedBoard(small)));
    expect(found.complete).toBe(true);
    expect(new Set(found.ends.map((end) => `${end.ending} ${end.violation ?? "right"}`))).toEqual(
      new Set(["reverted right"]),
    );
  });

  test("swap using offset: two cuts in a revert brick the board (U2), one does not", () => {
    const board = afterBoot(requestedBoard({ ...small, mode: "offset", encrypted: false }));
    const found = exploreCuts({ ...board, cutsMax: 2 });
    const dead = found.ends.filter((end) => end.result === "panic");
    expect(dead.map((end) => end.cuts.length)).toEqual([2]);
  });

  test("swap using scratch: two cuts in a revert keep the unconfirmed image for ever (U3), one does not", () => {
    const board = afterBoot(requestedBoard({ ...small, mode: "scratch", encrypted: false }));
    const found = exploreCuts({ ...board, cutsMax: 2 });
    const stays = found.ends.filter((end) => end.shows.startsWith("0/0:2.0.0 active confirmed"));
    expect(stays.map((end) => end.cuts.length)).toEqual([2]);
  });

  test("the shortest sequence that is given leads to the end that it is given for", () => {
    const board = requestedBoard(small);
    const [plain] = exploreCuts({ ...board, cutsMax: 0 }).ends;
    expect(plain?.cuts).toEqual([]);
    expect(plain?.shows).toBe("0/0:2.0.0 active, 0/1:1.0.0 confirmed");
    expect(ends(exploreCuts({ ...board, cutsMax: 0 }))).toEqual(["0 upgraded right"]);
    expect(outcomeOf(board.flash, board.build).result.kind).toBe(plain?.result);
  });

  test("too many contents are given up, and that is said", () => {
    expect(exploreCuts({ ...requestedBoard(small), contentsMax: 10 }).complete).toBe(false);
  });
});
