import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { findLocks } from "../../board/index.ts";
import { entryAt, type Random, RealClock, sleep } from "../../core/index.ts";
import { type HilProcess, hil, locksOf, type PtyBench } from "./process.ts";

const CUTS = 3;
const POLL_MS = 5;
const DELAY_MS_MAX = 600;
const SOON_MS_MAX = 100;

interface Moment {
  readonly event: string;
  readonly state?: "off";
  /** How often it comes in a run, about. */
  readonly most: number;
}

/** Where a run may be killed: at the nth event of a name; more often than elsewhere while power is off. */
const MOMENTS: readonly Moment[] = [
  { event: "images-built", most: 1 },
  { event: "recovery", most: 1 },
  { event: "power", most: 2 * CUTS + 3 },
  { event: "power", state: "off", most: CUTS + 1 },
  { event: "power", state: "off", most: CUTS + 1 },
  { event: "preflight", most: 1 },
  { event: "upload-started", most: 2 },
  { event: "upload-progress", most: 60 },
  { event: "set-pending", most: 2 + CUTS },
  { event: "reset", most: 1 + CUTS },
  { event: "boot-log", most: 40 },
  { event: "reference", most: 1 },
  { event: "cut-started", most: CUTS },
  { event: "cut", most: CUTS },
  { event: "verdict", most: CUTS },
  { event: "confirmed", most: CUTS },
  { event: "image-state", most: 6 },
];

/** A run that was killed, and what the next one made of it. */
export interface Kill {
  /** "power 4 + 212 ms". */
  readonly moment: string;
  /** What the killed run had written last, and what power it had asked for last. */
  readonly lastEvent: string;
  readonly lastPower: string;
  /** Events in its record, and what is wrong with the record: nothing, if it is whole. */
  readonly events: number;
  readonly recordProblems: readonly string[];
  /** Locks it left: all of a dead owner. */
  readonly locksLeft: readonly string[];
  readonly marked: boolean;
  /** The next run. */
  readonly exitCode: number | null;
  readonly recovery: readonly string[];
  readonly notes: readonly string[];
  /** After the next run. */
  readonly powerAtEnd: string;
  readonly answersAtEnd: boolean;
  readonly locksAtEnd: number;
  readonly markAtEnd: boolean;
}

interface Line {
  readonly event: string;
  readonly atUs?: number;
  readonly state?: string;
  readonly step?: string;
  readonly worked?: boolean;
  readonly text?: string;
}

/** Kills one run at a moment that `random` draws, then lets another run to its end. */
export async function killOnce(lab: PtyBench, random: Random): Promise<Kill> {
  const { folder } = lab;
  const { moment, run, seen } = await killed(lab, random);
  const file = join(run, "events.jsonl");
  const text = readFileSync(file, "utf8");
  const lines = linesOf(text);
  const locks = findLocks(locksOf(folder));
  const marked = existsSync(join(folder, "lab.health.json"));
  const before = new Set(runsOf(folder));
  const next = await hil(folder, "run", "small.yaml", "--board", "lab.yaml", "--cuts", "0").done;
  const newRun = runsOf(folder).find((name) => !before.has(name));
  const after = newRun === undefined ? [] : linesOf(readFileSync(join(folder, "runs", newRun, "events.jsonl"), "utf8"));
  const lastOn = after.findLastIndex(({ event }) => event === "power");
  return {
    moment,
    lastEvent: lines.at(-1)?.event ?? "none",
    lastPower: lines.findLast(({ event }) => event === "power")?.state ?? "none",
    events: lines.length,
    recordProblems: [...problemsOf(text, seen), ...documentProblems(run)],
    locksLeft: locks.map(({ life }) => life),
    marked,
    exitCode: next.code,
    recovery: after.flatMap(({ event, step, worked }) => (event === "recovery" ? [`${step}: ${worked}`] : [])),
    notes: after.flatMap(({ event, text: note = "" }) => (event === "warning" ? [note] : [])),
    powerAtEnd: after[lastOn]?.state ?? "none",
    answersAtEnd: after.slice(lastOn).some(({ event }) => event === "image-state"),
    locksAtEnd: findLocks(locksOf(folder)).length,
    markAtEnd: existsSync(join(folder, "lab.health.json")),
  };
}

