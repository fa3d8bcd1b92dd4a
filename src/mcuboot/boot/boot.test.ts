import { describe, expect, test } from "@jest/globals";
import type { FlashContent } from "../flash/flash-content.ts";
import {
  afterBoot,
  counted,
  cutAt,
  requestedBoard,
  type SmallBoard,
  type SmallBoardOptions,
  smallBoard,
} from "../testing/small-board.ts";
import { confirm, setPending } from "./app-api.ts";
import { outcomeOf, runSteps } from "./run-boot.ts";

const versions = (flash: FlashContent, { build }: SmallBoard): string[] =>
  outcomeOf(flash, build).images.map((entry) => `${entry.slot}:${entry.version}`);

describe("boot of an encrypted upgrade, swap using move", () => {
  test("counts of erases and writes are those measured on MCUboot 2d4bacc3", () => {
    const plain: SmallBoardOptions = { encrypted: false };
    const test = requestedBoard(plain);
    expect(counted(test)).toBe("26 + 124");
    expect(counted(requestedBoard(plain, true))).toBe("26 + 125");
    expect(counted(afterBoot(test))).toBe("27 + 128");
    expect(counted(requestedBoard())).toBe("26 + 126");
    expect(counted(afterBoot(requestedBoard()))).toBe("27 + 130");
  });

  test("a test upgrade runs the new image, keeps the old one, and reverts unless confirmed", () => {
    const board = requestedBoard();
    const upgraded = outcomeOf(board.flash, board.build);
    expect(upgraded.result).toMatchObject({ kind: "run", slots: [0], swapTypes: ["test"] });
    expect(versions(board.flash, board)).toEqual(["0:2.0.0", "1:1.0.0"]);
    expect(versions(upgraded.flash, board)).toEqual(["0:1.0.0", "1:2.0.0"]);
    const confirmed = upgraded.flash.snapshot();
    runSteps(confirm(confirmed, board.build, 0), confirmed);
    expect(outcomeOf(confirmed, board.build).operations).toBe(0);
  });

  test("power cut before any operation, wherever: the next boot ends in the new image with the old one kept", () => {
    const board = requestedBoard();
    const { operations, flash: upgraded } = outcomeOf(board.flash, board.build);
    for (let cut = 0; cut < operations; cut += 1) {
      const found = outcomeOf(cutAt(board, cut), board.build).flash.identity();
      expect(`${cut} ${found}`).toBe(`${cut} ${upgraded.identity()}`);
    }
  });

  test("an image with one wrong byte is refused and its slot erased", () => {
    const board = requestedBoard();
    const secondary = board.build.images[0]?.secondary.offset ?? 0;
    board.flash.load(secondary + 5_000, Uint8Array.of((board.flash.read(secondary + 5_000, 1)[0] ?? 0) ^ 1));
    const { result, log, images } = outcomeOf(board.flash, board.build);
    expect(result.kind).toBe("run");
    expect(log.map((line) => `${line.level}: ${line.text}`)).toContain("E: Image in the secondary slot is not valid!");
    expect(images.map((entry) => entry.version)).toEqual(["1.0.0"]);
  });

  test("a known content is judged as if it were gone through again", () => {
    for (const memoise of [true, false]) {
      const board = requestedBoard({ memoise });
      const first = outcomeOf(board.flash, board.build);
      expect(outcomeOf(board.flash, board.build).flash.identity()).toBe(first.flash.identity());
    }
  });

  test("an empty primary slot does not boot, and says why", () => {
    const board = smallBoard();
    board.flash.apply({ kind: "erase", offset: 0, bytes: 16 * 4096 });
    expect(outcomeOf(board.flash, board.build).result).toMatchObject({
      kind: "fail",
      reason: expect.stringContaining("image 0"),
    });
  });

  test("an encrypted image whose key TLV was made for another device panics a swap that was not validated", () => {
    const board = smallBoard({ defects: new Set(["swap-unvalidated"]) });
    const secondary = board.build.images[0]?.secondary.offset ?? 0;
    const tlvs = secondary + 512 + 30_000;
    board.flash.load(tlvs, new Uint8Array(600));
    runSteps(setPending(board.flash, board.build, 0, false), board.flash);
    expect(outcomeOf(board.flash, board.build).result).toEqual({ kind: "panic", reason: "boot_swap_image: rc == 0" });
  });
});
