import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { isHilError } from "../../core/index.ts";
import { checksRevert } from "./expectation.ts";
import { DEFAULT_SCENARIO, loadScenario, parseScenario, scenarioCuts } from "./scenario.ts";

const SCENARIO = `schema: 1
name: mine
images:
  old: { version: "1.0.0", payload: { generate_bytes: 5000 } }
  new: { version: "2.0.0", payload: { generate_bytes: 5000 } }
cuts: { count: 8 }
`;

const parse = (find: string | RegExp, replacement: string) => {
  const text = SCENARIO.replace(find, replacement);
  expect(text).not.toBe(SCENARIO);
  return parseScenario(text, "mine.yaml");
};

function complaint(find: string | RegExp, replacement: string): string {
  try {
    parse(find, replacement);
  } catch (error) {
    if (!isHilError(error)) throw error;
    expect(error.exitCode).toBe(2);
    return error.paragraph();
  }
  return "no complaint";
}

describe("a scenario", () => {
  test("that ships with the package is found by its name from any folder", async () => {
    const { value } = await loadScenario(DEFAULT_SCENARIO, mkdtempSync(join(tmpdir(), "hil-")));
    expect(value.name).toBe("encrypted-upgrade");
    expect(value.cuts).toEqual({ count: 40 });
  });

  test("by path is read relative to the folder that the command was started in", async () => {
    const folder = mkdtempSync(join(tmpdir(), "hil-"));
    writeFileSync(join(folder, "mine.yaml"), SCENARIO);
    const { file, value } = await loadScenario("mine.yaml", folder);
    expect([file, value.name]).toEqual([join(folder, "mine.yaml"), "mine"]);
  });

  test.each([
    ["encrypted-upgrad", 'Did you mean "encrypted-upgrade"?'],
    ["DZ-10502", 'Did you mean "faults/DZ-105028"?'],
    ["nosuch", "app-and-net, "],
  ])("that does not ship is told with those that do: %s", async (name, hint) => {
    await expect(loadScenario(name, "/nowhere")).rejects.toMatchObject({
      message: `no scenario "${name}".`,
      hint: expect.stringContaining(hint),
    });
  });

  test("of the fault pack is found by its name", async () => {
    expect((await loadScenario("faults/DZ-105028", "/nowhere")).value.schema).toBe(1);
  });

  test("that is nowhere is an error with the path that was looked at", async () => {
    await expect(loadScenario("other.yaml", "/nowhere")).rejects.toThrow("/nowhere/other.yaml: there is no such file");
  });

  test("says what it leaves out: encrypted images, 40 cuts, a check of the revert", () => {
    const { value } = parse(/cuts:.*\n/, "");
    expect(value).toMatchObject({ images: { encrypt: true }, cuts: { count: 40 } });
    expect(checksRevert(value, "swap-move")).toBe(true);
  });
});

describe("cuts of a scenario", () => {
  test("are spread when it gives a count", () => {
    expect(scenarioCuts(parseScenario(SCENARIO, "mine.yaml").value)).toBeUndefined();
  });

  test("are those that it names by time or by log", () => {
    expect(scenarioCuts(parse("count: 8", "at_ms: [5, 900.5]").value)).toEqual([
      { index: 1, kind: "time", afterResetUs: 5000 },
      { index: 2, kind: "time", afterResetUs: 900_500 },
    ]);
    expect(scenarioCuts(parse("count: 8", "on: ['Starting swap+250']").value)).toEqual([
      { index: 1, kind: "log", pattern: "Starting swap", delayUs: 250_000 },
    ]);
  });
});

describe("what is wrong with a scenario is told by file, line and field", () => {
  test.each<[string, string | RegExp, string, string]>([
    [
      "a mistyped field, with the nearest",
      "generate_bytes: 5000 } }\n  new",
      "generate_byte: 5000 } }\n  new",
      "line 4: images.old.payload.generate_byte",
    ],
    ["a version that is none", '"2.0.0"', '"2.0.x"', "line 5: images.new.version"],
    ["a version that YAML takes for a number", '"2.0.0"', "2.0", "line 5: images.new.version is 2.0; expected text"],
    ["a payload without content", "{ generate_bytes: 5000 } }\ncuts", "{} }\ncuts", "line 5: images.new.payload"],
    [
      "a payload with two contents",
      "{ generate_bytes: 5000 } }\ncuts",
      "{ generate_bytes: 5000, file: x } }\ncuts",
      "line 5: images.new.payload",
    ],
    [
      "too few bytes",
      "generate_bytes: 5000 } }\ncuts",
      "generate_bytes: 10 } }\ncuts",
      "line 5: images.new.payload.generate_bytes",
    ],
    ["a count that is negative", "count: 8", "count: -1", "line 6: cuts.count"],
    [
      "no cuts at all where cuts are asked for",
      "{ count: 8 }",
      "{}",
      "line 6: cuts wants one of count, at_ms, on, pairs, operations and every",
    ],
    [
      "two ways to cut at once",
      "count: 8",
      "count: 8, at_ms: [5]",
      "line 6: cuts wants one of count, at_ms, on, pairs, operations and every",
    ],
    [
      "a pattern that is none",
      "count: 8",
      "on: ['(x']",
      'line 6: cuts.on[0] is "(x"; expected a log pattern: /(x/ is no regular expression',
    ],
    ["a moment before the reset", "count: 8", "at_ms: [-1]", "line 6: cuts.at_ms[0]"],
    ["another schema", "schema: 1", "schema: 2", "line 1: schema"],
  ])("%s", (_, find, replacement, text) => {
    const told = complaint(find, replacement);
    expect(told).toContain("mine.yaml");
    expect(told).toContain(text);
  });

  test("a mistyped field is told the nearest known one", () => {
    expect(complaint("cuts:", "cut:")).toContain("cuts");
    expect(complaint("generate_bytes: 5000 } }\n  new", "generate_byte: 5000 } }\n  new")).toMatch(
      /generate_byte is not a field; did you mean "generate_bytes"/,
    );
  });
});
