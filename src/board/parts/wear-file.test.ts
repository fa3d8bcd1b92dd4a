import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { isHilError } from "../../core/index.ts";
import { wearFile } from "./wear-file.ts";

function profile(name = "lab-07.yaml"): string {
  return join(mkdtempSync(join(tmpdir(), "hil-wear-")), name);
}

function complaint(act: () => unknown): { readonly kind: string; readonly text: string } {
  try {
    act();
  } catch (error) {
    if (!isHilError(error)) throw error;
    return { kind: error.kind, text: error.paragraph() };
  }
  return { kind: "none", text: "no complaint" };
}

describe("erase counts beside a profile", () => {
  test("come back as they were saved, also to another reader", () => {
    const file = profile();
    wearFile(file).save({ 16: 3, 132: 40 });
    expect(wearFile(file).load()).toEqual({ 16: 3, 132: 40 });
  });

  test("are none for a board that was never counted", () => {
    expect(wearFile(profile()).load()).toEqual({});
  });

  test.each([
    ["lab-07.yaml", "lab-07.wear.json"],
    ["lab.07.YML", "lab.07.wear.json"],
    ["board", "board.wear.json"],
  ])("of %s stand in %s", (name, expected) => {
    const file = profile(name);
    wearFile(file).save({});
    expect(readdirSync(dirname(file))).toEqual([expected]);
  });

  test("replace the ones before, and leave no half-written file", () => {
    const file = profile();
    wearFile(file).save({ 1: 1 });
    wearFile(file).save({ 1: 2 });
    expect(wearFile(file).load()).toEqual({ 1: 2 });
    expect(readdirSync(dirname(file))).toHaveLength(1);
  });

  test.each([
    ["half a file", '{ "schema": 1, "cycles_by_'],
    ["another schema", '{ "schema": 2, "cycles_by_page": {} }'],
    ["a negative count", '{ "schema": 1, "cycles_by_page": { "3": -1 } }'],
    ["a count that is no number", '{ "schema": 1, "cycles_by_page": { "3": "many" } }'],
    ["something else", "[]"],
  ])("that are damaged are an error with file and way out: %s", (_, text) => {
    const file = profile();
    const path = join(dirname(file), "lab-07.wear.json");
    writeFileSync(path, text);
    const told = complaint(() => wearFile(file).load());
    expect(told.kind).toBe("configuration");
    expect(told.text).toMatch(/lab-07\.wear\.json cannot be read: .+\. Repair it, or delete it/s);
    expect(readFileSync(path, "utf8")).toBe(text);
  });

  test("that cannot be written are the bench's failure and say where", () => {
    const file = profile();
    mkdirSync(join(dirname(file), "lab-07.wear.json"));
    const told = complaint(() => wearFile(file).save({ 1: 1 }));
    expect(told.kind).toBe("bench");
    expect(told.text).toContain(`cannot be written to ${join(dirname(file), basename("lab-07.wear.json"))}`);
  });
});
