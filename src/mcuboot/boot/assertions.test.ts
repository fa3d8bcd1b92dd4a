import { describe, expect, test } from "@jest/globals";
import { explainFlash } from "../explain/index.ts";
import type { FlashContent } from "../flash/flash-content.ts";
import {
  counted,
  cutAt,
  eachGeneration,
  requestedBoard,
  type SmallBoard,
  type SmallBoardOptions,
  shown,
} from "../testing/small-board.ts";
import { fieldOffset } from "../trailer/trailer.ts";
import { confirm } from "./app-api.ts";
import { outcomeOf, runSteps } from "./run-boot.ts";

/** A board that runs an image whose TLVs cannot be read any more, and is asked for a good one. */
function damagedRunning(options: SmallBoardOptions = {}): SmallBoard {
  const board = requestedBoard(options);
  const magic = 512 + 20_000;
  board.flash.load(magic, Uint8Array.of((board.flash.read(magic, 1)[0] ?? 0) & 0xfe));
  return board;
}

/** A swap that was interrupted between two sectors and has lost the key of the new image from its trailer. */
function keyLost(options: SmallBoardOptions): SmallBoard {
  const board = requestedBoard(options);
  const flash = cutAt(board, 60);
  const [areas] = board.build.images;
  if (areas === undefined) throw new Error("a build without images");
  flash.load(fieldOffset(board.build, areas.primary, "key1"), new Uint8Array(16).fill(0xff));
  return { ...board, flash };
}

const texts = (flash: FlashContent, { build }: SmallBoard): string[] =>
  outcomeOf(flash, build).log.map(({ text }) => text);

describe("a running image whose TLVs are damaged, with a good update asked for", () => {
  test("is replaced where assertions do nothing, and by as many operations as a whole one", () => {
    const board = damagedRunning({ assertions: "off" });
    const after = outcomeOf(board.flash, board.build);
    expect(shown(after)).toBe("run: 2.0.0 active");
    expect(counted(board)).toBe(counted(requestedBoard({ assertions: "off" })));
    const kept = after.flash.snapshot();
    runSteps(confirm(kept, board.build, 0), kept);
    expect(outcomeOf(kept, board.build)).toMatchObject({ operations: 0, result: { kind: "run" } });
  });

  test("cannot be taken back: the boot after it erases what is left of it, and the new one stays", () => {
    const board = damagedRunning({ assertions: "off" });
    const swapped = outcomeOf(board.flash, board.build).flash;
    const next = outcomeOf(swapped, board.build);
    expect(shown(next).slice(0, 10)).toBe("run: 2.0.0");
    expect(texts(swapped, board)).toContain("Image in the secondary slot is not valid!");
    const [areas] = board.build.images;
    const left = next.flash.read(areas?.secondary.offset ?? 0, areas?.secondary.bytes ?? 0);
    expect(left.every((byte) => byte === 0xff)).toBe(true);
  });

  test.each([
    ["on", undefined],
    ["abort", "abort()"],
  ] as const)('stops every boot where assertions are "%s", before any operation; last line: %s', (assertions, last) => {
    const board = damagedRunning({ assertions });
    const { result, operations, log } = outcomeOf(board.flash, board.build);
    expect(result).toEqual({ kind: "panic", reason: "boot_swap_image: rc == 0" });
    expect(operations).toBe(0);
    expect(log.at(-1)?.text === "abort()" ? "abort()" : undefined).toBe(last);
  });

  test("comes back on releases up to 2.2 (NCS 3.0) as they are built, and not later", () => {
    const ends = eachGeneration((name) => {
      const board = damagedRunning({ generation: name });
      return outcomeOf(board.flash, board.build).result.kind;
    });
    // 2.2.0 itself is built with the minimal libc, as NCS up to 3.0 is; NCS 3.1 took picolibc.
    expect(ends).toEqual(["ncs-1.7 to ncs-3.0: run", "ncs-3.1: panic", "2.2.0: run", "ncs-3.2 to current: panic"]);
  });
});

describe("a saved key that is missing when a swap resumes", () => {
  test("is a failed assertion, or a wrong key and an image that is not valid", () => {
    for (const generation of ["1.10.0", "2.1.0", "2.2.0", "current"]) {
      const ended = keyLost({ generation, assertions: "on" });
      expect(outcomeOf(ended.flash, ended.build).result.kind).toBe("panic");
      const board = keyLost({ generation, assertions: "off" });
      const { result, operations } = outcomeOf(board.flash, board.build);
      expect(result).toMatchObject({ kind: "fail" });
      expect(operations).toBeGreaterThan(10);
      expect(texts(board.flash, board)).toContain("Image in the primary slot is not valid!");
    }
  });
});

test('"panic!" is no assertion: it stops the boot whatever assertions do, and without "abort()"', () => {
  for (const assertions of ["off", "abort", "on"] as const) {
    const board = requestedBoard({ assertions });
    const flash = cutAt(board, 60);
    const [areas] = board.build.images;
    if (areas === undefined) throw new Error("a build without images");
    flash.load(fieldOffset(board.build, areas.primary, "swapInfo"), Uint8Array.of(0));
    const { result, log } = outcomeOf(beforeEntries(flash, board), board.build);
    expect(result).toEqual({ kind: "panic", reason: "context_boot_go: 0" });
    expect(log.at(-1)?.text).toBe("panic!");
  }
});

/** The same trailer before any of its status entries was written. */
function beforeEntries(flash: FlashContent, board: SmallBoard): FlashContent {
  const fresh = cutAt(board, 7);
  const [areas] = board.build.images;
  const last = (areas?.primary.bytes ?? 0) - 64;
  fresh.load(last, flash.read(last, 64));
  return fresh;
}

test("what explains a dump says what an assertion has to do with its end, in either build", () => {
  const told = (assertions: "off" | "abort"): string => {
    const board = damagedRunning({ assertions });
    return explainFlash(board.flash, board.build).result;
  };
  expect(told("off")).toBe(
    "runs; past a failed assertion (boot_swap_image: rc == 0), which does nothing in this build",
  );
  expect(told("abort")).toBe(
    "panic: boot_swap_image: rc == 0, on every boot; where assertions do nothing (bootloader.assertions: off): runs",
  );
  const good = requestedBoard();
  expect(explainFlash(good.flash, good.build).result).toBe("runs");
});
