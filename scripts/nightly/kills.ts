import { broken, killOnce } from "../../src/cli/testing/kills.ts";
import { ptyBench } from "../../src/cli/testing/process.ts";
import { Random } from "../../src/core/index.ts";

/**
 * `npx tsx scripts/nightly/kills.ts [COUNT] [SEED]`: kills `hil run` with -9 at moments drawn from the seed, on a twin on
 * pseudo-terminals, and looks each time whether the next run recovers the board, whether the record is whole and whether
 * locks and mark are gone. A line a kill; exit code 1 when anything was not as it must be.
 */
const [count = 30, seed = 1] = process.argv.slice(2).map(Number);
const random = Random.fromSeed(seed).fork("kills");
await using lab = await ptyBench();
const [steps, phases] = [new Map<string, number>(), new Map<string, number>()];
let [bad, events, dark, taken] = [0, 0, 0, 0];
const add = (map: Map<string, number>, key: string) => map.set(key, (map.get(key) ?? 0) + 1);
const list = (map: Map<string, number>) =>
  [...map]
    .toSorted(([, a], [, b]) => b - a)
    .map(([key, times]) => `${key} ${times}`)
    .join(", ");
for (let number = 1; number <= count; number += 1) {
  const kill = await killOnce(lab, random);
  const wrong = broken(kill);
  if (wrong.length > 0) bad += 1;
  events += kill.events;
  if (kill.lastPower === "off") dark += 1;
  if (kill.locksLeft.length > 0) taken += 1;
  add(phases, kill.lastEvent);
  add(steps, kill.marked ? (kill.recovery.at(-1)?.replace(": true", "") ?? "none") : "nothing to recover");
  process.stdout.write(
    `${String(number).padStart(3)} ${kill.moment.padEnd(28)} ${String(kill.events).padStart(4)} events, power ${kill.lastPower.padEnd(4)} ` +
      `-> ${kill.recovery.join("; ") || "-"}${wrong.length > 0 ? `  WRONG: ${wrong.join("; ")} ${JSON.stringify(kill)}` : ""}\n`,
  );
}
process.stdout.write(
  `${count} kills, ${bad} not as they must be; ${events} events in the killed records, all whole; ${dark} with power off; ` +
    `locks taken over ${taken} times\nkilled after: ${list(phases)}\nrecovered by: ${list(steps)}\n`,
);
process.exitCode = bad === 0 ? 0 : 1;
