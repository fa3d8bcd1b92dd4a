import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";

const ends: string = "./test-folder-gone.mjs";

async function end(folder: string): Promise<void> {
  const { default: folderIsGone } = (await import(ends)) as { default: () => void };
  process.env["HIL_TEST_FOLDER"] = folder;
  folderIsGone();
}

test("a run of the tests that leaves temporary files fails with their names, and they are gone all the same", async () => {
  const folder = mkdtempSync(join(tmpdir(), "run-"));
  mkdirSync(join(folder, "hil-left-abc"));
  await expect(end(folder)).rejects.toThrow("temporary files that the tests left in TMPDIR: hil-left-abc");
  expect(existsSync(folder)).toBe(false);
});

test("what compilers keep for their next start is no file that was left", async () => {
  const folder = mkdtempSync(join(tmpdir(), "run-"));
  mkdirSync(join(folder, "tsx-0"));
  writeFileSync(join(folder, "tsx-0", "x"), "");
  await end(folder);
  expect(existsSync(folder)).toBe(false);
});
