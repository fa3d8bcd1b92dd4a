import { describe, expect, test } from "@jest/globals";
import { type ImageEntry, type LegalOutcome } from "../../mcuboot/index.ts";
import type { BootSeen, SlotState } from "../record/facts.ts";
import { listed, outcomeOf as outcome } from "../testing/shown-boots.ts";
import { expectationsOf } from "./nearest.ts";
import { activeSlot, describeSlots, slotOf } from "./slots.ts";
import { weigh } from "./weigh.ts";

const compare = (
  seen: BootSeen,
  slots: readonly SlotState[],
  outcomes: readonly LegalOutcome[],
  sent = { encrypted: false },
) => weigh({ seen, slots, ...sent }, { outcomes });

const UP: BootSeen = { ending: "up", lines: [], boots: 1, upUs: 1, because: "the application answered" };
const line = (text: string) => ({ atUs: 0, text, event: undefined, fields: {} }) as never;

const UPGRADED = ["2.0.0 active", "1.0.0 confirmed"];
const KEPT = ["1.0.0 active confirmed", "2.0.0"];

describe("a board that came up", () => {
  test.each(["upgraded", "resumed", "kept", "reverted"] as const)(
    "in an outcome that the model calls %s has passed with that ending",
    (ending) => {
      const verdict = compare(UP, listed(...UPGRADED), [outcome(UPGRADED, { ending })]);
      expect(verdict).toMatchObject({ ending, pass: true, because: "the model says so" });
      expect(verdict.found).toBe("2.0.0 running, unconfirmed; 1.0.0 in slot 1");
    },
  );

  test("is compared with every outcome, not only the first", () => {
    const allowed = [outcome(KEPT, { ending: "kept" }), outcome(UPGRADED, { ending: "resumed" })];
    const verdict = compare(UP, listed(...UPGRADED), allowed);
    expect(verdict).toMatchObject({ ending: "resumed", pass: true, outcome: allowed[1] });
  });

  test("has passed in whatever order its slots were listed", () => {
    const verdict = compare(UP, listed(...UPGRADED).toReversed(), [outcome(UPGRADED)]);
    expect(verdict.pass).toBe(true);
  });

  test.each([
    ["wrong image", ["3.0.0 active", "1.0.0 confirmed"]],
    ["wrong image", ["1.0.0 active confirmed", "2.0.0"]],
    ["wrong slots", ["2.0.0 active", "3.0.0 confirmed"]],
    ["wrong slots", ["2.0.0 active", undefined]],
    ["wrong flags", ["2.0.0 active confirmed", "1.0.0"]],
    ["wrong flags", ["2.0.0 active", "1.0.0 confirmed pending"]],
  ])("has failed with %s when it shows %j", (ending, shown) => {
    const verdict = compare(UP, listed(...shown), [outcome(UPGRADED)]);
    expect(verdict).toMatchObject({ ending, pass: false, because: "the model says so" });
  });

  test("is told what is wrong by the outcome that comes nearest, not by the first", () => {
    const near = outcome(UPGRADED, { because: "the swap had begun" });
    const allowed = [outcome(KEPT, { ending: "kept" }), near];
    const verdict = compare(UP, listed("2.0.0 active confirmed", "1.0.0"), allowed);
    expect(verdict).toMatchObject({ ending: "wrong flags", pass: false, outcome: near, because: "the swap had begun" });
  });

  test("has failed when MCUboot itself gets it wrong, and is told the defect", () => {
    const lost = outcome(["2.0.0 active", undefined], {
      knownDefect: "U1",
      violation: "fallback lost",
      because: "the fallback is lost",
    });
    const verdict = compare(UP, listed("2.0.0 active", undefined), [outcome(UPGRADED), lost]);
    expect(verdict).toMatchObject({
      ending: "fallback lost",
      pass: false,
      outcome: lost,
      because: "known defect U1: the fallback is lost",
    });
  });

  test("has passed when a right outcome looks the same as a defect", () => {
    const allowed = [outcome(UPGRADED, { knownDefect: "T1" }), outcome(UPGRADED, { ending: "resumed" })];
    expect(compare(UP, listed(...UPGRADED), allowed)).toMatchObject({ pass: true, ending: "resumed" });
  });

  test("has failed where the model lets neither image run", () => {
    const verdict = compare(UP, listed("3.0.0 active"), [outcome(["3.0.0 active"], { ending: "failed" })]);
    expect(verdict).toMatchObject({ ending: "wrong image", pass: false });
  });

  test("has failed where the model knows only boots that end without an image", () => {
    const dead = outcome([], { ending: "failed", result: { kind: "fail", reason: "empty", swapTypes: [] } });
    const verdict = compare(UP, listed(...UPGRADED), [dead]);
    expect(verdict).toMatchObject({ ending: "wrong image", pass: false, outcome: undefined });
  });

  test("with two images is compared in both", () => {
    const second = (version: string): SlotState => ({ image: 1, slot: 0, version, hash: version, flags: ["active"] });
    const entry = { ...outcome(["9.0.0 active"]).images[0], image: 1, hash: "9.0.0" } as ImageEntry;
    const allowed = [outcome(UPGRADED, { images: [...outcome(UPGRADED).images, entry] })];
    expect(compare(UP, [...listed(...UPGRADED), second("9.0.0")], allowed).pass).toBe(true);
    expect(compare(UP, [...listed(...UPGRADED), second("8.0.0")], allowed).ending).toBe("wrong slots");
  });
});

