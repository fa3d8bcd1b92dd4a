import { describe, expect, test } from "@jest/globals";
import { openBoard } from "../../board/index.ts";
import { Random } from "../../core/index.ts";
import { type Timeline, timeline } from "../../mcuboot/index.ts";
import { RecordedBoard } from "../bench/recorded-board.ts";
import { StartingPoint } from "../bench/starting-point.ts";
import { cutUpgrade } from "../cuts/cut-boot.ts";
import { referenceUpgrade } from "../cuts/upgrade.ts";
import { buildMaterial } from "../request/material.ts";
import { type Edit, eventsOf, smallProfile, smallRun, smallScenario } from "../testing/small-campaign.ts";
import { smallTrial } from "../testing/small-trial.ts";
import { isAnnounced, windowIn } from "./cut-window.ts";
import type { ExpectedFlash } from "./expected-flash.ts";

/** 16 pages of 87.5 ms. */
const ERASE_US = 1_400_000;
const DAMAGED: Edit = ["generate_bytes: 9000 } }", "generate_bytes: 9000 }, damage: body }"];
const FLASHED: Edit = ["revert_check: true", "revert_check: false\nstart: { flash_each: true }"];
const of = (generation: string) => smallProfile(["mode: swap-move", `mode: swap-move, generation: "${generation}"`]);

/** A twin that was asked for a damaged image, and the model of it. */
async function refusing(generation: string): Promise<{ readonly boot: Timeline; readonly expected: ExpectedFlash }> {
  const board = of(generation);
  await using opened = await openBoard(board, { random: Random.fromSeed(1) });
  const { images, expected } = await buildMaterial(
    { scenario: smallScenario(DAMAGED), board },
    opened,
    Random.fromSeed(1),
  );
  expected.place(images.old, images.new);
  expected.requestTest();
  return { boot: timeline(expected.flash, expected.build, expected.timing), expected };
}

describe("a boot that refuses an image", () => {
  test("announces its erase only where the line about it comes first", async () => {
    const announced = ["2.2.0", "2.3.0", "current"].map(async (name) => {
      const { boot, expected } = await refusing(name);
      return `${name} ${boot.operationsUs === ERASE_US} ${isAnnounced(boot, expected.build.generation)}`;
    });
    expect(await Promise.all(announced)).toEqual(["2.2.0 true false", "2.3.0 true false", "current true true"]);
  });

  test("is cut somewhere in its erase if nothing was said, and after it once the line was seen", async () => {
    const { boot, expected } = await refusing("2.2.0");
    const said = { fromUs: -1, toUs: -1 };
    const silent = { fromUs: 100_000, toUs: 300_000 };
    const { generation } = expected.build;
    expect(windowIn(boot, { ...said, silent: { ...silent, refused: false } }, generation)).toEqual(silent);
    const over = { fromUs: ERASE_US, toUs: ERASE_US };
    expect(windowIn(boot, { ...said, silent: { ...silent, refused: true } }, generation)).toEqual(over);
    const announced = await refusing("current");
    const spoken = { ...said, silent: { ...silent, refused: false } };
    expect(windowIn(announced.boot, spoken, announced.expected.build.generation)).toEqual(said);
  });
});

describe("a campaign with a damaged image", () => {
  test("finds the same start of the erase, and the same places in it, whatever order the release has", async () => {
    const found = ["2.3.0", "current"].map(async (name) => {
      const scenario = smallScenario(DAMAGED, FLASHED, ["cuts: { count: 4 }", "cuts: { count: 8 }"]);
      const { events, result } = await smallRun({ scenario, board: of(name) });
      expect(result.outcome).toBe("pass");
      const [reference] = eventsOf(events, "reference");
      const places = eventsOf(events, "verdict").map(({ verdict }) => verdict.cut?.intoSwapUs ?? 0);
      return { startUs: reference?.startAfterResetUs ?? 0, swapUs: reference?.swapUs ?? 0, places };
    });
    const [first, later] = await Promise.all(found);
    // A line of 44 characters and the end of it at a megabaud; the banners differ by "-dev".
    const lineUs = 10 * 44;
    expect(Math.abs((first?.startUs ?? 0) + lineUs - (later?.startUs ?? 0))).toBeLessThan(100);
    expect(first?.swapUs).toBeGreaterThanOrEqual(ERASE_US);
    const inErase = (places: readonly number[] = []) => places.filter((us) => us > 0 && us < ERASE_US).length;
    expect(inErase(first?.places)).toBe(6);
    expect(inErase(later?.places)).toBe(6);
  });

  test("that follows a good reference is cut in the erase, not before it: nothing was said, and it had begun", async () => {
    const board = of("2.2.0");
    const random = Random.fromSeed(1);
    await using opened = await openBoard(board, { random });
    const good = await buildMaterial({ scenario: smallScenario(), board }, opened, random);
    const bad = await buildMaterial({ scenario: smallScenario(DAMAGED), board }, opened, random);
    const recorded = new RecordedBoard(opened, { event: () => undefined }, new AbortController().signal);
    const trial = smallTrial(recorded, good.expected);
    const preparation = new StartingPoint(trial, good.images);
    await preparation.wake();
    await preparation.baseline();
    const direction = { from: good.images.old, to: good.images.new };
    const { reference } = await referenceUpgrade(trial, direction);
    if (reference === undefined) throw new Error("the reference upgrade failed");
    expect(reference.announced).toBe(true);
    await preparation.reflash();
    const halfway = reference.window.startUs + ERASE_US / 2;
    const planned = { index: 1, kind: "time", afterResetUs: halfway } as const;
    const asked = { from: good.images.old, to: bad.images.new };
    const { verdict } = await cutUpgrade(trial, asked, planned, reference);
    expect(verdict).toMatchObject({ pass: true, ending: "kept" });
    // The good swap unwraps the old image's key, too, before its first operation: the refusal begins so much earlier.
    const { boot } = await refusing("2.2.0");
    const earlierUs = reference.timeline.startUs - boot.startUs;
    expect(earlierUs).toBeGreaterThan(300_000);
    expect(Math.abs((verdict.cut?.intoSwapUs ?? 0) - ERASE_US / 2 - earlierUs)).toBeLessThan(5_000);
  });
});
