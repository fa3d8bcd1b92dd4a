import { mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { replaceFileAt } from "./replace-file.ts";

const empty = () => mkdtempSync(join(tmpdir(), "hil-replace-"));

describe("a file that is replaced", () => {
  test("holds the new text, and nothing else is left beside it", () => {
    const folder = empty();
    const path = join(folder, "lab.health.json");
    for (const text of ["one", "two"]) replaceFileAt(path, text);
    expect(readFileSync(path, "utf8")).toBe("two");
    expect(readdirSync(folder)).toEqual(["lab.health.json"]);
  });

  test("is not written through a link that lies where its new text is made", () => {
    const folder = empty();
    const precious = join(folder, "precious");
    writeFileSync(precious, "mine");
    symlinkSync(precious, join(folder, "lab.json.new"));
    replaceFileAt(join(folder, "lab.json"), "new");
    expect(readFileSync(precious, "utf8")).toBe("mine");
    expect(readdirSync(folder).toSorted()).toEqual(["lab.json", "precious"]);
  });

  test("stays as it is when the new one cannot take its place, and no half of it is left", () => {
    const folder = empty();
    const path = join(folder, "lab.json");
    mkdirSync(join(path, "inner"), { recursive: true });
    expect(() => replaceFileAt(path, "new")).toThrow();
    expect(readdirSync(folder)).toEqual(["lab.json"]);
  });
});
