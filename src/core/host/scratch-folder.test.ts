import { spawnSync } from "node:child_process";
import { existsSync, lstatSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
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

test("the folders of processes that were killed are taken away by the next one, and nobody else's", () => {
  using own = new ScratchFolder("test");
  const [, , , place = "", pid = "", started = ""] = basename(own.path).split("-");
  const named = (...parts: readonly string[]) => join(tmpdir(), ["hil", "scratch", ...parts, "AbCd12"].join("-"));
  // The number of a process that has just ended.
  const gone = spawnSync("true").pid.toString(36);
  const left = [named("test", place, gone, started), named("flash", place, pid, "1")];
  const others = [named("test", "ffffff", gone, started), join(tmpdir(), "hil-scratch-test-AbCd12")];
  for (const folder of [...left, ...others]) mkdirSync(join(folder, "in", "it"), { recursive: true });
  const precious = mkdtempSync(join(tmpdir(), "precious-"));
  const link = named("qemu", place, gone, started);
  symlinkSync(precious, link);

  new ScratchFolder("test")[Symbol.dispose]();

  expect(left.filter((folder) => existsSync(folder))).toEqual([]);
  expect(others.filter((folder) => !existsSync(folder))).toEqual([]);
  expect([existsSync(own.path), existsSync(precious), lstatSync(link).isSymbolicLink()]).toEqual([true, true, true]);
  // The tests themselves look for folders of these names that nobody took away.
  for (const path of [...others, link]) rmSync(path, { recursive: true });
});
