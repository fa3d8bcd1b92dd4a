import { describe, expect, test } from "@jest/globals";
import { runSteps } from "../boot/run-boot.ts";
import { zephyrBoot } from "../boot/zephyr-boot.ts";
import { GENERATIONS, generation } from "../builds/generations.ts";
import { requestedBoard } from "../testing/small-board.ts";
import { bootLine, LOG_LINES, PATTERNS, recogniseBootLine } from "./log-lines.ts";

const EXAMPLE = { image: 0, slot: "primary", area: "Primary image", magic: "good", swapType: "0x2", copyDone: "0x1" };
const MORE = { imageOk: "0x3", bootSource: "none", type: "test", algorithm: "move", offset: "0xc000", bytes: 4096 };
const REST = {
  hexBytes: "0x1000",
  available: 1,
  version: "v1.2.3",
  count: 1,
  sectors: 128,
  value: "0x0",
  rest: "x",
  code: "3000",
};

describe("boot log lines", () => {
  test("take time in proportion to the log, whatever it holds: no repeat is without an end, none stands in another", () => {
    for (const { pattern } of PATTERNS) {
      // What is escaped or a set is one step.
      const steps = pattern.source.replaceAll(/\\.|\[[^\]]*\]/g, "_");
      expect(steps).not.toMatch(/[*+]|\{\d+,\}|\)[{?]/);
      const repeats = [...steps.matchAll(/\{\d+,(\d+)\}/g)].map(([, most]) => Number(most));
      expect(Math.max(0, ...repeats)).toBeLessThanOrEqual(200);
    }
  });

  test("every line that a generation prints is recognised as the event it was printed for", () => {
    const values = { ...EXAMPLE, ...MORE, ...REST } as never;
    for (const row of GENERATIONS) {
      for (const { event, level } of LOG_LINES) {
        const line = level === "" ? undefined : bootLine(row, event, values);
        if (line !== undefined) expect(recogniseBootLine(`${line.level}: ${line.text}`)?.event).toBe(event);
      }
    }
  });

  test("values are read from the line, whatever stands around it", () => {
    const line = recogniseBootLine(
      "\u001b[0mI: Primary image: magic=good, swap_type=0x4, copy_done=0x1, image_ok=0x3\r",
    );
    expect(line).toEqual({
      event: "swap state",
      level: "I",
      fields: { area: "Primary image", magic: "good", swapType: "0x4", copyDone: "0x1", imageOk: "0x3" },
    });
    expect(recogniseBootLine("Bootloader chainload address offset: 0xc000")?.fields).toEqual({ offset: "0xc000" });
  });

  test("the same event is printed differently by an old and a new bootloader, and both are recognised", () => {
    const texts = ["ncs-1.7", "current"].map(
      (name) => bootLine(generation(name), "swap type", { image: 0, type: "test" })?.text,
    );
    expect(texts).toEqual(["Swap type: test", "Image index: 0, Swap type: test"]);
    for (const text of texts) expect(recogniseBootLine(text ?? "")?.event).toBe("swap type");
    expect(bootLine(generation("ncs-1.7"), "starting swap", { algorithm: "move" })).toBeUndefined();
  });

  test("a line that nRF Connect SDK changed before MCUboot did is printed as its own releases print it", () => {
    const told = (event: Parameters<typeof bootLine>[1], ...names: string[]) =>
      names.map((name) => bootLine(generation(name), event, { image: 0, value: "0x0" })?.text.slice(0, 12));
    expect(told("wrong reset address", "ncs-3.1", "ncs-3.2", "2.3.0", "current")).toEqual([
      "Reset addres",
      "Binary in se",
      "Reset addres",
      "Binary in se",
    ]);
    expect(told("insufficient version", "ncs-3.4.0", "ncs-3.4", "2.3.0", "current")).toEqual([
      "insufficient",
      "Insufficient",
      "insufficient",
      "Insufficient",
    ]);
    expect(told("net core version asked", "ncs-3.4.0", "ncs-3.4")).toEqual([undefined, "Checking net"]);
  });

  test("banners of all releases are banners, and an application's line is nobody's", () => {
    const banners = GENERATIONS.flatMap((row) => [...row.banner]);
    for (const text of [
      ...banners,
      "*** Booting application v3.5.99-ncs1-1 ***",
      "*** Booting NSIB v3.5.99-ncs1-1 ***",
    ]) {
      expect([text, recogniseBootLine(text)?.level]).toEqual([text, ""]);
    }
    expect(recogniseBootLine("sensor: 21.5 C")).toBeUndefined();
  });

  test("a line is known behind what was being said when the power went, however long that is", () => {
    for (const length of [10, 1_000, 4_000]) {
      expect(recogniseBootLine(`${"9".repeat(length)}I: Starting bootloader`)?.event).toBe("starting bootloader");
    }
    expect(recogniseBootLine(`*** Booting MCUboot v2.4.0 ***${"9".repeat(4_000)}`)).toBeUndefined();
  });

  test("a boot prints its port's lines around its own", () => {
    const { build, flash } = requestedBoard();
    const events: (string | undefined)[] = [];
    runSteps(zephyrBoot(flash, build), flash, (step) => {
      if (step.kind === "log") events.push(recogniseBootLine(step.text)?.event);
    });
    expect(events).toEqual([
      "banner",
      "os banner",
      "starting bootloader",
      "swap state",
      "swap state",
      "boot source",
      "swap type",
      "starting swap",
      "chainload",
      "image version",
      "jumping",
    ]);
  });
});
