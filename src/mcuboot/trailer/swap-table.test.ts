import { describe, expect, test } from "@jest/globals";
import { SWAP_TYPES, swapTypeOfCode } from "./swap-codes.ts";
import { swapRow } from "./swap-table.ts";
import { EMPTY_TRAILER, type TrailerState } from "./trailer.ts";

const trailer = (fields: Partial<TrailerState>): TrailerState => ({ ...EMPTY_TRAILER, ...fields });
const current = { mode: "move", revertNeedsSecondaryUnset: false } as const;
const type = (rules: Parameters<typeof swapRow>[0], primary: TrailerState, secondary: TrailerState): string =>
  swapRow(rules, primary, secondary)?.result ?? "none";

const unconfirmed = trailer({ magic: "good", copyDone: "set" });

describe("swap type", () => {
  test("two erased trailers ask for nothing", () => {
    expect(type(current, EMPTY_TRAILER, EMPTY_TRAILER)).toBe("none");
  });

  test("a good magic in the secondary slot asks for a test, with image_ok for good, whatever the primary says", () => {
    for (const primary of [EMPTY_TRAILER, unconfirmed, trailer({ magic: "bad" })]) {
      expect(type(current, primary, trailer({ magic: "good" }))).toBe("test");
      expect(type(current, primary, trailer({ magic: "good", imageOk: "set" }))).toBe("perm");
    }
  });

  test("a damaged image_ok in the secondary slot asks for nothing, but does not hinder a revert", () => {
    const damaged = trailer({ magic: "good", imageOk: "bad" });
    expect(type(current, EMPTY_TRAILER, damaged)).toBe("none");
    expect(type(current, unconfirmed, damaged)).toBe("revert");
  });

  test("an unconfirmed image is reverted; confirmed, or with damaged flags, it stays", () => {
    expect(type(current, unconfirmed, EMPTY_TRAILER)).toBe("revert");
    expect(type(current, { ...unconfirmed, imageOk: "set" }, EMPTY_TRAILER)).toBe("none");
    expect(type(current, { ...unconfirmed, imageOk: "bad" }, EMPTY_TRAILER)).toBe("none");
    expect(type(current, { ...unconfirmed, copyDone: "bad" }, EMPTY_TRAILER)).toBe("none");
  });

  test("before 2.2 a damaged secondary magic hid the revert (R19)", () => {
    const damaged = trailer({ magic: "bad" });
    expect(type(current, unconfirmed, damaged)).toBe("revert");
    expect(type({ ...current, revertNeedsSecondaryUnset: true }, unconfirmed, damaged)).toBe("none");
  });

  test("only swap using offset reads copy_done of the secondary slot as a revert", () => {
    const begun = trailer({ magic: "good", copyDone: "set" });
    expect(type({ ...current, mode: "offset" }, EMPTY_TRAILER, begun)).toBe("revert");
    expect(type(current, EMPTY_TRAILER, begun)).toBe("test");
  });

  test("each number names its type, and numbers that mean nothing are panic", () => {
    for (const row of SWAP_TYPES) expect(swapTypeOfCode(row.code)).toBe(row.name);
    expect(swapTypeOfCode(0)).toBe("panic");
    expect(swapTypeOfCode(9)).toBe("panic");
  });
});
