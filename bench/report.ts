// The page of a run with many verdicts beside Playwright's HTML report with as many tests, each with twenty lines of log:
// npx tsx bench/report.ts [VERDICTS], after `npm run build`. Size of what is opened, and from navigation to the first rows.
// Playwright is installed into a temporary folder; the browser is the system's chromium.
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium } from "playwright-core";
import { pageCode } from "../src/cli/report/page-code.ts";
import { entryAt, ScratchFolder } from "../src/core/index.ts";
import { pageDocument, recordedRun } from "../src/report/index.ts";
import { cutVerdict, recordFolder, STARTED } from "../src/report/testing/record-folder.ts";
import { BenchPlot } from "./plot.ts";

const LINES = 20;
const TURNS = 9;
using plot = new BenchPlot("The page of a run beside Playwright's report");
const entries = Number(process.argv[2] ?? 5_000);
const { version } = createRequire(import.meta.url)("playwright-core/package.json") as { version: string };
const folder = new ScratchFolder("bench").path;

/** A run of so many cuts over one swap, its page. */
function ours(): string {
  const events = Array.from({ length: entries }, (_, at) => {
    const beganUs = (at + 1) * 2_000_000;
    const log = Array.from({ length: LINES }, (_line, line) => {
      return { atUs: beganUs + line * 1_000, event: "boot-log", name: "line", text: `I: line ${line} of entry ${at}` };
    });
    const verdict = cutVerdict(at + 1, beganUs + 1_000_000);
    const cut = { ...verdict.verdict.cut, intoSwapUs: (at * 20_000_000) / entries };
    return [...log, { ...verdict, verdict: { ...verdict.verdict, cut } }];
  });
  const phases = [{ name: "swap", fromUs: 0, toUs: 20_000_000 }];
  const record = recordFolder([STARTED, { atUs: 1, event: "plan", cuts: [], phases }, ...events.flat()]);
  const file = join(folder, "hil.html");
  writeFileSync(file, pageDocument([recordedRun("runs/x", record)], pageCode(), "0.0.0"));
  rmSync(record, { recursive: true });
  return file;
}

/** So many tests that pass, each with as many lines of output, and the report of Playwright's own runner. */
function theirs(): string {
  const home = join(folder, "playwright");
  mkdirSync(home);
  writeFileSync(join(home, "package.json"), '{ "private": true, "type": "module" }');
  execFileSync("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts", `@playwright/test@${version}`], {
    cwd: home,
  });
  const test = `import { test } from "@playwright/test";
for (let at = 0; at < ${entries}; at += 1) {
  test("cut " + at, () => { for (let line = 0; line < ${LINES}; line += 1) console.log("I: line " + line + " of entry " + at); });
}`;
  writeFileSync(join(home, "cuts.spec.js"), test);
  execFileSync("npx", ["playwright", "test", "--workers=1", "--reporter=html"], {
    cwd: home,
    env: { ...process.env, PLAYWRIGHT_HTML_OPEN: "never" },
    stdio: "ignore",
  });
  return join(home, "playwright-report", "index.html");
}

function bytesOf(file: string): number {
  const beside = join(file, "..", "data");
  const more = entryAt(beside)?.isDirectory() ? readdirSync(beside) : [];
  return more.reduce((sum, name) => sum + statSync(join(beside, name)).size, statSync(file).size);
}

interface Opened {
  /** From navigation to the moment at which the rows are shown. */
  readonly ms: number;
  /** What the page's own process has used by then, starting it counted in: a machine that is busy makes it no longer. */
  readonly processorMs: number;
}

/** Opens it in a new context each time. */
async function opened(browser: Browser, file: string, shown: string): Promise<Opened> {
  const context = await browser.newContext({ offline: true });
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  await cdp.send("Performance.enable");
  const began = process.hrtime.bigint();
  await page.goto(pathToFileURL(file).href);
  await page.waitForSelector(shown);
  const ms = Number(process.hrtime.bigint() - began) / 1e6;
  const { metrics } = await cdp.send("Performance.getMetrics");
  const processorS = metrics.find(({ name }) => name === "ProcessTime")?.value ?? Number.NaN;
  await context.close();
  return { ms, processorMs: processorS * 1_000 };
}

function middleOf(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const text = (ms: number | undefined) => `${Math.round(ms ?? 0)}`;
  return `${text(sorted[Math.floor(TURNS / 2)])} ms (${text(sorted[0])} to ${text(sorted.at(-1))})`;
}

try {
  plot.say(`machine   ${cpus()[0]?.model ?? "?"}, ${cpus().length} cores, load ${loadavg()[0]?.toFixed(1)}`);
  plot.say(`entries   ${entries}, ${LINES} lines of log each`);
  const reports = [
    { name: `hil report`, file: ours(), shown: "section[aria-labelledby=verdicts] tbody tr" },
    { name: `Playwright ${version}`, file: theirs(), shown: ".chip-header, .test-file-test" },
  ];
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
  const times = reports.map((): Opened[] => []);
  // In turns: both meet the same machine.
  for (let turn = 0; turn < TURNS; turn += 1) {
    for (const [at, { file, shown }] of reports.entries()) times[at]?.push(await opened(browser, file, shown));
  }
  await browser.close();
  const values = (at: number, of: keyof Opened) => (times[at] ?? []).map((opening) => opening[of]);
  plot.turns(
    "milliseconds to open",
    reports.map(({ name }, at) => ({ name, values: values(at, "ms") })),
  );
  plot.say(`meanwhile load ${loadavg()[0]?.toFixed(1)}`);
  for (const [at, { name, file }] of reports.entries()) {
    const size = `${(bytesOf(file) / 1e6).toFixed(2)} MB`;
    const own = `its process used ${middleOf(values(at, "processorMs"))}`;
    plot.say(`${name.padEnd(20)} ${size}, open in ${middleOf(values(at, "ms"))}; ${own}`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
