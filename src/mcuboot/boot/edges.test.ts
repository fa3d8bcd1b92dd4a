import { describe, expect, test } from "@jest/globals";
import { FlashContent } from "../flash/flash-content.ts";
import { isOperation } from "../steps/steps.ts";
import { NRF5340_INTERNAL } from "../steps/timing.ts";
import { strategyOf } from "../swap/strategies.ts";
import { writeStatus } from "../swap/swap-status.ts";
import {
  afterBoot,
  cutAt,
  requestedBoard,
  type SmallBoard,
  shown,
  smallBuild,
  smallImage,
} from "../testing/small-board.ts";
import { setPending } from "./app-api.ts";
import { boot } from "./boot.ts";
import { outcomeOf, runSteps } from "./run-boot.ts";
import { timeline } from "./timeline.ts";

const SECTOR_BYTES = 4096;
const SLOT_BYTES = 16 * SECTOR_BYTES;

const named = ({ build, flash }: SmallBoard): readonly string[] =>
  timeline(flash, build, NRF5340_INTERNAL).operations.map((step) => step.description);

/** A board with these images in its slots, the second one asked for. */
function boardWith(
  build: SmallBoard["build"],
  primary: Uint8Array,
  secondary: Uint8Array,
  permanent = false,
): SmallBoard {
  const flash = FlashContent.erased(3 * SLOT_BYTES, SECTOR_BYTES);
  flash.load(0, primary);
  flash.load(SLOT_BYTES, secondary);
  if (build.mode !== "direct-xip") runSteps(setPending(flash, build, 0, permanent), flash);
  return { build, flash };
}

describe("edges of the rules", () => {
  test("a trailer of two sectors is erased from its last sector on", () => {
    const erased = named(requestedBoard({ maxImgSectors: 512 })).filter((text) => text.startsWith("erase primary"));
    expect(erased.slice(0, 2)).toEqual(["erase primary trailer (sector 15)", "erase primary trailer (sector 14)"]);
  });

  test("a revert does not set up a secondary trailer whose magic is damaged", () => {
    const board = afterBoot(requestedBoard());
    const torn = cutAt(board, 3, { prefixBytes: 8 });
    const [first] = [...operationsOf({ ...board, flash: torn })];
    expect(first).toMatchObject({ kind: "erase", offset: SLOT_BYTES - SECTOR_BYTES });
    expect(shown(outcomeOf(torn, board.build))).toBe("run: 1.0.0 active confirmed, 2.0.0");
  });

  test("swap using move needs a spare sector below the trailer", () => {
    const bytes = 15 * SECTOR_BYTES - 1000;
    const board = requestedBoard({ generation: "1.10.0", encrypted: false, bodyBytes: [20_000, bytes] });
    const { log, images } = outcomeOf(board.flash, board.build);
    expect(log.map((line) => line.text).join("\n")).toContain("Not enough free space");
    expect(images.find((entry) => entry.slot === 0)?.version).toBe("1.0.0");
  });

  test("status entries of swap using scratch count up to the first gap, and a gap is told", () => {
    const build = smallBuild({ mode: "scratch" });
    const area = { offset: 0, bytes: SLOT_BYTES };
    const flash = FlashContent.erased(3 * SLOT_BYTES, SECTOR_BYTES);
    for (const entry of [0, 1, 3]) flash.apply(writeStatus(build, area, entry, 1 + (entry % 3)));
    expect(strategyOf("scratch").readStatus?.(flash, build, area)).toEqual({
      status: { operation: "swap", index: 1, state: 3 },
      inconsistent: true,
    });
  });

  test("a permanent upgrade that reaches into the trailer moves image_ok from scratch, before swap_info", () => {
    const options = { mode: "scratch", encrypted: false, maxImgSectors: 16, bodyBytes: [20_000, 64_300] } as const;
    const names = named(requestedBoard(options, true));
    const place = (text: string) => names.indexOf(text);
    expect(place("status of group 1, step 2")).toBeGreaterThan(0);
    expect(place("primary trailer: image_ok")).toBeGreaterThan(place("status of group 1, step 2"));
    expect(place("primary trailer: image_ok")).toBeLessThan(place("primary trailer: swap_info"));
  });

  test("direct-XIP runs the primary slot when both images have one version", () => {
    const build = smallBuild({ mode: "direct-xip", encrypted: false });
    const [a, b] = [smallImage("1.0.0", 9_000, false).plain, smallImage("1.0.0", 8_000, false).plain];
    expect(outcomeOf(boardWith(build, a, b).flash, build).result).toMatchObject({ kind: "run", slots: [0] });
  });

  test("another image of the same version is no downgrade", () => {
    const build = smallBuild({ encrypted: false, downgradePrevention: true });
    const [a, b] = [smallImage("1.0.0", 9_000, false).plain, smallImage("1.0.0", 8_000, false).plain];
    const board = boardWith(build, a, b, true);
    expect(outcomeOf(board.flash, build).images).toHaveLength(2);
    const older = boardWith(build, smallImage("1.0.1", 9_000, false).plain, b, true);
    expect(outcomeOf(older.flash, build).images).toHaveLength(1);
  });

  test("a dependency is met by exactly the version that it names, and not by an older one", () => {
    const run = (version: string) => {
      const areas = [0, 1, 2, 3].map((slot) => ({ offset: slot * SLOT_BYTES, bytes: SLOT_BYTES }));
      const [p0 = BLANK, s0 = BLANK, p1 = BLANK, s1 = BLANK] = areas;
      const images = [
        { primary: p0, secondary: s0 },
        { primary: p1, secondary: s1 },
      ];
      const build = smallBuild({ encrypted: false, images });
      const flash = FlashContent.erased(4 * SLOT_BYTES, SECTOR_BYTES);
      flash.load(p0.offset, smallImage("1.0.0", 9_000, false).plain);
      flash.load(s0.offset, smallImage("2.0.0", 9_000, false, [{ image: 1, version }]).file);
      flash.load(p1.offset, smallImage("1.5.0", 9_000, false).plain);
      runSteps(setPending(flash, build, 0, false), flash);
      return outcomeOf(flash, build).images.find((entry) => entry.slot === 0)?.version;
    };
    expect([run("1.4.9"), run("1.5.0"), run("1.5.1")]).toEqual(["2.0.0", "2.0.0", "1.0.0"]);
  });
});

const BLANK = { offset: 0, bytes: 0 };

function* operationsOf({ build, flash }: SmallBoard) {
  const after = flash.snapshot();
  for (const step of boot(after, build)) {
    if (!isOperation(step)) continue;
    yield step;
    after.apply(step);
  }
}
