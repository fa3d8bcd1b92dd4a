/**
 * Damaged inputs by every way in: `npx tsx scripts/nightly/fuzz.ts [--count N] [--seed S] [--only NAME…] [--from I]
 * [--tally FILE]`. Each source has a process of its own, so that its memory is its own, too. A failure names its input;
 * `--only NAME --from I --count 1` asks about it again. `--tally` appends what became of each source as a line of JSON,
 * so that a night can come in pieces. Wanted: every error one of ours, none over 2 s, no process over 500 MB.
 */
import { spawn } from "node:child_process";
import { appendFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { ScratchFolder } from "../../src/core/index.ts";
import { type FuzzTally, fuzzed } from "./fuzz/fuzz-one.ts";
import { fuzzSources, shareOf } from "./fuzz/sources.ts";

/** Peak of a process, with Node and this program in it. */
const RSS_KIB_MAX = 500_000;
/** Nothing heard for so long: it hangs. A busy machine may take a minute to start Node. */
const SILENT_MS_MAX = 240_000;
const AT_ONCE = 2;

const { values } = parseArgs({
  options: {
    count: { type: "string", default: "10000000" },
    seed: { type: "string", default: "1" },
    only: { type: "string", multiple: true, default: [] },
    tally: { type: "string" },
    from: { type: "string", default: "0" },
    /** Of the process of one source. */
    inside: { type: "boolean", default: false },
  },
});
const [count, seed, from] = [Number(values.count), Number(values.seed), Number(values.from)];

type Told = FuzzTally & { readonly rssKib: number };

/** The process of one source: a dot now and then, and its tally as the last line. */
async function inside(name: string): Promise<void> {
  using scratch = new ScratchFolder("fuzz");
  const source = fuzzSources(scratch.path).find((known) => known.name === name);
  if (source === undefined) throw new RangeError(`no source "${name}"`);
  const each = (done: number) => void process.stdout.write(`${done}\n`);
  const tally = await fuzzed(source, { count, from, seed, each });
  process.stdout.write(`${JSON.stringify({ ...tally, rssKib: process.resourceUsage().maxRSS })}\n`);
}

function outside(name: string, inputs: number): Promise<Told> {
  const flags = ["--max-old-space-size=256", "--max-semi-space-size=8", "--import", "tsx", import.meta.filename];
  const argv = [
    ...flags,
    "--inside",
    "--only",
    name,
    "--count",
    String(inputs),
    "--seed",
    String(seed),
    "--from",
    String(from),
  ];
  const child = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "inherit"] });
  let last = "";
  const ended = (what: string): Told => {
    return {
      name,
      inputs: 0,
      read: 0,
      refused: 0,
      bad: [`${name}: ${what}; it had told of ${last}`],
      slowestMs: 0,
      rssKib: 0,
    };
  };
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    const heard = () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        resolve(ended("hangs"));
        child.kill("SIGKILL");
      }, SILENT_MS_MAX);
    };
    heard();
    let begun = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      heard();
      const lines = (begun + text).split("\n");
      begun = lines.pop() ?? "";
      last = lines.at(-1) ?? last;
    });
    child.once("close", (code) => {
      clearTimeout(timer);
      resolve(code === 0 && last.startsWith("{") ? (JSON.parse(last) as Told) : ended(`ended with ${code}`));
    });
  });
}

function report(told: Told): boolean {
  const { name, inputs, read, refused, bad, slowestMs, rssKib } = told;
  const isGood = bad.length === 0 && rssKib <= RSS_KIB_MAX;
  const figures = `${inputs} inputs: ${read} read, ${refused} refused`;
  const most = `slowest ${slowestMs.toFixed(0)} ms, ${Math.round(rssKib / 1000)} MB`;
  console.log(`${isGood ? "good  " : "FAILED"}  ${name.padEnd(32)} ${figures}; ${most}`);
  for (const text of bad) console.error(text);
  return isGood;
}

async function all(): Promise<void> {
  using scratch = new ScratchFolder("fuzz");
  const sources = fuzzSources(scratch.path);
  const { only, tally } = values;
  const waiting = sources.filter(({ name }) => only.length === 0 || only.includes(name));
  const isOne = only.length === 1;
  if (waiting.length < Math.max(1, only.length))
    throw new RangeError(`the sources are ${sources.map(({ name }) => name).join(", ")}`);
  let [inputs, failed] = [0, 0];
  const worker = async () => {
    for (let source = waiting.shift(); source; source = waiting.shift()) {
      const told = await outside(source.name, isOne ? count : shareOf(source, sources, count));
      inputs += told.inputs;
      if (tally !== undefined) appendFileSync(tally, `${JSON.stringify({ seed, ...told })}\n`);
      if (!report(told)) failed += 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  console.log(`${inputs} inputs by seed ${seed}: ${failed} sources failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

await (values.inside ? inside(values.only[0] ?? "") : all());
