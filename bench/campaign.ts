// How long a campaign on the twin takes, as a user would start it: npx tsx bench/campaign.ts [CUTS] [RUNS] [-o FILE.html|FILE.svg]
// Virtual time: what the board would have needed stands beside it.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ScratchFolder } from "../src/core/index.ts";
import { BenchPlot } from "./plot.ts";

using plot = new BenchPlot("A campaign on the twin");
const cuts = process.argv[2] ?? "200";
const runs = Number(process.argv[3] ?? 3);
const bin = fileURLToPath(new URL("../bin/hil.js", import.meta.url));
/** Runs in the measured process: what it took of the machine, as its last words. */
const LAST_WORDS = `process.on("exit", () => process.stderr.write("\\n" + JSON.stringify(process.resourceUsage())));`;
const ARGV = ["--import", `data:text/javascript,${encodeURIComponent(LAST_WORDS)}`, bin, "run"];
const OPTIONS = ["--cuts", cuts, "--seed", "1", "--max-wear", "1000000000", "--json"];

interface Used {
  readonly realS: number;
  readonly processorS: number;
  readonly memoryMiB: number;
}

const used: Used[] = [];
let boardS = 0;
for (let turn = 0; turn < runs; turn += 1) {
  const cwd = new ScratchFolder("bench").path;
  try {
    const began = process.hrtime.bigint();
    const child = spawnSync(process.execPath, [...ARGV, ...OPTIONS], { cwd, stdio: ["ignore", "ignore", "pipe"] });
    const realS = Number(process.hrtime.bigint() - began) / 1e9;
    const { status, stderr } = child;
    if (status !== 0) throw new RangeError(`hil run ended with ${status}: ${stderr.toString()}`);
    const { userCPUTime, systemCPUTime, maxRSS } = JSON.parse(stderr.toString().trim().split("\n").at(-1) ?? "{}");
    used.push({ realS, processorS: (userCPUTime + systemCPUTime) / 1e6, memoryMiB: maxRSS / 1024 });
    const folder = join(cwd, "runs", readdirSync(join(cwd, "runs"))[0] ?? "");
    boardS = lastS(folder);
  } finally {
    rmSync(cwd, { recursive: true });
  }
}

/** When the run ended, in seconds of the bench's clock. */
function lastS(folder: string): number {
  const last = readFileSync(join(folder, "events.jsonl"), "utf8").trim().split("\n").at(-1) ?? "{}";
  return JSON.parse(last).atUs / 1e6;
}

function shown(values: readonly number[], unit: string): string {
  const sorted = values.toSorted((a, b) => a - b);
  const text = (value: number | undefined) => (value ?? 0).toFixed(1);
  const median = sorted[Math.floor(sorted.length / 2)];
  return `median ${text(median)} ${unit} (${text(sorted[0])} to ${text(sorted.at(-1))} ${unit})`;
}

plot.say(`machine   ${cpus()[0]?.model ?? "?"}, ${cpus().length} cores, Node ${process.version}`);
plot.say(`load      ${loadavg()[0]?.toFixed(1)} over the last minute`);
plot.say(`campaign  ${cuts} cuts over one encrypted swap of 200 KiB, whole command, ${runs} runs`);
const real = used.map(({ realS }) => realS);
plot.say(`real      ${shown(real, "s")}`);
plot.say(
  `processor ${shown(
    used.map(({ processorS }) => processorS),
    "s",
  )}`,
);
plot.say(
  `memory    ${shown(
    used.map(({ memoryMiB }) => memoryMiB),
    "MiB",
  )} at most`,
);
const median = real.toSorted((a, b) => a - b)[Math.floor(real.length / 2)] ?? 1;
plot.say(`a board   ${(boardS / 60).toFixed(0)} min for the same: ${(boardS / median).toFixed(0)} times as long`);
plot.turns("the whole command, seconds", [{ name: "s", values: real }]);
plot.turns("its processor time, seconds", [{ name: "s", values: used.map(({ processorS }) => processorS) }]);
