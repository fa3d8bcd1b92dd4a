import { mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { hil } from "../src/cli/testing/process.ts";
import { RealClock, sleep } from "../src/core/index.ts";
import { judgeAll, keepReport, QemuCuts, spread } from "./qemu-cuts.ts";
import { missingFor, SMP_SERVERS } from "./smp-servers.ts";

/** Real MCUboot and Zephyr on an emulated board, and the whole harness around them. Full figures: scripts/nightly/qemu.ts. */
const LIMIT_MS = 600_000;
const required = process.env["HIL_PEERS_SERVERS"] === "required";
const clock = new RealClock();

if (process.env["HIL_SMP_SERVERS"] !== undefined) {
  const cache = mkdtempSync(join(tmpdir(), "hil-cache-"));
  symlinkSync(resolve(SMP_SERVERS.folder), join(cache, `smp-servers-${SMP_SERVERS.version}`));
  process.env["HIL_CACHE"] = cache;
}

function qemuTest(name: string, body: () => Promise<void>): void {
  const missing = missingFor("qemu");
  if (missing === undefined || required) test(name, body, LIMIT_MS);
  else test.skip(`${name}: ${missing}`, body);
}

/** A copy of a scenario that ships, with another way to cut. */
function scenarioCutting(name: string, cuts: string): string {
  const text = readFileSync(join("scenarios", `${name}.yaml`), "utf8");
  const file = join(mkdtempSync(join(tmpdir(), "hil-qemu-test-")), `${name}.yaml`);
  const replaced = text.replace(/^cuts:\n {2}.*$/m, `cuts:\n  ${cuts}`);
  expect(replaced).not.toBe(text);
  writeFileSync(file, replaced);
  return file;
}

/** Processes of QEMU's that were started with this folder for temporary files. */
function emulatorsIn(folder: string): readonly string[] {
  return readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(join("/proc", pid, "cmdline"), "utf8").includes(`${folder}/hil-scratch-qemu-`);
    } catch {
      return false;
    }
  });
}

describe("cuts of real MCUboot", () => {
  qemuTest("60 over a swap and 60 over its revert, images of one size: the judge allows each", async () => {
    const bench = await QemuCuts.of("qemu-upgrade");
    const swap = [...(await bench.cutAt(spread(bench.plan().operations, 59))), await bench.cutAfterAll()];
    const swapped = await judgeAll(bench, "swap", swap);
    bench.goOn();
    const revert = [...(await bench.cutAt(spread(bench.plan().operations, 59))), await bench.cutAfterAll()];
    const reverted = await judgeAll(bench, "revert", revert);
    expect(keepReport("equal-images", [...swapped, ...reverted])).toBe("120 of 120 as MCUboot allows");
    const endings = (rows: typeof swapped) => [...new Set(rows.map(({ ending }) => ending))].toSorted();
    expect(endings(swapped)).toEqual(["resumed", "reverted", "upgraded"]);
    expect(endings(reverted)).toEqual(["reverted"]);
  });
});

describe("hil run on the emulated board", () => {
  qemuTest("does the main job: upload, test, cuts in the middle of the swap, verdicts", async () => {
    const folder = mkdtempSync(join(tmpdir(), "hil-qemu-run-"));
    const run = hil(folder, "run", "qemu-upgrade", "--board", "qemu-microbit", "--cuts", "4", "--json");
    const { code, out, err } = await run.done;
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(JSON.parse(out)).toMatchObject({ result: { outcome: "pass", cutsJudged: 4, failed: 0 } });
  });

  qemuTest("finds U1 at the last erase of the swap, names it, and its replay shows it again", async () => {
    const folder = mkdtempSync(join(tmpdir(), "hil-qemu-u1-"));
    // Operation 318 erases the last sector of the secondary slot; 315, one sector before, is survived.
    const scenario = scenarioCutting("qemu-u1", "operations: [[315], [318]]");
    const run = await hil(folder, "run", scenario, "--board", "qemu-microbit").done;
    const second = /cut 2: .*operation 318, erase secondary sector 53[^]*because +known defect U1: /;
    expect(run.out + run.err).toMatch(second);
    expect(run.out).toMatch(/known defect U1 goes on: "Image in the secondary slot is not valid!"/);
    expect(run.out).not.toMatch(/FAIL {2}cut 1/);
    expect(run.code).toBe(1);
    const [record = ""] = readdirSync(join(folder, "runs"));
    const again = await hil(folder, "replay", join("runs", record), "--cut", "2").done;
    expect(again.out).toMatch(second);
    expect(again.code).toBe(1);
  });

  qemuTest("killed with -9 it leaves no emulator and no files behind", async () => {
    const folder = mkdtempSync(join(tmpdir(), "hil-qemu-kill-"));
    const before = process.env["TMPDIR"];
    process.env["TMPDIR"] = folder;
    const run = hil(folder, "run", "qemu-upgrade", "--board", "qemu-microbit", "--cuts", "40");
    process.env["TMPDIR"] = before ?? "";
    if (before === undefined) delete process.env["TMPDIR"];
    await run.printed(/flash operations/);
    expect(emulatorsIn(folder)).not.toEqual([]);
    run.child.kill("SIGKILL");
    await run.done;
    for (let asked = 0; asked < 400 && emulatorsIn(folder).length > 0; asked += 1) await sleep(clock, 50);
    expect(emulatorsIn(folder)).toEqual([]);
    const left = () => readdirSync(folder).filter((name) => name.startsWith("hil-scratch-qemu-"));
    for (let asked = 0; asked < 400 && left().length > 0; asked += 1) await sleep(clock, 50);
    expect(left()).toEqual([]);
  });
});