/** Starts runs until one comes to its moment before its end, and kills that. */
async function killed({ folder }: PtyBench, random: Random) {
  const clock = new RealClock();
  for (;;) {
    const { event, state, most } = MOMENTS[random.below(MOMENTS.length)] ?? { event: "plan", most: 1 };
    const nth = 1 + random.below(most);
    // Half of them soon: what follows an event may be short, and a cut always is.
    const isSoon = random.chance({ of: 1, in: 2 }) || state === "off";
    const delayMs = random.below(isSoon ? SOON_MS_MAX : DELAY_MS_MAX);
    const isWanted = (line: Line) => line.event === event && (state === undefined || line.state === state);
    const before = new Set(runsOf(folder));
    const run = hil(folder, "run", "small.yaml", "--board", "lab.yaml", "--cuts", String(CUTS));
    const end = { isOver: false };
    void run.done.then(() => {
      end.isOver = true;
    });
    let seen = "";
    /** Of `seen`: the length of what was counted, whole lines, and how many of them are wanted. */
    let [counted, wanted] = [0, 0];
    let record: string | undefined;
    while (!end.isOver) {
      record ??= runsOf(folder).find((name) => !before.has(name));
      const events = record === undefined ? undefined : join(folder, "runs", record, "events.jsonl");
      // A look at the size every few milliseconds; reading all of it each time took longer than the run.
      if (events !== undefined && sizeOf(events) > Buffer.byteLength(seen)) {
        seen = textOf(events);
        wanted += linesOf(seen.slice(counted)).filter(isWanted).length;
        counted = seen.lastIndexOf("\n") + 1;
        if (wanted >= nth) break;
      }
      await sleep(clock, POLL_MS);
    }
    await sleep(clock, delayMs);
    if (record === undefined || (await wasOver(run, end))) continue;
    const name = state === undefined ? event : `${event} ${state}`;
    return { moment: `${name} ${nth} + ${delayMs} ms`, run: join(folder, "runs", record), seen };
  }
}

/** Kills a run; returns whether it had come to its end before. */
async function wasOver(run: HilProcess, end: { readonly isOver: boolean }): Promise<boolean> {
  if (end.isOver) return true;
  run.child.kill("SIGKILL");
  await run.done;
  return run.child.signalCode !== "SIGKILL";
}

function runsOf(folder: string): readonly string[] {
  const runs = join(folder, "runs");
  return existsSync(runs) ? readdirSync(runs) : [];
}

const sizeOf = (path: string) => entryAt(path)?.size ?? 0;

const textOf = (path: string) => (existsSync(path) ? readFileSync(path, "utf8") : "");

/** Whole lines only. */
function linesOf(text: string): Line[] {
  return text
    .split("\n")
    .slice(0, -1)
    .map((line): Line => JSON.parse(line));
}

/** What is wrong with the events of a killed run: nothing may be torn, lost or out of order. */
function problemsOf(text: string, seen: string): readonly string[] {
  const problems: string[] = [];
  if (!text.endsWith("\n")) problems.push("the last line is torn");
  if (!text.startsWith(seen)) problems.push("what was seen before the kill is not there any more");
  const lines = linesOf(text);
  if (lines[0]?.event !== "run-started") problems.push(`it begins with ${lines[0]?.event}`);
  if (lines.some(({ atUs }) => typeof atUs !== "number")) problems.push("an event has no time");
  if (lines.at(-1)?.event === "run-finished") problems.push("it had finished");
  return problems;
}

/** The other documents of a killed run: there, and whole. */
function documentProblems(run: string): readonly string[] {
  const problems: string[] = [];
  for (const name of ["run.json", "host.json", "replay.json"]) {
    const text = textOf(join(run, name));
    if (text === "" && name === "replay.json") continue;
    try {
      const document: { readonly state?: string } = JSON.parse(text);
      if (name === "run.json" && document.state !== "running") problems.push(`run.json says ${document.state}`);
    } catch {
      problems.push(`${name} is not whole`);
    }
  }
  const judged = linesOf(textOf(join(run, "events.jsonl"))).filter(({ event }) => event === "verdict").length;
  const verdicts = textOf(join(run, "verdicts.jsonl")).split("\n").length - 1;
  // The event is on disk before the verdict's own line: a kill may come between the two.
  if (verdicts !== judged && verdicts !== judged - 1) problems.push(`${verdicts} verdicts of ${judged}`);
  return problems;
}

/** What must be true after each kill; the names of what is not. */
export function broken(kill: Kill): readonly string[] {
  const checks: Readonly<Record<string, boolean>> = {
    "the record is whole": kill.recordProblems.length === 0,
    "the locks it left are a dead owner's": kill.locksLeft.every((life) => life === "dead"),
    "it was marked once power had moved": kill.marked || kill.lastPower !== "off",
    "the next run passes": kill.exitCode === 0,
    "the next run recovers a marked board": !kill.marked || kill.recovery.at(-1)?.endsWith("true") === true,
    "the next run says whose locks it took": kill.locksLeft.length === 0 || kill.notes.length > 0,
    "power is on at the end": kill.powerAtEnd === "on" && kill.answersAtEnd,
    "no lock and no mark stays": kill.locksAtEnd === 0 && !kill.markAtEnd,
  };
  return Object.entries(checks).flatMap(([name, isTrue]) => (isTrue ? [] : [name]));
}
