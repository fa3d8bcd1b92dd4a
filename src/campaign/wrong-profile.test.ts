import { describe, expect, test } from "@jest/globals";
import { openBoard } from "../board/index.ts";
import { badBench } from "../board/testing/bad-bench.ts";
import { isHilError, Random, sleep } from "../core/index.ts";
import { preflight } from "./bench/preflight.ts";
import { RecordedBoard } from "./bench/recorded-board.ts";
import { StartingPoint } from "./bench/starting-point.ts";
import { buildMaterial } from "./request/material.ts";
import { type Edit, eventsOf, smallProfile, smallRun, smallScenario } from "./testing/small-campaign.ts";
import { smallTrial } from "./testing/small-trial.ts";

const BOOT_MS = 20_000;
const NEVER = new AbortController().signal;

/** A board whose application cannot say how its bootloader upgrades. */
const SILENT_SMP: Edit = ["faults: []", 'faults: [], smp_generation: "zephyr 3.2"'];

/** A campaign by one profile on the board of another. */
async function runOn(really: readonly Edit[], ...edits: readonly Edit[]) {
  const outcome = await smallRun({
    board: smallProfile(SILENT_SMP, ...edits),
    open: badBench({ really: smallProfile(SILENT_SMP, ...really) }),
  });
  const { error } = outcome;
  return {
    verdicts: eventsOf(outcome.events, "verdict").length,
    exit: isHilError(error) ? error.exitCode : 0,
    text: isHilError(error) ? error.paragraph() : "",
  };
}

describe("a profile that the boot log contradicts ends a campaign with exit 2 and both sources, before a verdict", () => {
  test.each(["swap-offset", "overwrite-only"])("the mode: %s", async (mode) => {
    const { verdicts, exit, text } = await runOn([["swap-move", mode]]);
    expect([verdicts, exit]).toEqual([0, 2]);
    expect(text).toMatch(/bootloader\.mode in the profile says swap using move, and the boot log on twin:app says/);
  });

  test("the generation", async () => {
    const { verdicts, exit, text } = await runOn([["mode: swap-move", 'mode: swap-move, generation: "2.2.0"']]);
    expect([verdicts, exit]).toEqual([0, 2]);
    expect(text).toContain("bootloader.generation in the profile says the generation current");
    expect(text).toContain('("*** Booting MCUboot v2.2.0 ***")');
  });

  test("where the application starts", async () => {
    const { verdicts, exit, text } = await runOn([], ["primary: { offset: 0x10000", "primary: { offset: 0x30000"]);
    expect([verdicts, exit]).toEqual([0, 2]);
    expect(text).toContain("slots.primary.offset in the profile says the application's slot at 0x30000");
    expect(text).toContain("the application's slot at 0x10000");
  });

  test("and none where it fits", async () => {
    expect(await runOn([])).toMatchObject({ exit: 0, verdicts: 7 });
  });
});

describe("a wrong key", () => {
  test.each([
    [
      "signing",
      'signing: "builtin:twin-sign-p256.pem"',
      'signing: "builtin:twin-enc-p256.pem"',
      /either: keys\.signing/,
    ],
    [
      "encryption",
      'encryption: "builtin:twin-enc-p256.pem"',
      'encryption: "builtin:twin-sign-p256.pem"',
      /keys\.encryption of the profile is not its key/,
    ],
  ])("is named: %s", async (_, right, wrong, hint) => {
    const random = Random.fromSeed(1);
    const twin = await openBoard(smallProfile(), { random });
    await using _twin = twin;
    const { flasher: _flasher, ...board } = twin;
    const { images, expected } = await buildMaterial(
      { scenario: smallScenario(), board: smallProfile([right, wrong]) },
      board,
      random,
    );
    const recorded = new RecordedBoard(twin, { event: () => {} }, NEVER);
    const without = new RecordedBoard({ ...board, [Symbol.asyncDispose]: async () => {} }, recorded.record, NEVER);
    await without.untilUp(0, BOOT_MS);
    const failure = new StartingPoint(smallTrial(without, expected), images).baseline();
    await expect(failure).rejects.toMatchObject({ hint: expect.stringMatching(hint) });
  });
});

test("a relay that is half a second late is said to be late, with what to measure", async () => {
  const { error, events } = await smallRun({
    board: smallProfile(["faults: []", "faults: [], relay: { off_ms: 500 }"]),
  });
  expect(eventsOf(events, "verdict")).toEqual([]);
  const text = isHilError(error) ? error.paragraph() : "";
  expect(text).toMatch(/power went late: small still talked \d+ ms after "off".*cut_latency_ms: 0 ± 0/);
  expect(text).toContain("hil board calibrate");
});

test("a board in serial recovery is said to be there", async () => {
  const board = await openBoard(smallProfile(), { random: Random.fromSeed(1) });
  await using _board = board;
  const recorded = new RecordedBoard(board, { event: () => {} }, NEVER);
  await recorded.untilUp(0, BOOT_MS);
  await board.smp.reset({ bootMode: 1 });
  await sleep(board.clock, 2000);
  await expect(preflight(recorded)).rejects.toThrow("small is in MCUboot's serial recovery: that answers on twin:app");
});
