import { cpSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { recordFolder, STARTED } from "../../report/testing/record-folder.ts";
import { runCommand } from "../run/run.ts";
import { complaintOf, type MemoryIo, memoryIo } from "../testing/memory-io.ts";
import { runsCommand } from "./history.ts";

describe("hil runs", () => {
  let io: MemoryIo;
  let good = "";
  let bad = "";

  /** What a command prints in the folder of the two runs, and its exit code. */
  const said = async (...argv: readonly string[]) => {
    const own = memoryIo({ cwd: io.cwd });
    const code = await runsCommand(argv, own);
    return { code, text: own.printed() };
  };

  beforeAll(async () => {
    io = memoryIo();
    const ids = () => readdirSync(join(io.cwd, "runs"));
    await runCommand(["encrypted-upgrade", "--cuts", "2", "--label", "commit=one"], io);
    [good = ""] = ids();
    await runCommand(["encrypted-upgrade", "--cuts", "2", "--label", "commit=two", "--fault", "forget-resume"], io);
    bad = ids().find((id) => id !== good) ?? "";
  });

  test("lists runs by question, with their labels, oldest first", async () => {
    const { code, text } = await said("list");
    expect(code).toBe(0);
    expect(text).toMatch(new RegExp(`✓ {2}${good} .*commit=one\\n✗ {2}${bad} .*commit=two\\n$`));
    expect((await said("--label", "commit=two")).text).not.toContain(good);
  });

  test("says what is newly red, by cause, and ends with 1", async () => {
    const { code, text } = await said("changes");
    expect(code).toBe(1);
    expect(text).toContain("newly red");
    const one = await said("changes", "--label", "commit=one");
    expect([one.code, one.text]).toEqual([0, "nothing new in 1 question\n"]);
  });

  test("compares two runs by the beginnings of their names", async () => {
    const { code, text } = await said("compare", good, bad.slice(0, -1));
    expect([code, text.includes("red only in the second")]).toEqual([1, true]);
    expect((await said("compare", bad, good)).text).toContain("green only in the second");
  });

  test("shows one run, and the trend of its question", async () => {
    expect((await said("show", good)).text).toMatch(/upload +\d+\.\d KiB\/s, 100 %/);
    expect((await said("trend")).text).toMatch(/encrypted-upgrade on twin {2}✓✗\n/);
  });

  test("prints each of them as JSON, too", async () => {
    for (const argv of [["list"], ["show", good], ["compare", good, bad], ["trend"], ["changes"]]) {
      const { text } = await said(...argv, "--json");
      expect(typeof JSON.parse(text)).toBe("object");
    }
  });

  test("deletes only what is old enough, is not among the last, and only when told so", async () => {
    expect((await said("prune", "--older-than", "1d", "--keep", "0")).text).toBe(
      "0 of 2 runs would be deleted (say --yes)\n",
    );
    expect((await said("prune", "--older-than", "0s", "--keep", "1")).text).toContain(`${good}\n1 of 2 runs would be`);
    expect(existsSync(join(io.cwd, "runs", good))).toBe(true);
    await said("prune", "--older-than", "0s", "--keep", "1", "--yes");
    expect([good, bad].map((id) => existsSync(join(io.cwd, "runs", id)))).toEqual([false, true]);
  });

  test.each([
    ["a verb that is none", ["lst"], /no "lst"/],
    ["a run too few", ["compare", "x"], /wants two runs/],
    ["a run that is not there", ["show", "nothing"], /no run has the name/],
    ["no age", ["prune"], /--older-than/],
    ["a folder that is not there", ["--runs", "none"], /none/],
    ["a board that no run was on", ["changes", "--board", "lab-O7"], /none of 1 run in runs is one of "lab-O7"/],
    ["a label that no run has", ["trend", "--label", "commit=none"], /is one of "commit=none"/],
  ])("refuses %s", async (_, argv, text) => {
    expect(await complaintOf(runsCommand(argv, io))).toMatchObject({ code: 2, text: expect.stringMatching(text) });
  });
});

describe("a folder without a run that ended is the wrong request, of every verb:", () => {
  const folders = {
    empty: () => undefined,
    "of strangers": (root: string) => mkdirSync(join(root, "photos"), { recursive: true }),
    "of a run that was cut off": (root: string) =>
      cpSync(recordFolder([STARTED]), join(root, "half"), { recursive: true }),
  };

  test.each(
    Object.keys(folders).flatMap((name) => ["list", "trend", "changes", "prune"].map((verb) => [name, verb] as const)),
  )("%s, %s", async (name, verb) => {
    const io = memoryIo();
    mkdirSync(join(io.cwd, "night"));
    folders[name as keyof typeof folders](join(io.cwd, "night"));
    const argv = [verb, "--runs", "night", ...(verb === "prune" ? ["--older-than", "1d"] : [])];
    const { code, text } = await complaintOf(runsCommand(argv, io));
    expect(code).toBe(2);
    expect(text).toMatch(/^no run that has ended is recorded in night: .*events\.jsonl/);
    expect(io.printed()).toBe("");
    if (name === "of strangers") expect(io.complained()).toContain("night/photos is passed over: ");
    if (name === "of a run that was cut off") expect(io.complained()).toContain("night/half has not ended");
  });
});
