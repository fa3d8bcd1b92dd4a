import { describe, expect, test } from "@jest/globals";
import { applicationImage, mcubootFirmware, mcubootUpdate, NSIB_MAP, nsibBuild } from "../testing/nsib-board.ts";
import type { SmallBoardOptions } from "../testing/small-board.ts";
import { sweepUpgrade } from "./upgrade.ts";

/** The findings of all cuts of an update of MCUboot, as "class, what is known of it". */
function found(options: SmallBoardOptions): string[] {
  const { findings } = sweepUpgrade({
    build: nsibBuild(options),
    old: applicationImage("1.0.0"),
    next: mcubootUpdate("s1", 2),
    bootloader: {
      firmware: { offset: NSIB_MAP.s0.offset + 512, bytes: mcubootFirmware("s0", 1) },
      versions: { old: 1, new: 2 },
    },
  });
  return findings.map((finding) => `${finding.class}, ${finding.known ?? "new"}`);
}

const mended = { fixes: new Set(["N1"] as const) };

describe("a sweep of an update of MCUboot itself", () => {
  test.each(["move", "scratch", "overwrite"] as const)("finds nothing where it is mended (%s)", (mode) => {
    expect(found({ ...mended, mode })).toEqual([]);
  });

  test("finds what is known of it, in the releases whose assertions end a boot", () => {
    expect(found({ generation: "ncs-3.4" })).toEqual(["brick, N1"]);
    expect(found({ generation: "ncs-3.0" })).toEqual([]);
  });

  test("finds an update that is moved into the half that runs, which nobody knows of", () => {
    expect(found({ ...mended, defects: new Set(["own-update-in-place"] as const) })).toContain("brick, new");
  });
});
