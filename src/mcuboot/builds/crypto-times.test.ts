import { describe, expect, test } from "@jest/globals";
import { outcomeOf } from "../boot/run-boot.ts";
import { timeline } from "../boot/timeline.ts";
import type { FlashContent } from "../flash/flash-content.ts";
import type { Work } from "../steps/steps.ts";
import { NRF5340_INTERNAL, workDurationUs } from "../steps/timing.ts";
import { requestedBoard, type SmallBoard } from "../testing/small-board.ts";
import { CRYPTO_TIMES, cryptoTimes } from "./crypto-times.ts";

const KIB = 1024;
/** Header and TLVs of the images here, about. */
const AROUND_BYTES = 800;

/** The board of the measurement: MCUboot of Zephyr 3.4, swap using move, slots of 64 pages, 256 image sectors. */
function board(kib: number, encrypted: boolean): SmallBoard {
  const body = kib * KIB - AROUND_BYTES;
  const bytes = 0x40000;
  const areas = { primary: { offset: 0x10000, bytes }, secondary: { offset: 0x80000, bytes } };
  return requestedBoard({
    generation: "1.10.0",
    images: [areas],
    maxImgSectors: 256,
    bodyBytes: [body, body],
    encrypted,
  });
}

/** Erased pages and programmed words of the next boot, and the flash after it. */
function counted(
  flash: FlashContent,
  { build }: SmallBoard,
): { readonly operations: number; readonly after: FlashContent } {
  const rows = timeline(flash, build, NRF5340_INTERNAL);
  const operations = rows.operations.reduce(
    (sum, { operation }) =>
      sum + (operation.kind === "erase" ? operation.bytes / 4096 : Math.ceil(operation.data.length / 4)),
    0,
  );
  return { operations, after: rows.flash };
}

describe("operations of a swap and its revert, counted on a real MCUboot for the nRF5340", () => {
  test.each([
    [58, 46_187, 46_195],
    [200, 153_917, 153_925],
  ])("images of %i KiB, encrypted: %i there and %i back", (kib, there, back) => {
    const start = board(kib, true);
    const swapped = counted(start.flash, start);
    const reverted = counted(swapped.after, start);
    expect([swapped.operations, reverted.operations]).toEqual([there, back]);
    expect(counted(reverted.after, start).operations).toBe(0);
  });
});

describe("time of a swap on a real MCUboot with tinycrypt, at one instruction a cycle", () => {
  /** Seconds: before the first operation, from it to the last, after it. */
  test.each([
    ["58 KiB plain", 58, false, [0.41, 6.1 + 0.04, 0.41]],
    ["58 KiB encrypted", 58, true, [1.16, 6.1 + 0.47, 0.42]],
    ["200 KiB plain", 200, false, [0.58, 19.91 + 0.13, 0.58]],
    ["200 KiB encrypted", 200, true, [2.39, 19.91 + 1.63, 0.59]],
  ] as const)("%s: each part, and the whole, within 10 %%", (_, kib, encrypted, measured) => {
    const { flash, build } = oldInClear(board(kib, encrypted), encrypted);
    const { startUs, operationsUs, totalUs } = timeline(flash, build, NRF5340_INTERNAL);
    const parts = [startUs, operationsUs, totalUs - startUs - operationsUs].map((us) => us / 1e6);
    for (const [part, seconds] of measured.entries()) {
      expect(Math.abs((parts[part] ?? 0) / seconds - 1)).toBeLessThan(0.1);
    }
    const whole = measured.reduce((sum, seconds) => sum + seconds, 0);
    expect(Math.abs(totalUs / 1e6 / whole - 1)).toBeLessThan(0.02);
  });

  test("goes by what is copied: the time between two operations lies where their bytes are read", () => {
    const { flash, build } = board(58, true);
    const { operations } = timeline(flash, build, NRF5340_INTERNAL);
    const gaps = operations.map((row, index) => {
      const before = operations[index - 1];
      return { row, us: before === undefined ? 0 : row.startUs - before.startUs - before.durationUs };
    });
    const chunks = gaps.filter(({ row }) => row.operation.kind === "write" && row.operation.data.length === KIB);
    expect(chunks.every(({ us }) => us >= 220)).toBe(true);
    expect(gaps.filter(({ row, us }) => us > 0 && !chunks.some((chunk) => chunk.row === row))).toEqual([]);
    const decrypted = chunks.filter(({ us }) => us > 7_000);
    expect(decrypted.length).toBeGreaterThan(55);
  });
});

/**
 * An old image whose header names no key, as a debugger flashes it. The sheet does not say what ran before: only so
 * does a KiB of the measured swap cost what it costs in the measured check.
 */
function oldInClear(start: SmallBoard, encrypted: boolean): SmallBoard {
  if (!encrypted) return start;
  const flash = start.flash.snapshot();
  const [areas] = start.build.images;
  if (areas === undefined) throw new Error("a build without images");
  const plain = board(58, false);
  const bytes = areas.primary.bytes;
  flash.load(areas.primary.offset, plain.flash.read(areas.primary.offset, bytes));
  return { ...start, flash };
}

describe("crypto that nobody has measured", () => {
  const work = (what: Work["what"], crypto: Work["crypto"], kib = 100): number =>
    workDurationUs({ kind: "work", what, bytes: kib * KIB, cipherBytes: kib * KIB, crypto });

  test("takes 1.1 s for the check of 800 KiB, 150 ms at least, and nothing besides", () => {
    const names = CRYPTO_TIMES.map(({ name }) => name).filter((name) => name !== "tinycrypt");
    for (const name of names) {
      expect([
        work("validate", name, 800),
        work("validate", name, 1),
        work("unwrap", name),
        work("copy", name),
      ]).toEqual([1_100_000, 150_000, 0, 0]);
      expect(cryptoTimes(name).source).toContain("DevZone 118101");
    }
    expect(work("unwrap", "tinycrypt")).toBe(310_000);
  });

  test("changes no operation of a boot, only when it happens", () => {
    const [fast, slow] = (["oberon", "tinycrypt"] as const).map((crypto) => requestedBoard({ crypto }));
    if (fast === undefined || slow === undefined) throw new Error("two boards");
    expect(outcomeOf(fast.flash, slow.build).operations).toBe(outcomeOf(fast.flash, fast.build).operations);
    const us = (build: SmallBoard["build"]) => timeline(fast.flash, build, NRF5340_INTERNAL).totalUs;
    expect(us(slow.build)).toBeGreaterThan(us(fast.build) + 500_000);
  });
});
