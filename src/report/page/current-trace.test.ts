import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { CurrentReader } from "./current-trace.ts";

function currentOf(path: string) {
  using reader = new CurrentReader(path);
  return reader.rest();
}

function csv(lines: readonly string[]): string {
  const path = join(mkdtempSync(join(tmpdir(), "hil-current-")), "current.csv");
  writeFileSync(path, `at_us,mean_ua,min_ua,max_ua,samples,lost\n${lines.join("\n")}\n`);
  return path;
}

describe("the supply current of a run", () => {
  test("is told line by line where there are few; lost milliseconds have no value", () => {
    expect(currentOf(csv(["0,5.0,4.0,6.0,100,0", "1000,,,,0,100", "2000,7.5,7.0,8.0,100,0"]))).toEqual([
      [0, 4, 6],
      [2_000, 7, 8],
    ]);
  });

  test("is told in some thousand bins however long it is, and no peak is lost", () => {
    const lines = Array.from({ length: 100_000 }, (_, at) => `${at * 1000},5,4,${at === 77_777 ? 9_999 : 6},100,0`);
    const bins = currentOf(csv(lines));
    expect(bins.length).toBeLessThanOrEqual(8_000);
    expect(bins.length).toBeGreaterThan(2_000);
    expect(Math.max(...bins.map(([, , most]) => most))).toBe(9_999);
    expect(bins.map(([atUs]) => atUs)).toEqual(bins.map(([atUs]) => atUs).toSorted((a, b) => a - b));
  });

  test("is told of each stretch of it, as of the whole", () => {
    using reader = new CurrentReader(csv(Array.from({ length: 10 }, (_, at) => `${at * 1000},5,${at},6,100,0`)));
    expect(reader.upTo(1_500)).toEqual([
      [0, 0, 6],
      [1_000, 1, 6],
    ]);
    expect(reader.upTo(3_000).map(([atUs]) => atUs)).toEqual([2_000, 3_000]);
    expect(reader.upTo(3_500)).toEqual([]);
    expect(reader.rest()).toHaveLength(10);
  });

  test("is empty where none was measured", () => {
    expect(currentOf(join(tmpdir(), "no such current.csv"))).toEqual([]);
  });
});
