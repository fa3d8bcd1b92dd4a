import type { Cause, CutPoint, Sweep, SweepFinding, SweepState, Timeline } from "../../mcuboot/index.ts";
import { count, grouped } from "../../report/index.ts";

/** What came of a sequence of cuts, from the best to the worst; a legend line names those that a strip shows. */
const MARKS = [
  { name: "upgraded", mark: "✓", text: "new image" },
  { name: "reverted", mark: "↶", text: "new image ran, then reverted" },
  { name: "kept", mark: "=", text: "old image kept, new one never ran" },
  { name: "failed", mark: "✗", text: "must not be" },
] as const;
/** Of an operation that no sequence begins at. */
const NONE = -1;

/**
 * What came of the sequences that begin with a cut at each operation of the undisturbed upgrade and of its revert, when
 * nobody confirms: the worst of them, as its place in MARKS.
 */
function worstOf({ exploration, wrong, timelines }: Sweep) {
  const rows = [
    { name: "upgrade", timeline: timelines[0], worst: timelines[0].operations.map(() => NONE) },
    { name: "revert", timeline: timelines[1], worst: timelines[1].operations.map(() => NONE) },
  ];
  const firsts = new Map<SweepState, FirstCut | undefined>();
  const tried = new Map<SweepState, boolean>();
  for (const state of exploration.states) {
    const first = firstCutOf(state, firsts);
    const row = first === undefined ? undefined : rows[first.boot];
    if (first === undefined || row === undefined || state.end === undefined) continue;
    const { running } = exploration.facts.of(state.end);
    const isTaken = running === "new" && exploration.facts.fate(state.end.identity)?.running === "old";
    const came = running === "new" && !isTaken;
    const fine = came ? "upgraded" : isTaken || wasTried(state, tried) ? "reverted" : "kept";
    const name = wrong.has(state) ? "failed" : fine;
    const mark = MARKS.findIndex((entry) => entry.name === name);
    row.worst[first.operation] = Math.max(mark, row.worst[first.operation] ?? NONE);
  }
  return rows.filter(({ worst }) => worst.some((mark) => mark !== NONE));
}

/** The same as stretches of operations, for a drawing: a row an outcome. */
export function outcomesOf(sweep: Sweep) {
  return worstOf(sweep).map(({ name, worst }) => ({
    name,
    operations: worst.length,
    rows: [
      ...MARKS.map(({ name: tone, text }, mark) => ({ name: text, tone, spans: spansOf(worst, mark) })),
      { name: "same flash as after another cut", tone: "other" as const, spans: spansOf(worst, NONE) },
    ].filter(({ spans }) => spans.length > 0),
  }));
}

function spansOf(worst: readonly number[], mark: number): readonly (readonly [number, number])[] {
  const spans: [number, number][] = [];
  for (const [at, one] of worst.entries()) {
    const last = spans.at(-1);
    if (one !== mark) continue;
    if (last?.[1] === at) last[1] = at + 1;
    else spans.push([at, at + 1]);
  }
  return spans;
}

/** The same as strips of characters, the worst of each. */
export function mapOf(sweep: Sweep, width: number): readonly string[] {
  const shown = worstOf(sweep).map(({ name, timeline, worst }) => {
    const cells = Array.from({ length: width }, () => NONE);
    for (const [operation, mark] of worst.entries()) {
      const cell = cellAt(timeline, operation, width);
      cells[cell] = Math.max(mark, cells[cell] ?? NONE);
    }
    return { name, timeline, cells };
  });
  const legend = MARKS.filter((_, mark) => shown.some(({ cells }) => cells.includes(mark)));
  return [
    ...shown.flatMap(({ name, timeline, cells }) => [
      `          ${phasesOf(timeline, width)}`,
      `${name.padEnd(10)}${cells
        .map((mark) => MARKS[mark]?.mark ?? " ")
        .join("")
        .trimEnd()}`,
    ]),
    ...(shown.length === 0 ? [] : [`          ${legend.map(({ mark, text }) => `${mark} ${text}`).join("   ")}`]),
  ];
}

