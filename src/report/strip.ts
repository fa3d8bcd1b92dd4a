import type { PhaseSpan, Verdict } from "../campaign/index.ts";

/** One character a place in the swap; what several cuts at one place came to is shown by the worst of them. */
const MARKS = { pass: "✓", reverted: "↶", kept: "=", failed: "✗" } as const;
const WORSE: readonly string[] = [MARKS.pass, MARKS.kept, MARKS.reverted, MARKS.failed];

interface Column {
  readonly name: string;
  readonly cells: string[];
  readonly fromUs: number;
  readonly toUs: number;
}

/**
 * A strip of the swap, phase by phase, that shows where each cut fell and what came of it:
 *
 *     before  move up           swap                     finish  after
 *     ✓       ✓✓✓ ✓✓✓✓✓ ✓✓✓     ✓✓✓✓✓✓ ✓✓✓✓✓✓✓✓✓✓         ✓       ↶
 *
 * @param width characters for the whole strip.
 */
export function strip(phases: readonly PhaseSpan[], verdicts: readonly Verdict[], width: number): readonly string[] {
  const columns = layOut(phases, width);
  for (const verdict of verdicts) {
    if (verdict.cut === undefined) continue;
    // A cut of which no place is known came before the swap showed itself. Between two phases nothing is written.
    const atUs = verdict.cut.intoSwapUs ?? beginOf(phases) - 1;
    const column = columns.findLast((entry) => entry.fromUs <= atUs);
    if (column) mark(column, atUs, markOf(verdict));
  }
  const names = columns.map((column) => column.name.padEnd(cellsOf(column)).slice(0, cellsOf(column)));
  const cells = columns.map((column) => column.cells.join("").padEnd(cellsOf(column)));
  return [names.join("  ").trimEnd(), cells.join("  ").trimEnd()];
}

function beginOf(phases: readonly PhaseSpan[]): number {
  return Math.min(0, phases[0]?.fromUs ?? 0);
}

function markOf(verdict: Verdict): string {
  if (!verdict.pass) return MARKS.failed;
  if (verdict.ending === "reverted") return MARKS.reverted;
  return verdict.ending === "kept" ? MARKS.kept : MARKS.pass;
}

/** Columns of the phases, each as wide as its share of the time, but never narrower than its name. */
function layOut(phases: readonly PhaseSpan[], width: number): readonly Column[] {
  const endUs = phases.at(-1)?.toUs ?? 0;
  // A copy to the network core may come before the first operation.
  const startUs = beginOf(phases);
  const wholeUs = Math.max(1, endUs - startUs);
  const shown = merged(phases);
  const edges = [
    { name: "before", fromUs: Number.NEGATIVE_INFINITY, toUs: startUs },
    ...shown,
    { name: "after", fromUs: endUs, toUs: Number.POSITIVE_INFINITY },
  ];
  const fixed = edges.reduce((sum, phase) => sum + phase.name.length + 2, 0);
  const spare = Math.max(0, width - fixed);
  return edges.map((phase) => {
    const share = Number.isFinite(phase.toUs - phase.fromUs) ? (phase.toUs - phase.fromUs) / wholeUs : 0;
    const cells = phase.name.length + Math.floor(spare * share);
    return { ...phase, cells: Array.from({ length: cells }, () => " ") };
  });
}

/** A phase that comes in pieces (status writes between copies) is one column. */
function merged(phases: readonly PhaseSpan[]): readonly PhaseSpan[] {
  const out: { name: string; fromUs: number; toUs: number }[] = [];
  for (const phase of phases) {
    const last = out.at(-1);
    if (last?.name === phase.name) last.toUs = phase.toUs;
    else out.push({ ...phase });
  }
  return out;
}

function mark(column: Column, atUs: number, sign: string): void {
  const share = Number.isFinite(column.toUs - column.fromUs)
    ? (atUs - column.fromUs) / Math.max(1, column.toUs - column.fromUs)
    : 0;
  const cell = Math.min(column.cells.length - 1, Math.max(0, Math.floor(share * column.cells.length)));
  if (WORSE.indexOf(sign) >= WORSE.indexOf(column.cells[cell] ?? "")) column.cells[cell] = sign;
}

function cellsOf(column: Column): number {
  return Math.max(column.cells.length, column.name.length);
}
