import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { findLocks, LOCKS_VARIABLE } from "../../board/index.ts";
import { smallProfile } from "../../campaign/testing/small-campaign.ts";
import { locksOf, type PtyBench, ptyBench } from "../../cli/testing/process.ts";
import { jestEntry } from "../../cli/testing/program.ts";

/** Users' own Jest suites on one board: Jest as a process of its own, on a bench of pseudo-terminals. */
const ENTRY = jestEntry();
const BENCH = JSON.stringify(ENTRY);
const HEAD = `import { test, expect, beforeAll } from "@jest/globals";\n`;
const SUITES = {
  // Runs into its time-out while it holds the board: Jest goes on without it.
  "a-hangs.test.ts": `${HEAD}import { bench } from ${BENCH};
test("hangs", async () => { await bench(); await new Promise(() => {}); }, 4000);`,
  "b-waits.test.ts": `${HEAD}import { bench } from ${BENCH};
test("waits", async () => { await using bed = await bench(); expect(bed.board.name).toBe("lab-pty"); }, 60000);`,
  // CommonJS knows no static import of the package: it is imported in a hook, and bound by setupFilesAfterEnv.
  "c-common.test.cjs": `let bench;
beforeAll(async () => { ({ bench } = await import(${BENCH})); });
test("common", async () => {
  const bed = await bench();
  try { await expect(bed).toBeRunning("0.1.0"); } finally { await bed.close(); }
}, 60000);`,
  // A planted fault that does nothing: its test passes, and shows nothing.
  "d-idle.test.ts": `${HEAD}import { bench } from ${BENCH};
test("idle", async () => { await using bed = await bench({ board: process.env.IDLE_BOARD }); await bed.reset(); });`,
} as const;

interface Ended {
  readonly code: number | null;
  readonly said: string;
}

describe("Jest suites of one board, started side by side", () => {
  let lab: PtyBench;
  let ended: Ended = { code: null, said: "" };

  beforeAll(async () => {
    lab = await ptyBench();
    const folder = join(lab.folder, "suites");
    mkdirSync(folder);
    for (const [name, text] of Object.entries(SUITES)) writeFileSync(join(folder, name), text);
    writeFileSync(join(lab.folder, "idle.yaml"), smallProfile(["faults: []", "faults: [forget-resume]"]).text);
    const jsc = { target: "es2022", parser: { syntax: "typescript", explicitResourceManagement: true } };
    const config = {
      rootDir: folder,
      testMatch: ["**/*.test.ts", "**/*.test.cjs"],
      setupFilesAfterEnv: [ENTRY],
      modulePaths: [resolve("node_modules")],
      extensionsToTreatAsEsm: [".ts"],
      transform: { "^.+\\.ts$": [resolve("node_modules/@swc/jest"), { jsc, module: { type: "es6" } }] },
    };
    ended = await jest(lab.folder, config);
  }, 120_000);
  afterAll(async () => lab?.[Symbol.asyncDispose]());

  test("take turns: the one that waits says for whom, and passes after the one that ran into its time-out", () => {
    expect(ended.said).toMatch(/bench\(\) waits for lab-pty, \d+ s at most: port .* is in use by .*process \d+/);
    expect(ended.said).toMatch(/✓ waits/);
    expect(ended.said).toMatch(/✕ hangs/);
    expect(ended.said).toMatch(/Exceeded timeout of 4000|exceeded timeout of 4000/i);
    expect(ended.code).toBe(1);
  });

  test("work in CommonJS with the package in setupFilesAfterEnv", () => {
    expect(ended.said).toMatch(/✓ common/);
    expect(ended.said).not.toContain("was imported when tests ran already");
  });

  test("fail where a planted fault never acted, although no test of them fails", () => {
    expect(ended.said).toContain(
      "the fault forget-resume of small never acted: this test file shows nothing about it.",
    );
    expect(ended.said).toMatch(/FAIL .*d-idle\.test\.ts/);
  });

  test("leave no lock behind", () => {
    expect(findLocks(locksOf(lab.folder))).toEqual([]);
  });
});

function jest(folder: string, config: object): Promise<Ended> {
  const argv = ["node_modules/jest/bin/jest.js", "--config", JSON.stringify(config), "--maxWorkers=3", "--verbose"];
  const boards = { HIL_BOARD: join(folder, "lab.yaml"), IDLE_BOARD: join(folder, "idle.yaml") };
  const env = { ...process.env, ...boards, [LOCKS_VARIABLE]: locksOf(folder) };
  const child = spawn(process.execPath, ["--experimental-vm-modules", ...argv], { env });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data: Buffer) => (said += data.toString()));
  return new Promise((done) => child.on("close", (code) => done({ code, said })));
}
