import { describe, expect, test } from "@jest/globals";
import { setPending } from "../boot/app-api.ts";
import { outcomeOf, runSteps } from "../boot/run-boot.ts";
import type { BootMode } from "../builds/boot-mode.ts";
import type { GenerationName } from "../builds/generations.ts";
import { FlashContent } from "../flash/flash-content.ts";
import { netCoreRule } from "../net-core/index.ts";
import { contradictions, noTally } from "../testing/checked-log.ts";
import { type Happening, recorded } from "../testing/recorded-boots.ts";
import { requestedBoard, type SmallBoard, smallBoard, smallBuild, smallImage } from "../testing/small-board.ts";
import { readLog } from "./read-log.ts";

const boot: Happening = { does: "boot" };
const ask: Happening = { does: "request" };
const askForGood: Happening = { does: "request", permanent: true };
const confirmed: Happening = { does: "confirm" };
const cut = (operation: number): Happening => ({ does: "boot", cut: operation });
const application: Happening = { does: "print", text: "*** Booting Zephyr OS build v3.7.99 ***" };
const SLOT_BYTES = 16 * 4096;
/** Small images, checked by their hash alone: many boots, little arithmetic. */
const LEAN = { encrypted: false, bodyBytes: [9_500, 14_000], signature: { hash: "sha256" } } as const;
const erased = (offset: number, bytes: number): Happening => ({
  does: "load",
  offset,
  bytes: new Uint8Array(bytes).fill(0xff),
});
const spoiled = (offset: number): Happening => ({ does: "load", offset: offset + 9_000, bytes: new Uint8Array(8) });

type Scripts = Readonly<Record<string, readonly Happening[]>>;

/** What may happen to a board with one image, undisturbed. */
const WHOLE: Scripts = {
  nothing: [boot, application, boot],
  test: [boot, ask, boot, application, boot, application, boot],
  confirmed: [ask, boot, application, confirmed, boot],
  "for good": [askForGood, boot, boot],
  refused: [spoiled(SLOT_BYTES), ask, boot, application, boot],
  "refused, cut": [spoiled(SLOT_BYTES), ask, cut(3), boot, boot],
  "refused on trial": [ask, boot, spoiled(SLOT_BYTES), boot, boot, boot],
  "no image": [erased(SLOT_BYTES, 8192), askForGood, boot, boot],
  "slot 0 spoiled": [spoiled(0), boot, boot],
  "slot 0 spoiled on trial": [ask, boot, spoiled(0), boot, boot],
  "slot 0 empty": [erased(0, 8192), ask, boot, boot],
  "stuck revert": [ask, boot, erased(SLOT_BYTES, SLOT_BYTES), boot, boot, boot],
};

/** And with cuts at these operations, or shares of a swap. */
function withCuts({ build, flash }: SmallBoard, places: readonly number[]): Scripts {
  const asked = flash.snapshot();
  runSteps(setPending(asked, build, 0, false), asked);
  const { operations } = outcomeOf(asked, build);
  const rows = places.map((place) => (place < 0 ? operations + place : place));
  return Object.fromEntries(
    rows.flatMap((at) => [
      [`cut at ${at}`, [ask, cut(at), boot, boot]],
      [`for good, cut at ${at}`, [boot, askForGood, cut(at), boot, application, boot]],
      [`revert cut at ${at}`, [ask, boot, cut(at), boot, boot]],
      [`cut twice at ${at}`, [ask, cut(at), cut(Math.min(at, 6)), boot]],
    ]),
  );
}

function wrongIn(board: SmallBoard, scripts: Scripts, tally = noTally()): readonly string[] {
  const all = Object.entries(scripts).flatMap(([name, script]) =>
    contradictions(board, recorded(board, script), name, tally),
  );
  return [...new Set(all)].slice(0, 20);
}

type Cases = Readonly<Partial<Record<GenerationName, readonly number[]>>>;

/** By mode: the cuts for each generation, and how much may be left open once a boot has said something of the image. */
const CASES: readonly (readonly [BootMode, openMax: number, Cases])[] = [
  [
    "move",
    0.2,
    { "ncs-1.7": [1, 2, 40], "1.10.0": [1, 50], "2.1.0": [2], "2.2.0": [3], current: [0, 1, 2, 3, 5, 60, -1] },
  ],
  // It prints swap types before it looks for a swap to go on with.
  ["offset", 0.1, { "2.2.0": [1, 30], current: [0, 2, 3, 40, -1] }],
  // No line of it shows slot 1's trailer.
  ["scratch", 0.5, { "ncs-1.7": [1, 50], "2.1.0": [3], current: [0, 1, 2, 3, 8, 60, -1] }],
  ["overwrite", 0.01, { "ncs-1.7": [1, 20, -1], current: [0, 1, 20, -1] }],
];

