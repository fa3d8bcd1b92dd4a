import { describe, expect, test } from "@jest/globals";
import type { BootMode } from "../builds/boot-mode.ts";
import { FlashContent } from "../flash/flash-content.ts";
import { cutAt, type SmallBoard, smallBuild, smallImage } from "../testing/small-board.ts";
import { setPending } from "./app-api.ts";
import { outcomeOf, runSteps } from "./run-boot.ts";

const SLOT_BYTES = 6 * 4096;

/** Two images of three and two sectors, both requested. */
function twoImages(mode: BootMode): SmallBoard {
  const areas = [0, 1, 2, 3].map((slot) => ({ offset: slot * SLOT_BYTES, bytes: SLOT_BYTES }));
  const [primary0, secondary0, primary1, secondary1] = areas as [Area, Area, Area, Area];
  const build = smallBuild({
    mode,
    encrypted: false,
    images: [
      { primary: primary0, secondary: secondary0 },
      { primary: primary1, secondary: secondary1 },
    ],
    ...(mode === "scratch" ? { scratch: { offset: 4 * SLOT_BYTES, bytes: 4096 } } : {}),
  });
  const flash = FlashContent.erased(5 * SLOT_BYTES);
  const start = mode === "offset" ? 4096 : 0;
  for (const [image, bodyBytes] of [9_000, 7_000].entries()) {
    const [primary, secondary] = [areas[2 * image], areas[2 * image + 1]];
    flash.load(primary?.offset ?? 0, smallImage("1.0.0", bodyBytes, false).plain);
    flash.load((secondary?.offset ?? 0) + start, smallImage("2.0.0", bodyBytes, false).file);
    runSteps(setPending(flash, build, image, false), flash);
  }
  return { build, flash };
}

describe("MCUBOOT_VERIFY_IMG_ADDRESS", () => {
  test("refuses an image whose reset vector does not lie in its primary slot, and erases it", () => {
    const { build, flash } = twoImages("overwrite");
    const checked = outcomeOf(flash, { ...build, verifyAddress: true });
    const texts = checked.log.map((line) => line.text);
    expect(texts).toContain("Binary in secondary slot of image 1 is not designated for the primary slot");
    expect(texts).toContain("Erasing image from secondary slot");
    // Both reset vectors lie in the primary slot of image 0: right for that one, wrong for the other.
    const running = (board: SmallBoard["build"]) =>
      outcomeOf(flash, board)
        .images.filter(({ slot }) => slot === 0)
        .map(({ version }) => version);
    expect(running({ ...build, verifyAddress: true })).toEqual(["2.0.0", "1.0.0"]);
    expect(running(build)).toEqual(["2.0.0", "2.0.0"]);
  });
});

type Area = { readonly offset: number; readonly bytes: number };

const running = ({ build, flash }: SmallBoard): string =>
  outcomeOf(flash, build)
    .images.filter((entry) => entry.slot === 0)
    .map((entry) => `${entry.image}:${entry.version}`)
    .join(" ");

describe("several images", () => {
  test("counts of operations are those measured on MCUboot 2d4bacc3", () => {
    const counts = (["move", "offset", "scratch"] as const).map((mode) => {
      const board = twoImages(mode);
      return outcomeOf(board.flash, board.build).operations;
    });
    expect(counts).toEqual([102, 74, 110]);
  });

  test("a cut anywhere ends with both images new, and both old on the boot after that", () => {
    for (const mode of ["move", "scratch"] as const) {
      const board = twoImages(mode);
      const { operations } = outcomeOf(board.flash, board.build);
      for (let cut = 0; cut < operations; cut += 1) {
        const once = { ...board, flash: cutAt(board, cut) };
        expect(`${mode} ${cut} ${running(once)}`).toBe(`${mode} ${cut} 0:2.0.0 1:2.0.0`);
        const twice = { ...board, flash: outcomeOf(once.flash, board.build).flash };
        expect(`${mode} ${cut} ${running(twice)}`).toBe(`${mode} ${cut} 0:1.0.0 1:1.0.0`);
      }
    }
  });
});
