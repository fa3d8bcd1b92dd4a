import { booted } from "../../peers/emulated-boot.ts";
import { QemuCuts } from "../../peers/qemu-cuts.ts";
import { missingFor } from "../../peers/smp-servers.ts";
import { hil } from "../../src/cli/testing/process.ts";
import { BenchError, RealClock, ScratchFolder } from "../../src/core/index.ts";

/**
 * Real MCUboot in our emulator, beside the same firmware in QEMU: `npx tsx scripts/nightly/emulator.ts`.
 *
 * 1. The flash before every word and every erase of a swap and of its revert: the emulator's is QEMU's, one by one.
 * 2. Power cut before every erase of both, and before some hundreds of the other operations: each boot is the model's.
 */
/** Flash contents to boot: the erases, and some hundreds more. */
const CONTENTS = "900";

const missing = missingFor("qemu");
if (missing !== undefined) throw new BenchError(`no QEMU bench here: ${missing}.`, "See docs/qemu.md.");
const clock = new RealClock();
const failures: string[] = [];

const bench = await QemuCuts.of("qemu-upgrade");
for (const direction of ["swap", "revert"]) {
  const names = bench.contentsBefore(booted(bench.atPower()).operations);
  const { stops, wrong } = await bench.everyChange(names);
  say(`${direction}: ${names.length} contents in the emulator, ${stops} in QEMU, ${wrong} that differ`);
  if (wrong > 0 || stops === 0) failures.push(`${direction}: ${wrong} of ${stops} contents differ`);
  bench.goOn();
}

const beganUs = clock.nowUs();
using scratch = new ScratchFolder("nightly-emulator");
const swept = hil(
  scratch.path,
  "sweep",
  "qemu-upgrade",
  "--board",
  "emulated-microbit",
  "--budget",
  CONTENTS,
  "--json",
);
const { code, out, err } = await swept.done;
if (code === 0) {
  const { cuts, cut_points: cutPoints, booted, findings } = JSON.parse(out);
  const seconds = (clock.nowUs() - beganUs) / 1e6;
  say(
    `${cuts} of ${cutPoints} cuts, ${booted} contents booted in ${seconds.toFixed(0)} s, ${findings.length} findings`,
  );
} else failures.push(`hil sweep ended with ${code}: ${out.slice(0, 2_000)}${err}`);

for (const failure of failures) say(`FAIL ${failure}`);
say(`${(clock.nowUs() / 1e6).toFixed(0)} s`);
process.exitCode = failures.length === 0 ? 0 : 1;

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
