import { describe, expect, test } from "@jest/globals";
import { parseArguments } from "../terminal/arguments.ts";
import type { CliIo, HilBeside } from "../terminal/io.ts";
import { memoryIo } from "../testing/memory-io.ts";
import { SHARE_OPTIONS, SharesBeside, sweepJobsOf } from "./shares.ts";

const PRINTED = { operations: [3], cut_points: 3, cuts: 1, booted: 1, findings: [], unknown: ["a register"] };

/** A world in which each process beside this one prints a text and ends. */
function world(text: string, code = 0, err = "") {
  const started: (readonly string[])[] = [];
  const startHil = (argv: readonly string[]): HilBeside => {
    started.push(argv);
    const lines = text === "" ? [] : text.split("\n");
    const nothing = () => undefined;
    const line = async () => lines.shift();
    return { line, write: nothing, end: nothing, kill: nothing, done: Promise.resolve({ code, err }) };
  };
  const io: CliIo = memoryIo({ cwd: "/", startHil });
  return { io, started };
}

function parts(io: CliIo, ...argv: string[]) {
  const args = parseArguments(io, argv, "hil sweep", SHARE_OPTIONS, 2);
  if (args === undefined) throw new TypeError("help was asked for");
  return sweepJobsOf(args, argv, io);
}

describe("a sweep shared by processes", () => {
  test("each other process is this command again, for a part of its own", async () => {
    const { io, started } = world(JSON.stringify(PRINTED, undefined, 2));
    const asked = parts(io, "--jobs", "3");
    expect(asked.share).toEqual({ part: 0, of: 3 });
    using beside = new SharesBeside(asked, io);
    const results = await beside.results();
    expect(started.map((argv) => argv.slice(-2))).toEqual([
      ["--share", "1/3"],
      ["--share", "2/3"],
    ]);
    expect(results.map(({ swept, unknown }) => [swept.cutPoints, unknown])).toEqual([
      [3, ["a register"]],
      [3, ["a register"]],
    ]);
  });

  test("a process that starts none shares with nobody, and one that is a part starts none", () => {
    expect(parts(memoryIo({ cwd: "/" })).share).toEqual({ part: 0, of: 1 });
    expect(parts(world("").io, "--share", "1/2")).toEqual({ share: { part: 1, of: 2 }, beside: [] });
    expect(() => parts(world("").io, "--share", "2/2")).toThrow(/wants a part of the cuts/u);
  });

  test("what ends another process ends the sweep", async () => {
    const { io } = world("", 3, "hil: emulator error: an erase of 1024 bytes");
    using beside = new SharesBeside(parts(io, "--jobs", "2"), io);
    await expect(beside.results()).rejects.toThrow(/a part of the sweep ended: hil: emulator error/u);
  });
});
