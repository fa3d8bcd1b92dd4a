/**
 * What takes longer than CI may: `npm run nightly`, or `npm run nightly -- mutants sweep` for some of it. Every job is run
 * even when one fails; exit 1 then. CI samples each of them in the suites (`npm test`, `npm run test:peers`).
 */
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { RealClock, ScratchFolder } from "../../src/core/index.ts";

interface Job {
  readonly name: string;
  /** Arguments of tsx. */
  readonly argv: readonly string[];
  readonly what: string;
}

const script = (name: string, ...rest: string[]) => [join(import.meta.dirname, `${name}.ts`), ...rest];

const JOBS: readonly Job[] = [
  { name: "properties", argv: script("properties", "50"), what: "property tests under 50 seeds" },
  { name: "fuzz-image", argv: script("fuzz-image"), what: "a million damaged images" },
  { name: "fuzz", argv: script("fuzz"), what: "10 million damaged inputs by every way in (docs/trust.md)" },
  { name: "mutants", argv: script("mutants"), what: "every rule of the model broken once" },
  {
    name: "random-campaigns",
    argv: script("random-campaigns", "5000", "1"),
    what: "5,000 random campaigns on the twin",
  },
  {
    name: "admission",
    argv: script("admission"),
    what: "every mode and generation asked about every bad image, and booted",
  },
  { name: "sweep", argv: script("sweep"), what: "any number of cuts, every mode and generation" },
  { name: "kills", argv: script("kills", "30"), what: "hil run killed with -9 at 30 moments, recovered each time" },
  {
    name: "bench-faults",
    argv: script("bench-faults"),
    what: "over a hundred faults of a bench: no verdict with them",
  },
  {
    name: "loud-boards",
    argv: script("loud-boards", "200"),
    what: "200 good boards that log or say nothing: all pass",
  },
  {
    name: "loud-ptys",
    argv: script("loud-ptys", "40"),
    what: "good boards on real pseudo-terminals that log, on hosts that sleep",
  },
  { name: "nodes", argv: script("nodes"), what: "all tests beside the code on every newer release of Node" },
  { name: "tests-apart", argv: script("tests-apart"), what: "all tests with nothing shared between test files" },
  { name: "smp-suite", argv: script("smp-suite"), what: "smpclient's own integration tests, all of them, on the twin" },
  { name: "qemu", argv: script("qemu", "words"), what: "every cut of real MCUboot in QEMU, judged" },
  { name: "unicorn", argv: script("unicorn"), what: "100,000 random instructions on our core and on unicorn 2.1.4" },
  {
    name: "emulator",
    argv: script("emulator"),
    what: "every flash content of real MCUboot, our emulator beside QEMU, and hundreds of cuts",
  },
  {
    name: "lab-faults",
    argv: script("lab-faults"),
    what: "what may happen to a lab on PostgreSQL: kills, sleep, disks",
  },
  { name: "lab-scale", argv: script("lab-scale"), what: "200 boards on 25 hosts, 2,000 jobs: none lost, none twice" },
  { name: "lab-postgres", argv: script("lab-postgres"), what: "the lab's suites, on PostgreSQL instead of PGlite" },
  {
    name: "golden",
    argv: [join(import.meta.dirname, "../../golden/main.ts")],
    what: "golden vectors of MCUBOOT_HIL_VECTORS",
  },
];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !JOBS.some((job) => job.name === name));
if (unknown.length > 0) {
  console.error(`no job "${unknown.join(" ")}"; the jobs are ${JOBS.map((job) => job.name).join(", ")}`);
  process.exit(2);
}
const clock = new RealClock();
const ended = JOBS.filter((job) => wanted.length === 0 || wanted.includes(job.name)).map((job) => {
  console.log(`\n══ ${job.name}: ${job.what}`);
  const beganUs = clock.nowUs();
  using scratch = new ScratchFolder("nightly");
  // All golden cases of cores through the translator, too.
  const env = { ...process.env, TMPDIR: scratch.path, HIL_GOLDEN_TRANSLATED: "1" };
  const { status } = spawnSync(process.execPath, ["--import", "tsx", ...job.argv], { stdio: "inherit", env });
  // tsx keeps what it compiled.
  const left = readdirSync(scratch.path).filter((name) => !name.startsWith("tsx-"));
  if (left.length > 0) console.error(`${job.name} left temporary files: ${left.join(", ")}`);
  return { ...job, passed: status === 0 && left.length === 0, seconds: Math.round((clock.nowUs() - beganUs) / 1e6) };
});
console.log("");
for (const { name, passed, seconds } of ended) {
  console.log(`${passed ? "passed" : "FAILED"}  ${name.padEnd(18)} ${seconds} s`);
}
process.exitCode = ended.every((job) => job.passed) ? 0 : 1;