describe("a board that did not come up", () => {
  const dead: BootSeen = {
    ending: "no boot",
    lines: [line("I: Starting bootloader"), line("E: Unable to find bootable image")],
    boots: 1,
    upUs: undefined,
    because: "the bootloader gave up",
  };

  test.each(["no boot", "boot loop"] as const)("has failed with %s, whatever was allowed", (ending) => {
    const verdict = compare({ ...dead, ending }, [], [outcome(UPGRADED), outcome(KEPT)]);
    expect(verdict).toMatchObject({ ending, pass: false, because: "the bootloader gave up" });
  });

  test("is described by its boots and its last line", () => {
    expect(compare(dead, [], []).found).toBe(
      '1 boot seen, no application answered; last line "E: Unable to find bootable image"',
    );
    expect(compare({ ...dead, boots: 4 }, [], []).found).toMatch(/^4 boots seen/);
    expect(compare({ ...dead, lines: [], boots: 0 }, [], []).found).toBe("nothing came from the board");
  });

  test("is told when MCUboot is known to end so", () => {
    const known = outcome([], {
      ending: "failed",
      result: { kind: "fail", reason: "no image", swapTypes: [] },
      knownDefect: "U4",
      because: "the scratch area is lost",
    });
    const verdict = compare(dead, [], [outcome(UPGRADED), known]);
    expect(verdict.because).toBe("the bootloader gave up; known defect U4: the scratch area is lost");
    expect(verdict).toMatchObject({ pass: false, outcome: known });
  });
});

describe("a line that gives away what the bootloader mistook", () => {
  const line = { atUs: 1, text: "I: Starting network core update", event: "net core update started", fields: {} };
  const seen = { ...UP, lines: [line as never] };

  test("fails the board also when its slots are as the model says, and names the defect of an encrypted image", () => {
    const verdict = compare(seen, listed(...KEPT), [outcome(KEPT, { ending: "kept" })], { encrypted: true });
    expect(verdict).toMatchObject({ pass: false, ending: "wrong image" });
    expect(verdict.because).toMatch(/encrypted application image for a network-core image.*known defect R35/);
  });

  test("blames no ciphertext where there was none", () => {
    const verdict = compare(seen, listed(...KEPT), [outcome(UPGRADED)], { encrypted: false });
    expect(verdict.because).not.toMatch(/cipher|R35/);
    expect(verdict).toMatchObject({ pass: false, ending: "wrong image" });
  });
});

