import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { type Edit, smallProfile, smallScenario } from "../../campaign/testing/small-campaign.ts";
import { InterruptedError } from "../../core/index.ts";
import type { CliIo } from "../terminal/io.ts";
import { complaintOf, memoryIo } from "../testing/memory-io.ts";
import { prefixed, worst } from "./boards.ts";
import { runCommand } from "./run.ts";

const GOOD: readonly Edit[] = [["name: small", "name: bench-a"]];

/** Two small boards, bench-a and bench-b, and a scenario of two cuts, in a folder. */
function folder(second: readonly Edit[] = [], more: Partial<CliIo> = {}) {
  const io = memoryIo(more);
  writeFileSync(join(io.cwd, "a.yaml"), smallProfile(...GOOD).text);
  writeFileSync(join(io.cwd, "b.yaml"), smallProfile(["name: small", "name: bench-b"], ...second).text);
  const scenario = smallScenario(["count: 4", "count: 2"], ["revert_check: true", "revert_check: false"]);
  writeFileSync(join(io.cwd, "mine.yaml"), scenario.text);
  return io;
}

const both = ["mine.yaml", "--board", "a.yaml", "--board", "b.yaml"];

interface Found {
  readonly board: string;
  readonly seed: number;
  readonly result: { readonly outcome: string };
  readonly verdicts: readonly { readonly cut?: { readonly planned: { readonly afterResetUs: number } } }[];
}

const cutsOf = ({ verdicts }: Found) => verdicts.flatMap(({ cut }) => cut?.planned.afterResetUs ?? []);

test("output of one of several boards is no terminal's: it has whole lines, and none that is drawn again", () => {
  const own = prefixed(memoryIo({ isTty: true }), "bench-a");
  expect(own.isTty).toBe(false);
});

