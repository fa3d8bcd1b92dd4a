// How many cuts a second: real MCUboot and Zephyr on the nRF51 in our emulator, beside the same in QEMU with its
// debugger: npx tsx bench/emulator-cuts.ts [CONTENTS] [CUTS IN QEMU]. Takes smpclient's servers
// (peers/fetch-smp-servers.ts) and, for its half, QEMU. A cut is a boot from what it leaves, up to the application; in
// the emulator the model boots beside it.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { judgeAll, QemuCuts } from "../peers/qemu-cuts.ts";
import { missingFor } from "../peers/smp-servers.ts";
import { hil } from "../src/cli/testing/process.ts";
import { RealClock } from "../src/core/index.ts";

const [contents = "400", inQemu = "12"] = process.argv.slice(2);
const clock = new RealClock();
const folder = mkdtempSync(join(tmpdir(), "hil-bench-cuts-"));

async function timed(name: string, work: () => Promise<number>): Promise<number> {
  const beganUs = clock.nowUs();
  const cuts = await work();
  const seconds = (clock.nowUs() - beganUs) / 1e6;
  console.log(`${name}  ${cuts} cuts in ${seconds.toFixed(1)} s of wall time: ${(cuts / seconds).toFixed(1)} a second`);
  return cuts / seconds;
}

/** Flash contents booted, the start of the program and the boots without a cut among the time. */
async function emulated(jobs: readonly string[]): Promise<number> {
  const asked = ["sweep", "qemu-upgrade", "--board", "emulated-microbit", "--budget", contents, "--json", ...jobs];
  const { code, out, err } = await hil(folder, ...asked).done;
  if (code !== 0) throw new Error(`hil sweep ended with ${code}: ${err}`);
  return JSON.parse(out).booted;
}

const one = await timed("emulator, one process  ", () => emulated(["--jobs", "1"]));
const all = await timed("emulator, every core   ", () => emulated([]));
const missing = missingFor("qemu");
if (missing === undefined) {
  const qemu = await timed("QEMU with its debugger ", async () => {
    const bench = await QemuCuts.of("qemu-upgrade");
    const { length } = bench.plan().operations;
    const places = Array.from({ length: Number(inQemu) }, (_, cut) => Math.floor((cut * length) / Number(inQemu)));
    const results = await judgeAll(bench, "swap", await bench.cutAt(places));
    return results.length;
  });
  console.log(`emulator / QEMU         ${(one / qemu).toFixed(0)} on one core, ${(all / qemu).toFixed(0)} on all`);
} else console.log(`QEMU: ${missing}`);
rmSync(folder, { recursive: true, force: true });
