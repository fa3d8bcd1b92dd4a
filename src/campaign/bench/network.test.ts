import { describe, expect, test } from "@jest/globals";
import { recogniseBootLine } from "../../mcuboot/index.ts";
import { copySeen } from "./network.ts";

const lines = (...texts: string[]) =>
  texts.map((text) => {
    const known = recogniseBootLine(text);
    return { text, event: known?.event, fields: known?.fields ?? {} };
  });

const UPGRADE = "I: Image 1 upgrade secondary slot -> primary slot";
const ON = "I: Turned on network core";
const OFF = "I: Turned off network core";
const FAILED = "E: Network core update failed";

describe("what MCUboot's log says of the copy to the network core", () => {
  test.each([
    ["both cores at once", [UPGRADE, ON, OFF], { copied: true, line: "Turned off network core" }],
    [
      "one pair of slots",
      ["I: Starting network core update", ON, OFF, "I: Done updating network core"],
      { copied: true, line: "Done updating network core" },
    ],
    ["a copy that b0n refused", [UPGRADE, ON, FAILED], { copied: false, line: "Network core update failed" }],
    [
      "a release that does not number images",
      ["I: Image upgrade secondary slot -> primary slot", ON, OFF],
      { copied: true, line: "Turned off network core" },
    ],
    ["an upgrade of the application only", ["I: Image 0 upgrade secondary slot -> primary slot"], undefined],
    ["a question for its version, which starts the core, too", [ON, OFF], undefined],
    ["a copy that was cut", [UPGRADE, ON], undefined],
    [
      "an older image",
      ["E: Insufficient version in secondary slot"],
      { copied: false, line: "Insufficient version in secondary slot" },
    ],
  ])("%s", (_, texts, expected) => {
    expect(copySeen(lines(...texts))).toEqual(expected);
  });

  test("the last word counts: refused once and taken in the next boot, and the other way round", () => {
    const start = "I: Starting bootloader";
    expect(copySeen(lines(UPGRADE, ON, FAILED, start, UPGRADE, ON, OFF))?.copied).toBe(true);
    expect(copySeen(lines(UPGRADE, ON, OFF, start, UPGRADE, ON, FAILED))?.copied).toBe(false);
    expect(copySeen(lines(UPGRADE, start, ON, OFF))).toBeUndefined();
  });
});
