import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeAll, describe, expect, test } from "@jest/globals";
import type { RunPage } from "../../report/index.ts";
import { blockOf } from "../../report/testing/page-block.ts";
import { recordFolder, STARTED } from "../../report/testing/record-folder.ts";
import { runCommand } from "../run/run.ts";
import { complaintOf, type MemoryIo, memoryIo } from "../testing/memory-io.ts";
import { pageCode } from "./page-code.ts";
import { reportCommand } from "./report.ts";

const dataOf = (path: string) => blockOf(readFileSync(path, "utf8")).data;

/** The page's code is what `npm run build` made: without it there is no page, and these tests fail. */
describe("hil report", () => {
  let io: MemoryIo;
  let run = "";

  beforeAll(async () => {
    io = memoryIo();
    await runCommand(["encrypted-upgrade", "--cuts", "2", "--report", "night/page.html"], io);
    run = join("runs", readdirSync(join(io.cwd, "runs"))[0] ?? "");
  });

  test("writes the page of a run into its folder, with every verdict of the record", async () => {
    const own = memoryIo({ cwd: io.cwd });
    expect(await reportCommand([run], own)).toBe(0);
    expect(own.printed()).toBe(`report    ${run}/report.html\n`);
    const kept = readFileSync(join(io.cwd, run, "verdicts.jsonl"), "utf8")
      .trim()
      .split("\n");
    const checks = kept.map((line) => (JSON.parse(line) as { check: string }).check);
    expect(checks).toContain("cut 2");
    const [page] = dataOf(join(io.cwd, run, "report.html")).runs;
    expect(page).toMatchObject({ folder: run, outcome: "pass" });
    expect(page?.judged.plain.check).toEqual(checks);
  });

  test("has what the twin's flash did, each page's erases, and what the model makes of the same cuts", async () => {
    const own = memoryIo({ cwd: io.cwd });
    await reportCommand([run, "--json"], own);
    const [page] = JSON.parse(own.printed()) as RunPage[];
    const cut = page?.judged.find(({ check }) => check === "cut 1");
    expect(cut?.lane?.flash?.rows.length).toBeGreaterThan(20);
    const lastUs = Math.max(...(cut?.lane?.flash?.rows ?? []).map(([, , , , toUs]) => toUs));
    expect(lastUs).toBeLessThanOrEqual((cut?.toUs ?? 0) - (cut?.fromUs ?? 0));
    expect(page?.flashWear?.erases.length).toBeGreaterThan(10);
    // The upload's erases, and the swap's, are what the model counts as wear: no page has more than it says.
    const most = Math.max(...(page?.flashWear?.erases ?? []).map(([, times]) => times));
    expect(most).toBeLessThanOrEqual(page?.wear?.spent ?? 0);
    expect(page?.model).toMatchObject({ direction: "1.0.0 to 2.0.0", operations: page?.reference?.operations });
  });

  test("is what --report of hil run writes when the run ends", () => {
    expect(dataOf(join(io.cwd, "night", "page.html")).runs[0]).toMatchObject({ folder: run, outcome: "pass" });
    expect(io.printed()).toMatch(/^report {4}night\/page\.html$/m);
  });

  test("reads every line that a run writes", async () => {
    const own = memoryIo({ cwd: io.cwd });
    await reportCommand([run, "--json"], own);
    expect(JSON.parse(own.printed())).toMatchObject([{ leftOut: [] }]);
  });

  test("puts several runs on one page, which says where it goes", async () => {
    const own = memoryIo({ cwd: io.cwd });
    expect((await complaintOf(reportCommand([run, run], own))).text).toContain("-o report.html");
    expect(await reportCommand([run, run, "-o", "both.html"], own)).toBe(0);
    expect(dataOf(join(io.cwd, "both.html")).runs).toHaveLength(2);
  });

  test("--lab puts a folder of records on one page, with a link to the page of each run that has one", async () => {
    const own = memoryIo({ cwd: io.cwd });
    expect(await reportCommand(["runs", "--lab", "-o", "night/lab.html"], own)).toBe(0);
    expect(own.printed()).toBe("report    night/lab.html\n");
    const { lab } = dataOf(join(io.cwd, "night", "lab.html"));
    expect(lab?.rows).toMatchObject([{ scenario: "encrypted-upgrade", board: "twin", judged: 1, passed: 1 }]);
    const [[cell] = []] = lab?.rows.map(({ cells }) => cells) ?? [];
    expect(cell).toMatchObject({ run: run.slice("runs/".length), href: `../${run}/report.html`, outcome: "pass" });
  });

  test.each([
    [[] as string[], "one.html"],
    [["--lab"], "all.html"],
  ])("%j --json -o prints one document and writes the page, too", async (more, page) => {
    const own = memoryIo({ cwd: io.cwd });
    const argv = [more.length === 0 ? run : "runs", ...more, "--json", "-o", page];
    expect(await reportCommand(argv, own)).toBe(0);
    expect(typeof JSON.parse(own.printed())).toBe("object");
    expect(existsSync(join(io.cwd, page))).toBe(true);
  });

  test("--lab names the folders that it passes over, on the console and on the page", async () => {
    const own = memoryIo({ cwd: io.cwd });
    cpSync(join(io.cwd, "runs"), join(io.cwd, "mixed"), { recursive: true });
    cpSync(recordFolder([STARTED]), join(io.cwd, "mixed", "half"), { recursive: true });
    mkdirSync(join(io.cwd, "mixed", "photos"));
    expect(await reportCommand(["mixed", "--lab", "-o", "night/mixed.html"], own)).toBe(0);
    expect(own.complained()).toMatch(/mixed\/photos is passed over: .*\n.*mixed\/half has not ended/);
    const { lab } = dataOf(join(io.cwd, "night", "mixed.html"));
    expect(lab?.leftOut.join(" ")).toMatch(/\(1\): half\..*\(1\): photos\./);
  });

  test("--lab of a folder without a run that ended is the wrong request, and writes no page", async () => {
    const own = memoryIo({ cwd: io.cwd });
    mkdirSync(join(io.cwd, "none", "photos"), { recursive: true });
    const { code, text } = await complaintOf(reportCommand(["none", "--lab", "-o", "none.html"], own));
    expect([code, existsSync(join(io.cwd, "none.html"))]).toEqual([2, false]);
    expect(text).toMatch(/^no run that has ended is recorded in none: 1 folder in it/);
  });

  test("--lab of two folders is the wrong request", async () => {
    expect(await complaintOf(reportCommand(["runs", "night", "--lab"], io))).toMatchObject({ code: 2 });
  });

  test.each([
    ["no run", [], /wants the folder of a run/],
    ["a folder that is not there", ["runs/none"], /is not there/],
    ["a file", ["file"], /is a file/],
    ["a path through a file", ["file/x"], /is not there/],
    ["a folder that is no record", ["empty"], /no record of a run/],
  ])("of %s is the wrong request", async (_, argv, text) => {
    mkdirSync(join(io.cwd, "empty"), { recursive: true });
    writeFileSync(join(io.cwd, "file"), "");
    expect(await complaintOf(reportCommand(argv, io))).toMatchObject({ code: 2, text: expect.stringMatching(text) });
  });

  test("writes no page through a link in the record: it may lead to a file of whoever reads it", async () => {
    cpSync(join(io.cwd, run), join(io.cwd, "sent"), { recursive: true });
    rmSync(join(io.cwd, "sent", "report.html"), { force: true });
    writeFileSync(join(io.cwd, "precious"), "mine");
    symlinkSync(join(io.cwd, "precious"), join(io.cwd, "sent", "report.html"));
    expect(await complaintOf(reportCommand(["sent"], io))).toMatchObject({
      code: 2,
      text: expect.stringContaining("-o FILE"),
    });
    expect(readFileSync(join(io.cwd, "precious"), "utf8")).toBe("mine");
  });

  test("that cannot write its page says so, and leaves nothing", async () => {
    const complaint = await complaintOf(reportCommand([run, "-o", "file/page.html"], io));
    expect(complaint).toMatchObject({ code: 2, text: expect.stringContaining("file/page.html") });
  });

  test("says what to do where the page's code was not built", () => {
    const nowhere = pathToFileURL(`${tmpdir()}/no-such-folder/`);
    expect(() => pageCode(nowhere)).toThrow(/cannot be read/);
  });
});
