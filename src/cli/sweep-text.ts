import type { Cause, CutPoint, Finding, Sweep, SweepState, Timeline } from "../mcuboot/index.ts";
import { count } from "../report/index.ts";

const MARKS = { fine: "✓", kept: "=", reverted: "↶", failed: "✗" } as const;
const WORSE: readonly string[] = [" ", MARKS.fine, MARKS.kept, MARKS.reverted, MARKS.failed];

/**
 * Outcomes over the operations of the undisturbed upgrade and of its revert: what came of the sequences that begin with
 * a cut there, the worst of them for each character.
 */
export function mapOf({ exploration, wrong, timelines }: Sweep, width: number): readonly string[] {
  const rows = [
    { name: "upgrade", timeline: timelines[0], cells: cellsOf(timelines[0], width) },
    { name: "revert", timeline: timelines[1], cells: cellsOf(timelines[1], width) },
  ];
  const firsts = new Map<SweepState, FirstCut | undefined>();
  for (const state of exploration.states) {
    const first = firstCutOf(state, firsts);
    const row = first === undefined ? undefined : rows[first.boot];
    if (first === undefined || row === undefined || state.end === undefined) continue;
    const { running } = exploration.facts.of(state.end);
    const fine = running === "new" ? MARKS.fine : first.boot === 1 ? MARKS.reverted : MARKS.kept;
    const cell = cellAt(row.timeline, first.operation, width);
    const mark = wrong.has(state) ? MARKS.failed : fine;
    if (WORSE.indexOf(mark) > WORSE.indexOf(row.cells[cell] ?? " ")) row.cells[cell] = mark;
  }
  return rows
    .filter(({ cells }) => cells.some((cell) => cell !== " "))
    .flatMap(({ name, timeline, cells }) => [
      `          ${phasesOf(timeline, width)}`,
      `${name.padEnd(10)}${cells.join("").trimEnd()}`,
    ]);
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

function cellsOf({ operations }: Timeline, width: number): string[] {
  return Array.from({ length: operations.length === 0 ? 0 : width }, () => " ");
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
export function findingLines(finding: Finding, number: number, file: string): readonly string[] {
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
  const { coveredCuts, waiting } = exploration;
  if (coveredCuts === undefined) return "every sequence of cuts, of any length";
  const all = coveredCuts < 0 ? "no level of cuts whole" : `every sequence of up to ${count(coveredCuts, "cut")}`;
  return waiting === 0 ? all : `${all}; ${count(waiting, "state")} found and not looked at`;
}