/** True when the new image had come somewhere on the way to a state: what runs the old one after that took it back. */
function wasTried(state: SweepState, known: Map<SweepState, boolean>): boolean {
  const before = known.get(state);
  if (before !== undefined) return before;
  const answer = state.stage === "tried" || (state.from !== undefined && wasTried(state.from, known));
  known.set(state, answer);
  return answer;
}

interface FirstCut {
  readonly boot: number;
  readonly operation: number;
}

/** The first cut on the way to a state: of the boot that upgrades, or of the one after it. */
function firstCutOf(state: SweepState, known: Map<SweepState, FirstCut | undefined>): FirstCut | undefined {
  if (known.has(state)) return known.get(state);
  const { from, cause } = state;
  const before = from === undefined ? undefined : firstCutOf(from, known);
  const resets = from === undefined ? 0 : resetsTo(from);
  const own = cause.kind === "cut" ? { boot: Math.min(resets, 1), operation: cause.operation } : undefined;
  known.set(state, before ?? own);
  return before ?? own;
}

function resetsTo(state: SweepState): number {
  let resets = 0;
  for (let at: SweepState | undefined = state; at !== undefined; at = at.from) {
    // A sweep of the revert only begins after the boot that upgrades.
    if (at.cause.kind === "reset" || (at.from === undefined && at.stage === "tried")) resets += 1;
  }
  return resets;
}

function cellAt({ operations }: Timeline, operation: number, width: number): number {
  return Math.min(width - 1, Math.floor((operation * width) / Math.max(1, operations.length)));
}

/** Names of the phases over the cells where they begin. */
function phasesOf(timeline: Timeline, width: number): string {
  let line = "";
  let last = "";
  for (const { phase, index } of timeline.operations) {
    if (phase === last) continue;
    last = phase;
    const cell = cellAt(timeline, index, width);
    if (cell >= line.length) line = `${line.padEnd(cell)}${phase} `;
  }
  return line.slice(0, width).trimEnd();
}

/** "boot 1: cut at operation 32; boot 2: runs; …". */
export function pathText(path: readonly Cause[]): string {
  let boot = 0;
  const legs = path.flatMap((step) => {
    if (step.kind === "start") return step.request === undefined ? [] : [`the request: ${cutText(step.request)}`];
    boot += 1;
    return [`boot ${boot}: ${step.kind === "reset" ? "goes through, reset" : cutText(step)}`];
  });
  return legs.length === 0 ? "no cut at all" : legs.join("; ");
}

function tornText(torn: CutPoint["torn"]): string | undefined {
  if (typeof torn !== "object") return torn;
  if ("prefixBytes" in torn) return `${torn.prefixBytes} bytes of it done`;
  return `reads as ${torn.shows} it ${count(torn.reads, "time")}, then the other way`;
}

function cutText({ operation, torn }: CutPoint): string {
  const how = tornText(torn);
  return torn === undefined ? `cut before operation ${operation}` : `cut inside operation ${operation} (${how})`;
}

/** What a finding says on the console. */
export function findingLines(finding: SweepFinding, number: number, file: string): readonly string[] {
  const { known, what } = finding;
  const name = known === undefined ? "not on record" : `known defect ${known}: ${what ?? ""}`;
  return [
    `finding ${String(number).padEnd(2)}${finding.class}, ${name}`,
    `          by       ${count(finding.cuts, "cut")}${finding.torn > 0 ? `, ${finding.torn} torn` : ""}: ${pathText(finding.path)}`,
    `          shows    ${finding.shows}`,
    `          because  ${finding.because}`,
    `          found in ${count(finding.contents, "state")}; try  npx hil replay ${file} --trace`,
  ];
}

/** What was covered, never more. */
export function coverageText({ exploration }: Sweep): string {
  const { coveredCuts, begun } = exploration;
  if (coveredCuts === undefined) return "every sequence of cuts, of any length";
  const all = coveredCuts < 0 ? "no level of cuts whole" : `every sequence of up to ${count(coveredCuts, "cut")}`;
  if (begun === undefined) return all;
  const { cuts, found, looked, cutFrom, cutDone } = begun;
  const sofar = cutFrom === 0 ? "found" : `found so far, ${grouped(cutDone)} of ${count(cutFrom, "state")} cut further`;
  return `${all}; with ${count(cuts, "cut")} ${grouped(looked)} of ${count(found, "state")} looked at (${sofar})`;
}