describe("a log cut at every line never contradicts the model's own boot", () => {
  test.each(CASES)("%s, with at most a share of %d left open", (mode, openMax, cases) => {
    const tally = noTally();
    for (const [generation, places] of Object.entries(cases)) {
      const board = smallBoard({ mode, generation, ...LEAN });
      const wrong = wrongIn(board, { ...WHOLE, ...withCuts(board, places) }, tally);
      expect([generation, wrong]).toEqual([generation, []]);
    }
    expect(tally.late).toBeGreaterThan(300);
    expect(tally.lateUntold / tally.late).toBeLessThan(openMax);
  });

  test("downgrade prevention, bootstrap, a slot without room, no check of slot 0", () => {
    const older: Scripts = { older: [ask, boot, confirmed, ask, boot, application, boot] };
    for (const mode of ["move", "offset", "scratch"] as const) {
      const prevents = smallBoard({ mode, downgradePrevention: true, ...LEAN });
      expect(wrongIn(prevents, older)).toEqual([]);
    }
    expect(wrongIn(smallBoard({ mode: "move", bootstrap: true, ...LEAN }), WHOLE)).toEqual([]);
    expect(wrongIn(smallBoard({ mode: "scratch", validatePrimarySlot: false, ...LEAN }), WHOLE)).toEqual([]);
    const full = requestedBoard({ generation: "1.10.0", encrypted: false, bodyBytes: [20_000, 15 * 4096 - 1000] });
    expect(wrongIn(full, { full: [boot, boot] })).toEqual([]);
  });

  test("an application that is taken for an image of the network core", () => {
    const netCore = { rule: netCoreRule("vector-by-pointer"), upgrades: true, secondStage: false };
    const board = smallBoard({ ...LEAN, generation: "ncs-1.7", encrypted: true, netCore });
    expect(recorded(board, [ask, boot]).map((line) => line.text)).toContain("E: Network core update failed");
    expect(wrongIn(board, { asked: [boot, ask, boot, application, boot], cut: [ask, cut(0), boot] })).toEqual([]);
  });

  test("direct-XIP, with and without revert", () => {
    for (const xipRevert of [false, true]) {
      const board = smallBoard({ mode: "direct-xip", xipRevert, ...LEAN });
      const scripts: Scripts = {
        plain: [boot, application, boot],
        asked: [ask, boot, boot],
        confirmed: [askForGood, boot, boot],
        damaged: [spoiled(SLOT_BYTES), askForGood, boot, boot],
        both: [spoiled(SLOT_BYTES), spoiled(0), boot, boot],
      };
      expect(wrongIn(board, scripts)).toEqual([]);
    }
  });

  test.each(["move", "offset", "scratch", "overwrite"] as const)("two images, %s", (mode) => {
    for (const depends of [false, true]) {
      const board = twoImages(mode, depends);
      const first: Happening = { does: "request", image: 0 };
      const second: Happening = { does: "request", image: 1, permanent: true };
      const scripts: Scripts = {
        first: [boot, first, boot, boot, boot],
        second: [second, boot, boot],
        both: [first, second, boot, application, boot],
        "both on trial": [first, { does: "request", image: 1 }, boot, boot, boot],
        "the second while the first is on trial": [first, boot, second, boot, boot],
        ...Object.fromEntries(
          [0, 1, 3, 20, 45, 60, 80].map((at) => [`cut at ${at}`, [first, second, cut(at), boot, boot]]),
        ),
      };
      expect(wrongIn(board, scripts)).toEqual([]);
    }
  });
});

/** Two images of a few sectors, nothing asked for; the second may want a newer first than there is. */
function twoImages(mode: BootMode, depends: boolean): SmallBoard {
  const bytes = 6 * 4096;
  const at = (slot: number) => ({ offset: slot * bytes, bytes });
  const build = smallBuild({
    mode,
    encrypted: false,
    signature: LEAN.signature,
    images: [
      { primary: at(0), secondary: at(1) },
      { primary: at(2), secondary: at(3) },
    ],
    ...(mode === "scratch" ? { scratch: { offset: 4 * bytes, bytes: 4096 } } : {}),
  });
  const flash = FlashContent.erased(5 * bytes);
  const start = mode === "offset" ? 4096 : 0;
  for (const image of [0, 1]) {
    flash.load(2 * image * bytes, smallImage("1.0.0", 7_000 + 2_000 * image, false).plain);
    const wants = depends && image === 1 ? [{ image: 0, version: "3.0.0" }] : [];
    flash.load((2 * image + 1) * bytes + start, smallImage("2.0.0", 7_000 + 2_000 * image, false, wants).file);
  }
  return { build, flash };
}

test("a log of more lines than a call takes arguments is read", () => {
  const { build } = smallBoard({ ...LEAN });
  expect(readLog("I: Image index: 0, Swap type: none\n".repeat(130_000), build)?.images).toHaveLength(1);
});

describe("a log of a bootloader with a single slot", () => {
  const single = smallBuild({ mode: "single", encrypted: false });
  const START = "*** Booting MCUboot v2.4.0 ***\nI: Starting bootloader\n";

  test.each([
    ["that was brought into serial recovery", "I: Enter the serial recovery mode\n", ["recovery"]],
    ["that waits there", "E: Unable to find bootable image\nI: Enter the serial recovery mode\n", []],
    ["that started its image", "I: Jumping to the first image slot\n", ["runs the only slot"]],
    ["that found none", "E: Unable to find bootable image\n", []],
  ])("%s speaks of no swap", (_, lines, did) => {
    const outlook = readLog(START + lines, single)?.images[0];
    expect([outlook?.did, outlook?.may]).toEqual([did, ["runs the only slot"]]);
  });
});
