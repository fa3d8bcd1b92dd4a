import { describe, expect, test } from "@jest/globals";
import { setPending } from "../boot/app-api.ts";
import { runSteps } from "../boot/run-boot.ts";
import { FlashContent } from "../flash/flash-content.ts";
import { smallBuild } from "../testing/small-board.ts";
import { fieldOffset, readTrailer, statusOffset, trailerBytesOf } from "./trailer.ts";

describe("trailer", () => {
  test("sizes are those that MCUboot 2d4bacc3 was measured with", () => {
    const bytes = (options: Parameters<typeof smallBuild>[0]): number => trailerBytesOf(smallBuild(options));
    expect(bytes({ encrypted: false })).toBe(1584);
    expect(bytes({})).toBe(1616);
    expect(bytes({ encrypted: false, mode: "offset" })).toBe(1080);
    expect(bytes({ encrypted: false, maxImgSectors: 256 })).toBe(3120);
    expect(bytes({ encrypted: false, maxAlign: 32 })).toBe(1696);
  });

  test("the scratch area's trailer has the status of one group only", () => {
    const build = smallBuild({ mode: "scratch", encrypted: false });
    const { scratch } = build;
    if (scratch === undefined) throw new Error("no scratch area");
    expect(scratch.bytes - statusOffset(build, scratch)).toBe(48 + 3 * 4);
  });

  test("reads back what a request wrote, and nothing from an erased slot", () => {
    const build = smallBuild();
    const [areas] = build.images;
    if (areas === undefined) throw new Error("no image");
    const flash = FlashContent.erased(2 * 16 * 4096);
    expect(readTrailer(flash, build, areas.secondary)).toMatchObject({ magic: "unset", imageOk: "unset", swapCode: 1 });
    runSteps(setPending(flash, build, 0, true), flash);
    expect(readTrailer(flash, build, areas.secondary)).toEqual({
      magic: "good",
      swapType: "perm",
      swapCode: 3,
      copyDone: "unset",
      imageOk: "set",
      imageNumber: 0,
    });
  });

  test("one wrong bit in the magic is bad, other values than 1 in a flag are bad, swap type 0 stays 0", () => {
    const build = smallBuild();
    const area = build.images[0]?.secondary;
    if (area === undefined) throw new Error("no image");
    const flash = FlashContent.erased(2 * 16 * 4096);
    runSteps(setPending(flash, build, 0, true), flash);
    flash.apply({ kind: "write", offset: fieldOffset(build, area, "magic"), data: Uint8Array.of(0x76) });
    flash.load(fieldOffset(build, area, "imageOk"), Uint8Array.of(0x5a));
    flash.load(fieldOffset(build, area, "swapInfo"), Uint8Array.of(0x30));
    expect(readTrailer(flash, build, area)).toMatchObject({
      magic: "bad",
      imageOk: "bad",
      swapCode: 0,
      imageNumber: 3,
    });
    flash.load(fieldOffset(build, area, "swapInfo"), Uint8Array.of(0x35));
    expect(readTrailer(flash, build, area)).toMatchObject({ swapType: "none", imageNumber: 0 });
  });
});
