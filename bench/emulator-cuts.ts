// How many cuts a second: real MCUboot and Zephyr on the nRF51 in our emulator, beside the same in QEMU with its
// debugger: npx tsx bench/emulator-cuts.ts [CONTENTS] [CUTS IN QEMU]. Takes smpclient's servers
// (peers/fetch-smp-servers.ts) and, for its half, QEMU. A cut is a boot from what it leaves, up to the application; in
// the emulator the model boots beside it. QEMU's half is a sample: so many cuts spread over the upgrade, on the path of
// peers/qemu-cuts.ts, two boards at a time.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { judgeAll, QemuCuts } from "../peers/qemu-cuts.ts";
import { missingFor } from "../peers/smp-servers.ts";
import { hil } from "../src/cli/testing/process.ts";
import { RealClock } from "../src/core/index.ts";

const [contents = 120, inQemu = 20] = process.argv.slice(2).map(Number);
/** A sweep of so few tells what is spent before the first cut: the start, and both boots without a cut. */
const FEW = 10;
const clock = new RealClock();
const folder = mkdtempSync(join(tmpdir(), "hil-bench-cuts-"));

interface Spent {
  readonly cuts: number;
  readonly seconds: number;
  /** Processor time, that of programs which were started included. */
  readonly processor: number;
}

/** Processor seconds of this process and of all that it started and that ended. Source: proc(5), /proc/PID/stat. */
function processorSeconds(): number {
  const fields = readFileSync("/proc/self/stat", "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / 100;
}

async function spent(work: () => Promise<number>): Promise<Spent> {
  const [beganUs, before] = [clock.nowUs(), processorSeconds()];
  const cuts = await work();
  return { cuts, seconds: (clock.nowUs() - beganUs) / 1e6, processor: processorSeconds() - before };
}

function say(name: string, { cuts, seconds, processor }: Spent): Spent {
  const [rate, cost] = [(cuts / seconds).toFixed(1), ((1000 * processor) / cuts).toFixed(0)];
  console.log(`${name}  ${cuts} cuts in ${seconds.toFixed(1)} s: ${rate} a second; ${cost} ms of processor time each`);
  return { cuts, seconds, processor };
}

/** Flash contents booted, without what comes before the first of them. */
async function emulated(jobs: readonly string[]): Promise<Spent> {
  const sweep = (budget: number) => async () => {
    const words = ["sweep", "qemu-upgrade", "--board", "emulated-microbit", "--budget", `${budget}`, "--json", ...jobs];
    const { code, out, err } = await hil(folder, ...words).done;
    if (code !== 0) throw new Error(`hil sweep ended with ${code}: ${err}`);
    return JSON.parse(out).booted as number;
  };
  const few = await spent(sweep(FEW));
  const all = await spent(sweep(FEW + contents));
  return {
    cuts: all.cuts - few.cuts,
    seconds: all.seconds - few.seconds,
    processor: all.processor - few.processor,
  };
}

// The program is put together the first time that it is started.
await hil(folder, "--version").done;
const one = say("emulator, one process ", await emulated(["--jobs", "1"]));
const all = say(`emulator, ${availableParallelism()} processes`, await emulated([]));
const missing = missingFor("qemu");
if (missing === undefined) {
  const bench = await QemuCuts.of("qemu-upgrade");
  const { length } = bench.plan().operations;
  const places = Array.from({ length: inQemu }, (_, cut) => Math.floor((cut * length) / inQemu));
  const found = await spent(async () => (await judgeAll(bench, "swap", await bench.cutAt(places))).length);
  const qemu = say("QEMU with its debugger", found);
  const times = (spent: Spent) => (spent.cuts / spent.seconds / (qemu.cuts / qemu.seconds)).toFixed(0);
  const byProcessor = qemu.processor / qemu.cuts / (one.processor / one.cuts);
  console.log(
    `emulator / QEMU         ${times(one)} in one process, ${times(all)} in all; by processor time ${byProcessor.toFixed(0)}`,
  );
} else console.log(`QEMU: ${missing}`);
rmSync(folder, { recursive: true, force: true });
