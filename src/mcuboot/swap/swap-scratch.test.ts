import { describe, expect, test } from "@jest/globals";
import { outcomeOf } from "../boot/run-boot.ts";
import { afterBoot, counted, cutAt, requestedBoard, shown } from "../testing/small-board.ts";

const scratch = { mode: "scratch" } as const;

describe("swap using scratch", () => {
  test("counts of erases and writes are those measured on MCUboot 2d4bacc3", () => {
    const plain = { ...scratch, encrypted: false };
    expect(counted(requestedBoard(plain))).toBe("27 + 127");
    expect(counted(requestedBoard(plain, true))).toBe("27 + 129");
    expect(counted(afterBoot(requestedBoard(plain)))).toBe("27 + 128");
    expect(counted(requestedBoard(scratch))).toBe("27 + 131");
    expect(counted(afterBoot(requestedBoard(scratch)))).toBe("27 + 132");
  });

  test("an image that reaches into the trailer's sector keeps its status in the scratch area for a while", () => {
    const board = requestedBoard({ ...scratch, encrypted: false, slotSectors: 5, bodyBytes: [18_000, 18_000] });
    const { operations, log } = outcomeOf(board.flash, board.build);
    expect(operations).toBe(96);
    expect(log.map((line) => line.text)).toContain("Starting swap using scratch algorithm.");
    const sources = Array.from({ length: operations }, (_, cut) => {
      const { log: resumed } = outcomeOf(cutAt(board, cut), board.build);
      return resumed.find((line) => line.text.startsWith("Boot source"))?.text ?? "";
    });
    expect(new Set(sources)).toEqual(new Set(["Boot source: primary slot", "Boot source: scratch"]));
  });

  test("a cut before any operation, with status in scratch or not, ends in the new image, the old one kept", () => {
    for (const options of [{}, { slotSectors: 5, bodyBytes: [18_000, 18_000] as const, encrypted: false }]) {
      const board = requestedBoard({ ...scratch, ...options });
      const { operations } = outcomeOf(board.flash, board.build);
      for (let cut = 0; cut < operations; cut += 1) {
        const found = outcomeOf(cutAt(board, cut), board.build);
        expect(`${cut} ${shown(found)}`).toBe(`${cut} run: 2.0.0 active, 1.0.0 confirmed`);
      }
    }
  });

  test("U4: a torn erase of the scratch sector that holds data and trailer bricks a permanent upgrade", () => {
    const options = { ...scratch, encrypted: false, slotSectors: 5, bodyBytes: [18_000, 18_000] } as const;
    const board = requestedBoard(options, true);
    const { operations } = outcomeOf(board.flash, board.build);
    const dead = Array.from({ length: operations }, (_, cut) =>
      outcomeOf(cutAt(board, cut, "head"), board.build),
    ).filter(({ result }) => result.kind !== "run");
    expect(dead.length).toBe(1);
  });
});
