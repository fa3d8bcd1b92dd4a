import { describe, expect, test } from "@jest/globals";
import { smallBoard } from "../testing/small-board.ts";
import { fieldOffset } from "../trailer/trailer.ts";
import { setPending } from "./app-api.ts";
import { outcomeOf, runSteps } from "./run-boot.ts";

const xip = { mode: "direct-xip", encrypted: false } as const;
const SLOT_BYTES = 16 * 4096;

describe("direct-XIP", () => {
  test("the newest valid image runs where it lies, without one flash operation", () => {
    const { build, flash } = smallBoard(xip);
    const { result, operations } = outcomeOf(flash, build);
    expect(result).toMatchObject({ kind: "run", slots: [SLOT_BYTES] });
    expect(operations).toBe(0);
  });

  test("a damaged newest image is erased and the other one runs", () => {
    const { build, flash } = smallBoard(xip);
    flash.load(SLOT_BYTES + 9_000, new Uint8Array(4));
    const first = outcomeOf(flash, build);
    expect(first.result).toMatchObject({ kind: "run", slots: [0] });
    expect(first.operations).toBe(16);
    expect(first.images.map((entry) => entry.version)).toEqual(["1.0.0"]);
  });

  test("with revert an unconfirmed image gets exactly one boot", () => {
    const { build, flash } = smallBoard({ ...xip, xipRevert: true });
    runSteps(setPending(flash, build, 0, false), flash);
    const first = outcomeOf(flash, build);
    expect(first.result).toMatchObject({ kind: "run", slots: [SLOT_BYTES] });
    expect(first.operations).toBe(1);
    const second = outcomeOf(first.flash, build);
    expect(second.result).toMatchObject({ kind: "fail" });
    expect(second.images).toEqual([]);
  });

  test("with revert and a copy_done of 0x00, which no write makes good, an unconfirmed image boots for ever (U10)", () => {
    const { build, flash } = smallBoard({ ...xip, xipRevert: true });
    runSteps(setPending(flash, build, 0, false), flash);
    const secondary = build.images[0]?.secondary ?? { offset: 0, bytes: 0 };
    flash.load(fieldOffset(build, secondary, "copyDone"), Uint8Array.of(0));
    let now = flash;
    for (let boots = 0; boots < 3; boots += 1) {
      const outcome = outcomeOf(now, build);
      expect(outcome.result).toMatchObject({ kind: "run", slots: [SLOT_BYTES] });
      expect(outcome.operations).toBe(1);
      now = outcome.flash;
    }
  });

  test("with revert a confirmed image stays", () => {
    const { build, flash } = smallBoard({ ...xip, xipRevert: true });
    runSteps(setPending(flash, build, 0, true), flash);
    const { result, operations } = outcomeOf(flash, build);
    expect(result).toMatchObject({ kind: "run", slots: [SLOT_BYTES] });
    expect(operations).toBe(0);
  });
});
