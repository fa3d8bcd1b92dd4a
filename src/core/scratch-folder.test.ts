import { existsSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { ScratchFolder } from "./scratch-folder.ts";

test("a scratch folder is this user's alone, and goes with all that is in it", () => {
  const folder = new ScratchFolder("test");
  writeFileSync(join(folder.path, "file"), "x");
  expect(statSync(folder.path).mode & 0o777).toBe(0o700);
  folder[Symbol.dispose]();
  expect(existsSync(folder.path)).toBe(false);
});

test("a scratch folder goes with the process that did not come to dispose of it", () => {
  const before = new Set(process.listeners("exit"));
  const folder = new ScratchFolder("test");
  const [atExit] = process.listeners("exit").filter((listener) => !before.has(listener));
  atExit?.(0);
  expect(existsSync(folder.path)).toBe(false);
  folder[Symbol.dispose]();
});
