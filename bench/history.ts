// A lab of 20 boards over many nights: how long its index takes, and what its history finds of what was planted in it.
// npx tsx bench/history.ts [NIGHTS] [CASES] [SEED]
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { ScratchFolder } from "../src/core/index.ts";
import { driftOf } from "../src/report/history/chance.ts";
import { changesOf, labPage, questionsOf, runsIn } from "../src/report/index.ts";
import { madeUpEvents, madeUpLab, plantedIn } from "../src/report/testing/made-up-lab.ts";
import { BenchPlot } from "./plot.ts";

using plot = new BenchPlot("A made-up lab, and what its history finds");
const nights = Number(process.argv[2] ?? 1_000);
const cases = Number(process.argv[3] ?? 12);
const seed = Number(process.argv[4] ?? 20_261_130);
const root = new ScratchFolder("bench").path;

interface Used {
  readonly processorS: number;
  readonly realS: number;
}

function measured<T>(work: () => T): { readonly value: T } & Used {
  const cpu = process.cpuUsage();
  const began = process.hrtime.bigint();
  const value = work();
  const { user, system } = process.cpuUsage(cpu);
  return { value, processorS: (user + system) / 1e6, realS: Number(process.hrtime.bigint() - began) / 1e9 };
}

const said = (used: Used) => `${used.processorS.toFixed(1)} s of processor time, ${used.realS.toFixed(1)} s`;
const memory = () => `${Math.round(process.resourceUsage().maxRSS / 1024)} MiB at most`;

try {
  const written = measured(() => {
    for (const run of madeUpLab(nights, cases, seed)) {
      const folder = join(root, run.id);
      mkdirSync(folder);
      writeFileSync(
        join(folder, "events.jsonl"),
        madeUpEvents(run)
          .map((event) => `${JSON.stringify(event)}\n`)
          .join(""),
      );
      writeFileSync(join(folder, "host.json"), JSON.stringify({ began: run.began }));
    }
  });
  plot.say(
    `machine   ${cpus()[0]?.model ?? "?"}, ${cpus().length} cores, Node ${process.version}, load ${loadavg()[0]?.toFixed(1)}`,
  );
  plot.say(`lab       ${nights} nights of 20 boards, ${cases} cases a run, seed ${seed}; written in ${said(written)}`);
  const first = measured(() => runsIn(root));
  plot.say(`index     ${first.value.lines.length} records read: ${said(first)}; ${memory()}`);
  const second = measured(() => runsIn(root));
  plot.say(`again     from the index: ${said(second)}; ${memory()}`);
  const lab = measured(() =>
    labPage(second.value.lines, { folder: root, nights: 30, pageOf: () => undefined, unfinished: [], unread: [] }),
  );
  plot.say(`page      ${(JSON.stringify(lab.value).length / 1024).toFixed(0)} KiB of data: ${said(lab)}; ${memory()}`);
  for (const line of lab.value.statistics.slice(-1)) plot.say(`said      ${line}`);
  found(second.value.lines);
  drifted(second.value.lines);
} finally {
  rmSync(root, { recursive: true });
}

/** Walks through the nights as a lab does, and compares what is told with what was planted. */
function found(lines: ReturnType<typeof runsIn>["lines"]): void {
  const planted = plantedIn(nights);
  const tally = { red: 0, redByChance: 0, flaky: 0, flakyByChance: 0, caseNights: 0 };
  const told: string[] = [];
  for (const { board: name, runs } of questionsOf(lines)) {
    const board = Number(name.slice("lab-".length));
    for (let night = 1; night < runs.length; night += 1) {
      const { newlyRed, newlyFlaky, newlyGreen } = changesOf({
        scenario: "",
        board: name,
        runs: runs.slice(Math.max(0, night - 15), night + 1),
      });
      tally.caseNights += cases;
      for (const { name: of, because } of newlyRed) {
        const isPlanted = because !== "a glitch";
        tally[isPlanted ? "red" : "redByChance"] += 1;
        if (isPlanted && because !== "no boot") told.push(`night ${night} ${name} newly red: ${of}, ${because}`);
      }
      for (const of of newlyFlaky) {
        const isPlanted = board === planted.loose.board && of.endsWith("phase 0");
        if (isPlanted && tally.flaky === 0)
          told.push(`night ${night} ${name} newly flaky: ${of} (loose since ${planted.loose.from})`);
        tally[isPlanted ? "flaky" : "flakyByChance"] += 1;
      }
      if (night === planted.regression.to && board === planted.regression.board) {
        told.push(`night ${night} ${name} newly green: ${newlyGreen.join(", ")}`);
      }
    }
  }
  plot.say(`planted   ${JSON.stringify(planted)}`);
  for (const line of told) plot.say(`found     ${line}`);
  const share = (amount: number) => `${amount} (${((amount * 1e6) / tally.caseNights).toFixed(1)} of a million)`;
  plot.say(
    `by chance newly red ${share(tally.redByChance)}, newly flaky ${share(tally.flakyByChance)} of ${tally.caseNights} cases × nights`,
  );
}

/** The same of the switches: nights in which a bench was said to drift, before and after the one that does. */
function drifted(lines: ReturnType<typeof runsIn>["lines"]): void {
  const { drift } = plantedIn(nights);
  const tally = { byChance: 0, asked: 0 };
  let first: number | undefined;
  for (const { board: name, runs } of questionsOf(lines)) {
    const isSlower = name === `lab-${drift.board}`;
    const values = runs.flatMap(({ latencyUs }) => latencyUs ?? []);
    for (let night = 0; night < values.length; night += 1) {
      const said = driftOf(values.slice(Math.max(0, night - 99), night + 1));
      if (said === undefined) continue;
      if (isSlower && night >= drift.from) {
        if (said.drifts) first ??= night;
        continue;
      }
      tally.asked += 1;
      tally.byChance += said.drifts ? 1 : 0;
    }
  }
  plot.say(`found     night ${first ?? "none"} lab-${drift.board} drifts (slower since ${drift.from})`);
  plot.say(`by chance drifts ${tally.byChance} times of ${tally.asked} benches × nights in which nothing had changed`);
}
