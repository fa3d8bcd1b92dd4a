import { describe, expect, test } from "@jest/globals";
import { runSteps } from "../boot/run-boot.ts";
import { zephyrBoot } from "../boot/zephyr-boot.ts";
import type { BootMode } from "../builds/boot-mode.ts";
import { GENERATIONS, generation } from "../builds/generations.ts";
import { recogniseBootLine } from "../steps/log-lines.ts";
import { requestedBoard } from "../testing/small-board.ts";
import { type BootloaderFacts, contradictions, rowsOf } from "./log-evidence.ts";

const MODES: readonly BootMode[] = ["move", "offset", "scratch", "overwrite"];

function lines(...texts: readonly string[]) {
  return texts.map((text) => {
    const known = recogniseBootLine(text);
    return { text, event: known?.event, fields: known?.fields ?? {} };
  });
}

function facts(changes: Partial<BootloaderFacts> = {}): BootloaderFacts {
  return { mode: "move", generation: generation("current"), images: 1, startOffsets: [0xc000], ...changes };
}

/** What the model itself prints when it upgrades. */
function upgradeLog(mode: BootMode, name: string) {
  const board = requestedBoard({ mode, generation: name });
  const log: string[] = [];
  runSteps(zephyrBoot(board.flash, board.build), board.flash, (step) => {
    if (step.kind === "log") log.push(step.text);
  });
  return { lines: lines(...log), primary: board.build.images[0]?.primary.offset ?? -1 };
}

describe("what a boot log says of its bootloader", () => {
  test.each(GENERATIONS.flatMap(({ name }) => MODES.map((mode) => ({ name, mode }))))(
    "never contradicts the build that printed it: $name, $mode",
    ({ name, mode }) => {
      const log = upgradeLog(mode, name);
      const own = facts({ mode, generation: generation(name), startOffsets: [log.primary] });
      expect(contradictions(log.lines, own)).toEqual([]);
      const elsewhere = contradictions(log.lines, { ...own, startOffsets: [0x9_9000] });
      expect(elsewhere.map(({ about }) => about)).toEqual(
        // A generation that has no such mode starts nothing.
        log.lines.some(({ event }) => event === "chainload") ? ["start"] : [],
      );
    },
  );

  test.each(MODES.flatMap((told) => MODES.filter((mode) => mode !== told).map((believed) => ({ told, believed }))))(
    "tells $told from $believed",
    ({ told, believed }) => {
      const log = upgradeLog(told, "current");
      const found = contradictions(log.lines, facts({ mode: believed, startOffsets: [log.primary] }));
      expect(found.map(({ about }) => about)).toEqual(["mode"]);
    },
  );

  test.each([
    ["I: Starting swap using offset algorithm.", "mode", "swap using offset", "swap using move"],
    [
      "I: Bootloader chainload address offset: 0x10000",
      "start",
      "the application's slot at 0x10000",
      "the application's slot at 0xc000",
    ],
    ["I: Image index: 1, Swap type: none", "images", "image 1, of 2 or more", "one image"],
    [
      "*** Booting MCUboot v2.1.0-dev-12e5ee106034 ***",
      "generation",
      "MCUboot v2.1.0-dev-12e5ee106034",
      "the generation current (*** Booting MCUboot v2.4.0-dev ***)",
    ],
    ["I: Starting Direct-XIP bootloader", "mode", "direct-XIP", "swap using move"],
  ])("%s", (line, about, said, believed) => {
    expect(contradictions(lines(line), facts())).toEqual([{ about, said, believed, line }]);
  });

  test("is not believed for one line when another of its kind agrees: a digit flips on a bad line", () => {
    const [flipped, right] = [
      "Bootloader chainload address offset: 0x1c000",
      "Bootloader chainload address offset: 0xc000",
    ];
    expect(contradictions(lines(flipped, right), facts())).toEqual([]);
    expect(contradictions(lines(flipped), facts())).toHaveLength(1);
  });

  test("says nothing by an application's banner, or by a line that it does not know", () => {
    const texts = [
      "*** Booting Zephyr OS build v3.3.99-ncs1 ***",
      "*** Booting mcuboot v3.5.99-ncs1-1 ***",
      "swap using offset algorithm",
      "I: Image index: 0, Swap type: test",
    ];
    expect(contradictions(lines(...texts), facts())).toEqual([]);
  });

  test("tells releases of nRF Connect SDK apart by its own banner, 3.4.0 from what follows it", () => {
    const odd = (name: string, banner: string) =>
      contradictions(lines(`*** Using nRF Connect SDK ${banner} ***`), facts({ generation: generation(name) })).length;
    expect([odd("ncs-3.4.0", "v3.4.0-0123456789ab"), odd("ncs-3.4.0", "v3.4.1-b20f8619ba9a")]).toEqual([0, 1]);
    expect([odd("ncs-3.4", "v3.4.1-b20f8619ba9a"), odd("ncs-3.4", "v3.4.0")]).toEqual([0, 1]);
    expect([odd("ncs-3.3", "v3.3.2"), odd("ncs-3.2", "v3.3.2"), odd("current", "v3.3.2")]).toEqual([0, 1, 0]);
  });

  test("names the generations that a version may stand for", () => {
    const names = (version: string) => rowsOf(version).map(({ name }) => name);
    const ncs27 = ["ncs-2.7", "2.1.0", "ncs-2.8", "ncs-3.0", "ncs-3.1"];
    expect(names("v2.1.0-dev-12e5ee106034")).toEqual(ncs27);
    expect(names("v2.3.0")).toEqual(["ncs-3.2", "ncs-3.3", "ncs-3.4.0", "ncs-3.4", "ncs-main", "2.3.0"]);
    expect(names("v2.9.0")).toEqual(["current"]);
    expect(names("v2.4.0-dev")).toEqual(["current"]);
    expect(names("v9.0.0")).toEqual(["current"]);
    expect(names("unknown")).toHaveLength(GENERATIONS.length);
  });
});
