import { existsSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { hasCode } from "./errors.ts";
import { entryAt, isBelow, makeFolder } from "./folder.ts";

const empty = () => mkdtempSync(join(tmpdir(), "hil-folder-"));

function codeOf(act: () => void): string {
  try {
    act();
    return "none";
  } catch (error) {
    return ["ENOENT", "EEXIST", "ENOTDIR", "EACCES", "EPERM"].find((code) => hasCode(error, code)) ?? "another";
  }
}

describe("making a folder", () => {
  test("makes all that is missing above it, and is content with one that is there", () => {
    const path = join(empty(), "a", "b", "c");
    makeFolder(path);
    makeFolder(path);
    expect(existsSync(path)).toBe(true);
  });

  const linux = process.platform === "linux" ? test : test.skip;
  linux("comes back from /proc, where nothing can be made, with an error", () => {
    expect(codeOf(() => makeFolder("/proc/nope/deeper/still"))).toBe("ENOENT");
  });

  test("refuses where a file, or a link to nowhere, stands in the way", () => {
    const folder = empty();
    writeFileSync(join(folder, "file"), "");
    symlinkSync(join(folder, "nowhere"), join(folder, "link"));
    expect(codeOf(() => makeFolder(join(folder, "file")))).toBe("EEXIST");
    expect(codeOf(() => makeFolder(join(folder, "file", "below")))).toBe("ENOTDIR");
    expect(codeOf(() => makeFolder(join(folder, "link")))).toBe("EEXIST");
    expect(() => makeFolder(join(folder, "file", "below"))).toThrow(`${join(folder, "file")} is a file, and no folder`);
    expect(() => makeFolder(join(folder, "link"))).toThrow(`${join(folder, "link")} is a link to nowhere`);
  });
});

test("nothing lies at a path through a file, a link to itself, a name too long, or one with a zero in it", () => {
  const folder = empty();
  writeFileSync(join(folder, "file"), "");
  symlinkSync("loop", join(folder, "loop"));
  const found = ["file/x", "loop", "n".repeat(300), "a\0b", "none"].map((name) => entryAt(join(folder, name)));
  expect(found).toEqual(found.map(() => undefined));
  expect([entryAt(folder)?.isDirectory(), entryAt(join(folder, "file"))?.isFile()]).toEqual([true, true]);
});

test.each([
  ["/lab/inputs", true],
  ["/lab/inputs/a/b", true],
  ["/lab/inputs/..a", true],
  ["/lab/inputs/../inputs/a", true],
  ["/lab", false],
  ["/lab/inputs-2/a", false],
  ["/lab/inputs/../../etc/passwd", false],
])("%s is below /lab/inputs: %j", (path, expected) => {
  expect(isBelow(path, "/lab/inputs")).toBe(expected);
});
