import { QemuCuts } from "../../peers/qemu-cuts.ts";
import { missingFor } from "../../peers/smp-servers.ts";
import { hil } from "../../src/cli/testing/process.ts";
import { BenchError, Random, RealClock, ScratchFolder } from "../../src/core/index.ts";
import { Nrf51 } from "../../src/emulator/index.ts";
import { FlashContent, type FlashOperation } from "../../src/mcuboot/index.ts";

/**
 * Real MCUboot in our emulator, beside the same firmware in QEMU: `npx tsx scripts/nightly/emulator.ts`.
 *
 * 1. The flash before every word and every erase of a swap and of its revert: the emulator's is QEMU's, one by one.
 * 2. Power cut before every erase of both, and before some hundreds of the other operations: each boot is the model's.
 */
const PAGE_BYTES = 1024;
const SLICE_US = 100_000;
const BOOT_US = 60e6;
/** Flash contents to boot: the erases, and some hundreds more. */
const CONTENTS = "900";

const missing = missingFor("qemu");
if (missing !== undefined) throw new BenchError(`no QEMU bench here: ${missing}.`, "See docs/qemu.md.");
const clock = new RealClock();
const failures: string[] = [];

const bench = await QemuCuts.of("qemu-upgrade");
for (const direction of ["swap", "revert"]) {
  const names = bench.contentsBefore(operationsOf(bench.atPower()));
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

/** What the firmware makes of a flash content until its application speaks. */
function operationsOf(content: Uint8Array): readonly FlashOperation[] {
  let log = "";
  const operations: FlashOperation[] = [];
  const output = (byte: number) => {
    log += String.fromCharCode(byte);
  };
  const chip = new Nrf51({ output, random: Random.fromSeed(1) });
  const flash = FlashContent.erased(content.length, PAGE_BYTES);
  flash.load(0, content);
  chip.flash.restore(flash);
  chip.watch = (operation) => void operations.push(operation);
  chip.powerOn();
  for (let us = 0; us < BOOT_US && !/Booting Zephyr OS/u.test(log); us += SLICE_US) chip.run(SLICE_US);
  return operations;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
