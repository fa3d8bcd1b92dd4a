// How long a campaign on the twin takes, as a user would start it: npx tsx bench/campaign.ts [CUTS] [RUNS]
// Virtual time: what the board would have needed stands beside it.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const cuts = process.argv[2] ?? "200";
const runs = Number(process.argv[3] ?? 3);
const bin = fileURLToPath(new URL("../bin/hil.js", import.meta.url));
const seconds: number[] = [];
let boardS = 0;
for (let turn = 0; turn < runs; turn += 1) {
  const cwd = mkdtempSync(join(tmpdir(), "hil-bench-"));
  const began = process.hrtime.bigint();
  const { status, stderr } = spawnSync(process.execPath, [bin, "run", "--cuts", cuts, "--seed", "1", "--json"], {
    cwd,
  });
  if (status !== 0) throw new RangeError(`hil run ended with ${status}: ${stderr.toString()}`);
  seconds.push(Number(process.hrtime.bigint() - began) / 1e9);
  const folder = join(cwd, "runs", readdirSync(join(cwd, "runs"))[0] ?? "");
  const last = readFileSync(join(folder, "events.jsonl"), "utf8").trim().split("\n").at(-1) ?? "{}";
  boardS = JSON.parse(last).atUs / 1e6;
}
seconds.sort((a, b) => a - b);
const median = seconds[Math.floor(seconds.length / 2)] ?? 0;
console.log(`machine   ${cpus()[0]?.model ?? "?"}, ${cpus().length} cores, Node ${process.version}`);
console.log(`campaign  ${cuts} cuts over one encrypted swap of 200 KiB, whole command, ${runs} runs`);
console.log(`real      median ${median.toFixed(1)} s (${seconds[0]?.toFixed(1)} to ${seconds.at(-1)?.toFixed(1)} s)`);
console.log(`a board   ${(boardS / 60).toFixed(0)} min for the same: ${(boardS / median).toFixed(0)} times as long`);
