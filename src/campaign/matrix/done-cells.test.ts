import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { DoneCells } from "./done-cells.ts";

const KEY = "a".repeat(64);
const RESULT = { outcome: "fail", cutsPlanned: 2, cutsJudged: 2, passed: 1, failed: 1, endings: { upgraded: 1 } };

describe("a cell that was run before", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "hil-cells-"));
    mkdirSync(join(root, "one"));
    new DoneCells(root, "night", false).add(KEY, "one");
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const foundWith = (result: unknown) => {
    writeFileSync(join(root, "one", "run.json"), JSON.stringify({ schema: 1, result }));
    return new DoneCells(root, "night", false).get(KEY);
  };

  test("is told with its result, every count of it", () => {
    const result = { ...RESULT, idleFaults: ["stuck-relay"], cutsVoid: 1, infraRetries: 2, powerLeft: "off" };
    expect(foundWith(result)).toEqual({ folder: "one", result });
  });

  test("is run again where its record says no whole result", () => {
    const { endings: _, ...lacking } = RESULT;
    const wrong = [lacking, { ...RESULT, passed: "1" }, { ...RESULT, outcome: "green" }, "pass", undefined];
    expect(wrong.map(foundWith)).toEqual(wrong.map(() => undefined));
  });

  test("is run again where its bench failed", () => {
    expect(foundWith({ ...RESULT, outcome: "error" })).toBeUndefined();
  });
});
