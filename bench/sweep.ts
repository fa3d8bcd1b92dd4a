// How fast the model goes through cuts: npx tsx bench/sweep.ts [RUNS]
// 1. Every cut point of one encrypted swap-move upgrade of 200 KiB: cut, resume, validation, on one core.
// 2. The same with image checks carried out each time, and with every resumed boot followed to its end.
// 3. The closure over any number of clean cuts of that upgrade and its revert.
import { cpus } from "node:os";
import { loadProfile } from "../src/board/index.ts";
import { DEFAULT_SCENARIO, loadScenario } from "../src/campaign/index.ts";
import { parseSwept, upgradeOf } from "../src/cli/sweep/request.ts";
import { type SweepOptions, sweepUpgrade, type UpgradeSwept } from "../src/mcuboot/index.ts";
import { BenchPlot } from "./plot.ts";

using plot = new BenchPlot("The model going through cuts");
const runs = Number(process.argv[2] ?? 3);

async function upgrade(): Promise<UpgradeSwept> {
  const board = await loadProfile("twin", { cwd: process.cwd() });
  const scenario = await loadScenario(DEFAULT_SCENARIO, process.cwd());
  return upgradeOf({ board, scenario, seed: 1, swept: parseSwept({}) });
}

/** Median seconds of processor time of several runs, each with a bootloader that remembers nothing of the one before. */
async function measured(
  change: (swept: UpgradeSwept) => UpgradeSwept,
  options: SweepOptions,
  times = runs,
): Promise<string> {
  const seconds: number[] = [];
  let text = "";
  for (let turn = 0; turn < times; turn += 1) {
    const swept = change(await upgrade());
    // Processor time: other jobs of the machine do not count.
    const began = process.cpuUsage();
    const { exploration, findings, timelines } = sweepUpgrade(swept, options);
    const { user, system } = process.cpuUsage(began);
    seconds.push((user + system) / 1e6);
    const cuts = timelines[0].operations.length;
    const { states, contents, edges, followed } = exploration;
    text = `${states.length} states, ${contents} contents, ${edges} cut points, ${followed} operations carried out, ${findings.length} findings; the upgrade has ${cuts} operations`;
  }
  seconds.sort((a, b) => a - b);
  const median = seconds[Math.floor(seconds.length / 2)] ?? 0;
  const states = Number(/^\d+/.exec(text)?.[0] ?? 0);
  return `median ${median.toFixed(2)} s of ${times}, ${Math.round(states / median)} states a second: ${text}`;
}

const same = (swept: UpgradeSwept): UpgradeSwept => swept;
const unremembered = (swept: UpgradeSwept): UpgradeSwept => ({ ...swept, build: { ...swept.build, memoise: false } });

plot.say(`machine   ${cpus()[0]?.model ?? "?"}, Node ${process.version}, one thread`);
plot.say(`one cut   ${await measured(same, { cutsMax: 1, onlyUpgrade: true })}`);
plot.say(`whole     ${await measured(same, { cutsMax: 1, onlyUpgrade: true, whole: true }, 1)}`);
plot.say(`checked   ${await measured(unremembered, { cutsMax: 1, onlyUpgrade: true }, 1)}`);
plot.say(`any       ${await measured(same, {})}`);
plot.say(`memory    ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB at most, all of the above`);
