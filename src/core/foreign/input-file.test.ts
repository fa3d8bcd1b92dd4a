import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { eachLine, readHead, readInput, readInputText } from "./input-file.ts";

const folder = mkdtempSync(join(tmpdir(), "hil-input-"));
const file = join(folder, "file");

describe("a file that somebody named", () => {
  test("is read whole, also where the system gives it no length", () => {
    writeFileSync(file, "ä".repeat(100_000));
    expect(readInputText(file)).toBe("ä".repeat(100_000));
    expect(readInputText("/proc/self/status")).toContain("Pid:");
    writeFileSync(file, "");
    expect(readInput(file)).toHaveLength(0);
  });

  test("is read in pieces where the system gives it no length, and not byte by byte", () => {
    const reads = () => Number(/syscr: (\d+)/.exec(readFileSync("/proc/self/io", "utf8"))?.[1]);
    const before = reads();
    const { length } = readInput("/proc/self/maps");
    expect(reads() - before).toBeLessThan(length / 50);
  });

  test("is read from its beginning, as far as is asked for or as it goes", () => {
    writeFileSync(file, "abcd");
    expect([2, 4, 9].map((bytes) => Buffer.from(readHead(file, bytes)).toString())).toEqual(["ab", "abcd", "abcd"]);
  });

  test("is refused when it is a pipe, a device or a folder, without a wait", () => {
    spawnSync("mkfifo", [join(folder, "pipe")]);
    expect(() => readInput(join(folder, "pipe"))).toThrow("is a pipe, not a file.");
    expect(() => readInput("/dev/zero")).toThrow("/dev/zero is a device, not a file.");
    expect(() => readInput(folder)).toThrow("EISDIR");
    expect(() => eachLine("/dev/zero", () => undefined)).toThrow("is a device, not a file.");
  });

  test("is refused when it is too long, before it is read, and also when its length is a lie", () => {
    writeFileSync(file, "12345");
    expect(readInput(file, 5)).toHaveLength(5);
    expect(() => readInput(file, 4)).toThrow("the file has 5 bytes or more; at most 4 are read.");
    expect(() => readInput("/proc/self/status", 100)).toThrow("at most 100 are read.");
    truncateSync(file, 2 ** 40);
    expect(() => readInput(file)).toThrow("at most 67108864 are read.");
  });
});

describe("a file that is read line by line", () => {
  const linesOf = (text: string) => {
    writeFileSync(file, text);
    const lines: string[] = [];
    eachLine(file, (line) => lines.push(line));
    return lines;
  };

  test("has the lines that splitting its text would give", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("\n", "a", "ä", "😀")), (all) => {
        expect(linesOf(all.join(""))).toEqual(all.join("").split("\n"));
      }),
      { numRuns: 50 },
    );
    const long = Array.from({ length: 5000 }, (_, at) => `${at} ${"ж".repeat(at % 90)}`);
    expect(linesOf(long.join("\n"))).toEqual(long);
  });

  test("gives a line without an end up to its first million characters", () => {
    expect(linesOf(`${"x".repeat(3_000_000)}\nnext`).map(({ length }) => length)).toEqual([1_048_576, 4]);
  });
});
