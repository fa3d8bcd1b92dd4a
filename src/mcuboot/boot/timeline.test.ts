import { describe, expect, test } from "@jest/globals";
import {
  bytesOfUnits,
  INTERNAL_FLASH_BYTES,
  MX25R6435F,
  NRF5340_INTERNAL,
  operationDurationUs,
  workDurationUs,
} from "../steps/timing.ts";
import { requestedBoard, smallBoard } from "../testing/small-board.ts";
import { outcomeOf } from "./run-boot.ts";
import { timeline } from "./timeline.ts";

describe("timeline", () => {
  test("a swap of eight sectors takes what its words and pages take", () => {
    const { build, flash } = requestedBoard({ encrypted: false });
    const line = timeline(flash, build, NRF5340_INTERNAL);
    const pages = line.operations.filter(({ operation }) => operation.kind === "erase").length;
    const words = line.operations.reduce(
      (sum, { operation }) => sum + (operation.kind === "write" ? operation.data.length / 4 : 0),
      0,
    );
    // Eight pages of four chunks are moved up, out and in: 220 us for each KiB that is read.
    const copiesUs = 3 * 8 * 4 * 220;
    expect(line.operationsUs).toBe(pages * 87_500 + words * 43 + copiesUs);
    expect(line.operations.map(({ startUs, durationUs }) => startUs + durationUs).at(-1)).toBe(line.operationsUs);
    expect(line.flash.identity()).toBe(outcomeOf(flash, build).flash.identity());
  });

  test("phases follow each other: prepare, move up, swap, finish", () => {
    const { build, flash } = requestedBoard();
    const phases = timeline(flash, build, NRF5340_INTERNAL).operations.map((row) => row.phase);
    expect(phases.filter((phase, index) => phase !== phases[index - 1])).toEqual([
      "prepare",
      "move up",
      "swap",
      "finish",
    ]);
  });

  test("operations say in words what they do", () => {
    const { build, flash } = requestedBoard();
    const words = timeline(flash, build, NRF5340_INTERNAL).operations.map((row) => row.description);
    expect(words.slice(0, 9)).toEqual([
      "erase primary trailer (sector 15)",
      "primary trailer: swap_info",
      "primary trailer: swap_size",
      "primary trailer: key of slot 0",
      "primary trailer: key of slot 1",
      "primary trailer: magic",
      "erase secondary trailer (sector 15)",
      "erase primary sector 8",
      "copy to primary sector 8, part 1 of 4",
    ]);
    expect(words).toContain("status of move 3");
    expect(words).toContain("status of sector 5, step 2");
    expect(words.at(-1)).toBe("primary trailer: copy_done");
  });

  test("a boot with nothing to do has no operations and takes the time of its check", () => {
    const { build, flash } = smallBoard();
    const line = timeline(flash, build, NRF5340_INTERNAL);
    expect(line.operations).toEqual([]);
    const imageKib = (512 + 20_000 + 152) / 1024;
    expect(line.totalUs / 1000).toBeCloseTo(340 + 1.2 * imageKib, 0);
  });

  test("durations: 43 us a word begun, 87.5 ms a page, 1.1 s for 800 KiB of image", () => {
    expect(operationDurationUs({ kind: "write", offset: 0, data: new Uint8Array(5) }, NRF5340_INTERNAL)).toBe(86);
    expect(operationDurationUs({ kind: "erase", offset: 0, bytes: 8192 }, NRF5340_INTERNAL)).toBe(175_000);
    const check = { kind: "work", what: "validate", bytes: 800 * 1024, cipherBytes: 0, crypto: "oberon" } as const;
    expect([workDurationUs(check), workDurationUs({ ...check, bytes: 1024 })]).toEqual([1_100_000, 150_000]);
  });

  test("external flash has its own: 0.9 ms a page of 256 bytes, whole or in part, 48 ms a sector", () => {
    const both = { ...NRF5340_INTERNAL, above: { offset: INTERNAL_FLASH_BYTES, timing: MX25R6435F } };
    const write = (offset: number, bytes: number) => ({ kind: "write", offset, data: new Uint8Array(bytes) }) as const;
    const us = (offset: number, bytes: number) => operationDurationUs(write(offset, bytes), both);
    expect([us(INTERNAL_FLASH_BYTES, 1024), us(INTERNAL_FLASH_BYTES, 4), us(INTERNAL_FLASH_BYTES + 252, 8)]).toEqual([
      4 * 896,
      896,
      2 * 896,
    ]);
    expect(us(INTERNAL_FLASH_BYTES - 8, 8)).toBe(86);
    expect(operationDurationUs({ kind: "erase", offset: INTERNAL_FLASH_BYTES, bytes: 8192 }, both)).toBe(96_000);
    const parts = [0, 1, 2, 3].map((units) => bytesOfUnits(write(INTERNAL_FLASH_BYTES + 200, 400), both, units));
    expect(parts).toEqual([0, 56, 312, 400]);
  });
});

describe("timeline of other modes", () => {
  test("swap using scratch prepares its trailers before it swaps", () => {
    const { build, flash } = requestedBoard({ mode: "scratch" });
    const rows = timeline(flash, build, NRF5340_INTERNAL).operations;
    const phases = rows.map((row) => row.phase);
    expect(phases.filter((phase, index) => phase !== phases[index - 1])).toEqual(["prepare", "swap", "finish"]);
    expect(rows.map((row) => row.description)).toContain("status of group 3, step 2");
  });

  test("overwrite-only erases, copies and finishes; a refused image is cleaned away", () => {
    const overwrite = requestedBoard({ mode: "overwrite" });
    const phases = timeline(overwrite.flash, overwrite.build, NRF5340_INTERNAL).operations.map((row) => row.phase);
    expect(phases.filter((phase, index) => phase !== phases[index - 1])).toEqual(["erase", "copy", "finish"]);
    const refused = requestedBoard();
    refused.flash.load((refused.build.images[0]?.secondary.offset ?? 0) + 9_000, new Uint8Array(4));
    const cleaned = timeline(refused.flash, refused.build, NRF5340_INTERNAL).operations.map((row) => row.phase);
    expect(new Set(cleaned)).toEqual(new Set(["clean"]));
  });
});