describe("what is expected", () => {
  test("is one sentence for each outcome, with its reason", () => {
    expect(expectationsOf([outcome(UPGRADED, { ending: "resumed" }), outcome(KEPT, { ending: "kept" })])).toEqual([
      { ending: "resumed", expects: "2.0.0 running, unconfirmed; 1.0.0 in slot 1", because: "the model says so" },
      { ending: "kept", expects: "1.0.0 running, confirmed; 2.0.0 in slot 1", because: "the model says so" },
    ]);
  });

  test("is not what MCUboot is known to do wrong, unless it can do nothing else there", () => {
    const lost = outcome(["2.0.0 active", undefined], { knownDefect: "U1" });
    const dead = outcome([], { ending: "failed", result: { kind: "panic", reason: "x" }, knownDefect: "U4" });
    expect(expectationsOf([lost, outcome(UPGRADED)]).map((entry) => entry.expects)).toEqual([
      "2.0.0 running, unconfirmed; 1.0.0 in slot 1",
    ]);
    expect(expectationsOf([lost, dead])).toMatchObject([
      { ending: "upgraded", expects: "2.0.0 running, unconfirmed; slot 1 empty (known defect U1)" },
      { ending: "no boot", expects: "no image boots (known defect U4)" },
    ]);
  });
});

describe("an image list in words", () => {
  test.each([
    [["2.0.0 active confirmed", "1.0.0"], "2.0.0 running, confirmed; 1.0.0 in slot 1"],
    [["2.0.0 active", undefined], "2.0.0 running, unconfirmed; slot 1 empty"],
    [[undefined, "2.0.0 active"], "2.0.0 running, unconfirmed; slot 0 empty"],
    [["1.0.0 active confirmed", "2.0.0 pending"], "1.0.0 running, confirmed; 2.0.0 in slot 1, pending a test"],
    [["1.0.0 active", "2.0.0 pending permanent"], "1.0.0 running, unconfirmed; 2.0.0 in slot 1, pending for good"],
    [["1.0.0", "2.0.0"], "no image is active; 1.0.0 in slot 0; 2.0.0 in slot 1"],
    [[], "no image is active"],
  ])("%j is: %s", (slots, text) => {
    expect(describeSlots(listed(...slots))).toBe(text);
  });
});

describe("a second image in the list", () => {
  const foreign: SlotState[] = [
    { image: 1, slot: 0, version: "9.9.9", hash: "hash of 9.9.9", flags: ["active", "confirmed"] },
    { image: 1, slot: 1, version: "9.9.8", hash: "hash of 2.0.0", flags: ["pending"] },
  ];

  test.each([
    ["before", (slots: SlotState[]) => [...foreign, ...slots]],
    ["after", (slots: SlotState[]) => [...slots, ...foreign]],
  ])("that the model knows nothing of is not taken for the application's, %s it", (_, mixed) => {
    const allowed = [outcome(UPGRADED), outcome(KEPT, { ending: "kept" })];
    expect(compare(UP, mixed(listed(...UPGRADED)), allowed)).toMatchObject({ pass: true, ending: "upgraded" });
    expect(compare(UP, mixed(listed(...KEPT)), allowed)).toMatchObject({ pass: true, ending: "kept" });
    expect(compare(UP, mixed(listed("3.0.0 active")), allowed)).toMatchObject({ pass: false, ending: "wrong image" });
  });

  test("is named as what it is, and has its own slots", () => {
    expect(describeSlots([...foreign, ...listed(...KEPT)])).toBe(
      "1.0.0 running, confirmed; 2.0.0 in slot 1; image 1: 9.9.9 in slot 0; image 1: 9.9.8 in slot 1, pending a test",
    );
    const image = { hash: "hash of 2.0.0" } as never;
    expect(slotOf([...foreign, ...listed("2.0.0")], image)?.slot).toBe(0);
    expect(slotOf(foreign, image)).toBeUndefined();
    expect(activeSlot(foreign)).toBeUndefined();
  });
});
