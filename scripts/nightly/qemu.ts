import { judgeAll, keepReport, QemuCuts } from "../../peers/qemu-cuts.ts";
import { missingFor } from "../../peers/smp-servers.ts";
import { BenchError, RealClock } from "../../src/core/index.ts";

/**
 * Real MCUboot in QEMU, every cut that there is: `npx tsx scripts/nightly/qemu.ts [words]`.
 *
 * 1. Images of one size: every flash operation of the swap and of its revert cut once, each judged.
 * 2. The old image 4,608 bytes longer than the new one: every erase of the swap cut once, and one more boot after it;
 *    what fails must be U1, and U1 must be there.
 * 3. With `words`: the flash before every single word and erase of a swap is what the model says (some minutes).
 */
const missing = missingFor("qemu");
if (missing !== undefined) throw new BenchError(`no QEMU bench here: ${missing}.`, "See docs/qemu.md.");
const clock = new RealClock();
const failures: string[] = [];

const equal = await QemuCuts.of("qemu-upgrade");
for (const direction of ["swap", "revert"]) {
  const every = equal.plan().operations.map(({ index }) => index);
  const cuts = [...(await equal.cutAt(every)), await equal.cutAfterAll()];
  const results = await judgeAll(equal, direction, cuts);
  const bad = results.filter(({ pass }) => !pass);
  say(`${direction}: ${keepReport(`every-operation-${direction}`, results)}`);
  failures.push(...bad.map(({ operation, because }) => `${direction}, operation ${operation}: ${because}`));
  equal.goOn();
}

const longer = await QemuCuts.of("qemu-u1");
const erases = longer.plan().operations.filter(({ operation }) => operation.kind === "erase");
const cuts = await longer.cutAt(erases.map(({ index }) => index));
const results = await judgeAll(longer, "swap of a shorter image", cuts);
say(`old image 4,608 bytes longer, every erase: ${keepReport("u1-every-erase", results)}`);
for (const { operation, place, knownDefect, because } of results.filter(({ pass }) => !pass)) {
  say(`    operation ${operation}, ${place}: ${because}`);
  if (knownDefect !== "U1") failures.push(`operation ${operation}: ${because}`);
}
const lost = results.filter(({ knownDefect, pass }) => !pass && knownDefect === "U1");
if (lost.length === 0) failures.push("U1 was not found");
for (const { after, operation } of lost) {
  const { seen, slots } = await longer.boot(after);
  const refused = seen.lines.find(({ event }) => event === "image invalid")?.text ?? "nothing was refused";
  const running = slots.find(({ flags }) => flags.includes("active"));
  say(`    one more boot after operation ${operation}: "${refused}"; ${running?.version} ${running?.flags.join(" ")}`);
}

if (process.argv[2] === "words") {
  const bench = await QemuCuts.of("qemu-upgrade");
  for (const direction of ["swap", "revert"]) {
    const { stops, wrong } = await bench.everyChange();
    say(`${direction}: ${stops} stops before a word or an erase, ${wrong} with another flash than the model's`);
    if (wrong > 0) failures.push(`${direction}: ${wrong} flash contents that the model does not know`);
    bench.goOn();
  }
}

for (const failure of failures) say(`FAIL ${failure}`);
say(`${(clock.nowUs() / 1e6).toFixed(0)} s`);
process.exitCode = failures.length === 0 ? 0 : 1;

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