describe("hil run on two boards", () => {
  test("runs both, names the board before each line, and sums up", async () => {
    const io = folder();
    expect(await runCommand(both, io)).toBe(0);
    const lines = io
      .printed()
      .split("\n")
      .filter((line) => line !== "");
    expect(lines.filter((line) => !/^bench-[ab] {2}/.test(line))).toEqual([]);
    for (const name of ["bench-a", "bench-b"]) {
      expect(lines.filter((line) => line.startsWith(`${name}  small on ${name} (`))).toHaveLength(1);
      expect(lines.slice(-2).filter((line) => line.startsWith(`${name}  PASS  2 of 2 cuts`))).toHaveLength(1);
    }
    expect(lines.at(-1)).toMatch(/; record runs\//);
    expect(readdirSync(join(io.cwd, "runs"))).toHaveLength(2);
  });

  test("with --trace prints every event and packet of both, each line with its board's name", async () => {
    const io = folder();
    expect(await runCommand([...both, "--trace"], io)).toBe(0);
    const lines = io.printed().split("\n");
    for (const name of ["bench-a", "bench-b"]) {
      expect(lines.some((line) => line.startsWith(`${name}  [`) && line.includes("] boot-log  "))).toBe(true);
      expect(lines.some((line) => line.startsWith(`${name}  [`) && line.includes("] smp answer       reset"))).toBe(
        true,
      );
    }
    expect(lines.some((line) => line.startsWith("[ "))).toBe(false);
  });

  test("gives each its own record, and a stream of chance that repeats the run alone", async () => {
    const io = folder();
    await runCommand([...both, "--json"], io);
    const [a, b] = JSON.parse(io.printed()) as Found[];
    if (!a || !b) throw new RangeError("not two documents");
    expect([a.board, b.board]).toEqual(["bench-a", "bench-b"]);
    expect(cutsOf(a)).not.toEqual(cutsOf(b));
    const alone = folder();
    await runCommand(["mine.yaml", "--board", "b.yaml", "--seed", String(b.seed), "--json"], alone);
    expect(JSON.parse(alone.printed())).toEqual(b);
  });

  test("goes on with one when the other's bench fails, writes both to JUnit, and ends with the worst code", async () => {
    const io = folder([["faults: []", "faults: [relay-stuck]"]]);
    expect(await runCommand([...both, "--junit", "out/report.xml"], io)).toBe(3);
    expect(io.printed()).toMatch(/^bench-a {2}PASS {2}2 of 2 cuts/m);
    expect(io.printed()).toMatch(/^bench-b {2}ERROR the bench failed before the first cut/m);
    expect(io.complained()).toMatch(/^hil: bench-b: power was not cut/);
    const xml = readFileSync(join(io.cwd, "out/report.xml"), "utf8");
    expect(xml).toContain(`<testsuites name="hil" tests="4" failures="0" errors="1" skipped="0" `);
    expect([...xml.matchAll(/<testsuite name="small on (bench-.)/g)].map(([, name]) => name)).toEqual([
      "bench-a",
      "bench-b",
    ]);
  });

  test("ends with 1 when the firmware of one fails", async () => {
    const io = folder([["faults: []", "faults: [lose-fallback]"]]);
    expect(await runCommand(both, io)).toBe(1);
    expect(io.printed()).toMatch(/^bench-b {2}FAIL {2}/m);
  });

  test("interrupted, ends with 4, and both records are whole", async () => {
    const stop = new AbortController();
    const io = folder([], { signal: stop.signal });
    const out = (text: string) => {
      io.out(text);
      if (text.includes("preflight")) stop.abort(new InterruptedError("interrupted by SIGINT."));
    };
    expect(await runCommand(both, { ...io, out })).toBe(4);
    for (const name of readdirSync(join(io.cwd, "runs"))) {
      const run: unknown = JSON.parse(readFileSync(join(io.cwd, "runs", name, "run.json"), "utf8"));
      expect(run).toMatchObject({ state: "finished", result: { outcome: "interrupted" } });
    }
  });

  test("of one name tells them apart by number", async () => {
    const io = folder();
    expect(await runCommand(["mine.yaml", "--board", "a.yaml", "--board", "a.yaml", "--cuts", "0"], io)).toBe(0);
    expect(io.printed()).toMatch(/^bench-a {4}PASS/m);
    expect(io.printed()).toMatch(/^bench-a#2 {2}PASS/m);
  });

  test("shows both plans in a dry run, as an array with --json", async () => {
    const io = folder();
    expect(await runCommand([...both, "--dry-run", "--json"], io)).toBe(0);
    expect(JSON.parse(io.printed())).toMatchObject([{ board: "bench-a" }, { board: "bench-b" }]);
    expect(existsSync(join(io.cwd, "runs"))).toBe(false);
  });
});

test("boards that share a port are refused before anything moves: exit 2", async () => {
  const io = folder();
  const hardware = (name: string, channel: number) =>
    smallProfile()
      .text.replace("provider: twin", "provider: hardware")
      .replace("name: small", `name: ${name}`)
      .replace("twin:app", "/dev/ttyACM7")
      .replace("twin:relay", "/dev/ttyUSB7")
      .replace("channel: 1", `channel: ${channel}`)
      .replace("twin: { faults: [] }\n", "");
  writeFileSync(join(io.cwd, "a.yaml"), hardware("lab-a", 1));
  writeFileSync(join(io.cwd, "b.yaml"), hardware("lab-b", 2));
  const { text, code } = await complaintOf(runCommand(both, io));
  expect(text).toMatch(/a\.yaml and .*b\.yaml both use port \/dev\/ttyACM7\./);
  expect(code).toBe(2);
  expect(existsSync(join(io.cwd, "runs"))).toBe(false);
});

test.each([
  [[0, 0], 0],
  [[0, 1], 1],
  [[1, 2], 2],
  [[1, 3, 0], 3],
  [[3, 4, 1], 4],
])("exit codes %j stand together for %d", (codes, code) => {
  expect(worst(codes)).toBe(code);
});
