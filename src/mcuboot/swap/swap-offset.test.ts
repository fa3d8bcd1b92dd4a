import { describe, expect, test } from "@jest/globals";
import { outcomeOf } from "../boot/run-boot.ts";
import { afterBoot, counted, cutAt, requestedBoard, shown, smallImage } from "../testing/small-board.ts";

const offset = { mode: "offset" } as const;

describe("swap using offset", () => {
  test("counts of erases and writes are those measured on MCUboot 2d4bacc3", () => {
    const plain = { ...offset, encrypted: false };
    expect(counted(requestedBoard(plain))).toBe("17 + 81");
    expect(counted(requestedBoard(plain, true))).toBe("17 + 82");
    expect(counted(afterBoot(requestedBoard(plain)))).toBe("20 + 87");
    expect(counted(requestedBoard(offset))).toBe("17 + 83");
    expect(counted(afterBoot(requestedBoard(offset)))).toBe("20 + 91");
  });

  test("a cut before any operation of a longer new image ends in the new image, the old one kept", () => {
    const board = requestedBoard(offset);
    const whole = outcomeOf(board.flash, board.build);
    for (let cut = 0; cut < whole.operations; cut += 1) {
      const found = outcomeOf(cutAt(board, cut), board.build);
      expect(`${cut} ${shown(found)}`).toBe(`${cut} run: 2.0.0 active, 1.0.0 confirmed`);
    }
  });

  test("U1: with a much shorter new image some cuts lose the fallback, as on the real bootloader", () => {
    const board = requestedBoard({ ...offset, encrypted: false, slotSectors: 8, bodyBytes: [15_000, 3_000] });
    const { operations } = outcomeOf(board.flash, board.build);
    const secondBoots = Array.from({ length: operations }, (_, cut) => {
      const first = outcomeOf(cutAt(board, cut), board.build);
      return shown(outcomeOf(first.flash, board.build));
    });
    const lost = secondBoots.filter((text) => !text.startsWith("run: 1.0.0"));
    expect(lost.length).toBe(5);
  });

  test("an update in the first sector is refused: it was uploaded to the wrong place", () => {
    const board = requestedBoard(offset);
    const secondary = board.build.images[0]?.secondary.offset ?? 0;
    board.flash.load(secondary, smallImage("2.0.0", 30_000).file);
    const { log, images } = outcomeOf(board.flash, board.build);
    expect(log.map((line) => line.text)).toContain(
      "Secondary header magic detected in first sector, wrong upload address?",
    );
    expect(images.map((entry) => entry.version)).toEqual(["1.0.0"]);
  });
});
