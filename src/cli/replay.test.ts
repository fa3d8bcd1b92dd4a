import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { smallProfile, smallScenario } from "../campaign/testing/small-campaign.ts";
import { replayCommand } from "./replay.ts";
import { runCommand } from "./run.ts";
import { complaintOf, type MemoryIo, memoryIo } from "./testing/memory-io.ts";

/** A run of a small campaign, its folder relative to where it was started, and what it found. */
async function recorded(...argv: string[]) {
  const io = memoryIo();
  writeFileSync(join(io.cwd, "small.yaml"), smallProfile().text);
  writeFileSync(join(io.cwd, "mine.yaml"), smallScenario().text);
  await runCommand(["mine.yaml", "--board", "small.yaml", "--json", ...argv], io);
  const run = `runs/${readdirSync(join(io.cwd, "runs"))[0]}`;
  return { cwd: io.cwd, run, found: io.printed() };
}

async function replay(cwd: string, ...argv: string[]): Promise<{ code: number; io: MemoryIo }> {
  const io = memoryIo({ cwd });
  return { code: await replayCommand(argv, io), io };
}

async function complaint(cwd: string, ...argv: string[]): Promise<string> {
  const { text, code } = await complaintOf(replay(cwd, ...argv));
  expect(code).toBe(2);
  return text;
}

describe("hil replay", () => {
  test("of a whole run finds what the run found", async () => {
    const { cwd, run, found } = await recorded();
    const { code, io } = await replay(cwd, run, "--json");
    expect(code).toBe(0);
    expect(io.printed()).toBe(found);
  });

  test("of a run with faults has them, too", async () => {
    const { cwd, run, found } = await recorded("--fault", "lose-fallback");
    const { code, io } = await replay(cwd, run, "--json");
    expect(code).toBe(1);
    expect(io.printed()).toBe(found);
  });

  test("of one cut makes that cut, with its number, after the same image", async () => {
    const { cwd, run, found } = await recorded("--fault", "lose-fallback");
    interface Found {
      verdicts: { check: string; pass: boolean; from: string; ending: string; where: string }[];
    }
    const failed = (JSON.parse(found) as Found).verdicts.find((entry) => !entry.pass && entry.check.startsWith("cut"));
    const number = failed?.check.replace("cut ", "") ?? "";
    const { code, io } = await replay(cwd, run, "--cut", number, "--json");
    expect(code).toBe(1);
    const again = (JSON.parse(io.printed()) as Found).verdicts.filter((entry) => entry.check.startsWith("cut"));
    expect(again).toHaveLength(1);
    expect(again[0]).toMatchObject({
      check: failed?.check,
      from: failed?.from,
      ending: failed?.ending,
      where: failed?.where,
    });
  });

  test("reads the bare replay.json, too", async () => {
    const { cwd, run, found } = await recorded();
    const { io } = await replay(cwd, `${run}/replay.json`, "--json");
    expect(io.printed()).toBe(found);
  });

  test("of one cut finds the cut beside the replay.json that is named, too", async () => {
    const { cwd, run } = await recorded();
    const { code, io } = await replay(cwd, `${run}/replay.json`, "--cut", "3", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(io.printed())).toMatchObject({ result: { cutsJudged: 1 } });
  });

  test("says when it builds other images than were recorded", async () => {
    const { cwd, run } = await recorded("--cuts", "0");
    const file = join(cwd, run, "replay.json");
    const replaced = readFileSync(file, "utf8").replace(
      /("role": "new",[^}]*"hash": ")[0-9a-f]{64}/,
      `$1${"ab".repeat(32)}`,
    );
    writeFileSync(file, replaced);
    const { io } = await replay(cwd, run);
    expect(io.printed()).toMatch(
      /warning {3}the new image is not the recorded one \(2\.0\.0; hash recorded abababababab…/,
    );
    expect(io.printed()).not.toContain("the old image is not");
  });

  test("with --trace prints a line an event, with the bench's clock", async () => {
    const { cwd, run } = await recorded("--cuts", "1");
    const { io } = await replay(cwd, run, "--trace");
    const lines = io.printed().split("\n");
    expect(lines[0]).toMatch(/^\[ {5}0\.000000\] run-started {6}\{/);
    expect(lines.filter((line) => / cut {14}/.test(line))).toHaveLength(1);
  });
});

describe("what cannot be replayed is told", () => {
  test("a record that is not there, and no record at all", async () => {
    const { cwd } = memoryIo();
    expect(await complaint(cwd, "runs/gone")).toMatch(/runs\/gone: there is no such run or replay file\./);
    expect(await complaint(cwd)).toBe("hil replay wants a run folder or a replay.json. See hil replay --help.");
  });

  test("a cut that the record does not have, with those that it has", async () => {
    const { cwd, run } = await recorded();
    expect(await complaint(cwd, run, "--cut", "17")).toBe(
      "the record has no cut 17. Choose one of its cuts: it holds 1 to 4.",
    );
    expect(await complaint(cwd, run, "--cut", "first")).toContain('--cut wants a number, not "first".');
  });

  test("one cut of a run without cuts", async () => {
    const { cwd, run } = await recorded("--cuts", "0");
    expect(await complaint(cwd, run, "--cut", "1")).toContain("it holds none");
  });
});
