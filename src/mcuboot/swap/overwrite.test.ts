import { describe, expect, test } from "@jest/globals";
import { outcomeOf } from "../boot/run-boot.ts";
import { afterBoot, counted, cutAt, requestedBoard, shown } from "../testing/small-board.ts";

const small = { mode: "overwrite", slotSectors: 8, bodyBytes: [12_000, 12_000] } as const;

describe("overwrite-only", () => {
  test("counts of operations are those measured on MCUboot 2d4bacc3", () => {
    const plain = { ...small, encrypted: false };
    expect(counted(requestedBoard({ ...plain, overwriteFast: false }))).toBe("10 + 32");
    expect(counted(requestedBoard(plain))).toBe("7 + 14");
  });

  test("the new image runs, the secondary header is gone, and nothing is ever taken back", () => {
    const upgraded = afterBoot(requestedBoard(small));
    const again = outcomeOf(upgraded.flash, upgraded.build);
    expect(shown(again)).toBe("run: 2.0.0 active confirmed");
    expect(again.operations).toBe(0);
  });

  test("a cut at any operation ends in the new image: the copy starts again", () => {
    const board = requestedBoard(small);
    const { operations } = outcomeOf(board.flash, board.build);
    for (let cut = 0; cut < operations; cut += 1) {
      expect(`${cut} ${shown(outcomeOf(cutAt(board, cut, "head"), board.build))}`).toBe(
        `${cut} run: 2.0.0 active confirmed`,
      );
    }
  });

  test("an older image is refused under downgrade prevention and its slot erased", () => {
    const board = requestedBoard({ ...small, downgradePrevention: true });
    const upgraded = afterBoot(board);
    const [areas] = board.build.images;
    if (areas === undefined) throw new Error("no image");
    upgraded.flash.load(areas.secondary.offset, board.flash.read(areas.primary.offset, areas.primary.bytes));
    const magic = areas.secondary.offset + areas.secondary.bytes - 16;
    upgraded.flash.load(magic, board.flash.read(magic, 16));
    const { log } = outcomeOf(upgraded.flash, board.build);
    expect(log.map((line) => line.text)).toContain("Insufficient version in secondary slot");
  });
});
