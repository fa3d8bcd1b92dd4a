import { relative } from "node:path";
import type { Attributer, Candidate, CaseSize, CauseRow, FieldEvidence, SearchResult } from "../../field/index.ts";
import { campaignOf, fieldReplay, minimise, modeTitle, sizeOf } from "../../field/index.ts";
import { count } from "../../report/index.ts";
import type { TwinChecked } from "./check.ts";

/** All that a search came to, before it is printed. */
export interface Answer {
  readonly evidence: FieldEvidence;
  readonly result: SearchResult;
  /** The likeliest cause that fits, made as small as it gets. */
  readonly found: Minimised | undefined;
  readonly checked: TwinChecked | undefined;
  /** Where the history lies that `hil replay` walks again. */
  readonly replay: string | undefined;
}

/** A candidate's case, made smaller. */
interface Minimised {
  readonly candidate: Candidate;
  readonly before: CaseSize;
  readonly after: CaseSize;
  readonly replay: ReturnType<typeof fieldReplay>;
  readonly campaign: ReturnType<typeof campaignOf>;
}

/** Makes the case of a candidate as small as its cause allows. */
export function minimised(candidate: Candidate, attributer: Attributer): Minimised {
  const { cause, best } = candidate;
  const found = { shape: best.shape, history: { legs: best.legs, tail: best.tail } };
  const small = minimise(attributer, cause, found);
  return {
    candidate,
    before: sizeOf(found),
    after: sizeOf(small),
    replay: fieldReplay(cause, small.shape, small.history),
    campaign: campaignOf(cause, small),
  };
}

/** How sure a search is, in words. */
export function sureText({ fitting, sure, complete, candidates }: SearchResult): string {
  if (fitting === 0) {
    const [nearest] = candidates;
    const near = nearest === undefined ? "" : `; nearest is ${nearest.cause}, ${nearest.distance} away`;
    return `nothing fits${complete ? "" : " so far (the budget ended)"}${near}`;
  }
  if (sure) return "sure: of all causes that were looked for this one alone fits";
  if (fitting === 1)
    return `one cause fits${complete ? ", of little evidence" : "; the budget ended before all were looked for"}`;
  return `one of ${fitting} causes that fit`;
}

const BREAK = "\n          ";

/** The answer as text. */
export function reproducedText({ evidence, result, found, checked, replay }: Answer, cwd: string): string {
  const rows: (readonly [string, string])[] = [
    ...evidence.knows.map((text) => ["knows", text] as const),
    ...evidence.contradicts.map((text) => ["against", text] as const),
    [
      "looked",
      `in ${count(result.worlds, "world")}, ${count(result.boots, "boot")}${result.complete ? "" : "; the budget ended"}`,
    ],
    ["how sure", sureText(result)],
  ];
  const fits = result.candidates.filter(({ distance }) => distance === 0);
  const shown = fits.length > 0 ? fits.slice(0, 5) : result.candidates.slice(0, 3);
  for (const [at, candidate] of shown.entries()) rows.push([at === 0 ? "cause" : "or", causeText(candidate)]);
  if (found !== undefined) rows.push(...foundRows(found, checked, replay, cwd));
  for (const text of evidence.asks) rows.push(["ask for", text]);
  return rows.map(([label, text]) => `${label.padEnd(10)}${text.replaceAll("\n", BREAK)}\n`).join("");
}

function causeText({ cause, row, distance, histories, generations, modes, best }: Candidate): string {
  const [first, last] = [generations[0], generations.at(-1)];
  const where = `${modes.map(modeTitle).join(", ")}; ${first === last ? first : `${first} to ${last}`}`;
  const title = row === undefined ? "on no record" : row.title;
  const misses = best.misses.map(({ what }) => `\nnot explained: ${what}`).join("");
  const away =
    distance === 0 ? (histories === 1 ? "1 history fits" : `${histories} histories fit`) : `${distance} away`;
  return `${cause}: ${title} (${where}; ${away})${misses}`;
}

function foundRows(
  { candidate, before, after }: Minimised,
  checked: TwinChecked | undefined,
  replay: string | undefined,
  cwd: string,
): (readonly [string, string])[] {
  const { row } = candidate;
  const smaller = `${sizeText(before)} -> ${sizeText(after)}`;
  return [
    ...(row === undefined ? [] : causeRows(row)),
    ["smallest", smaller],
    ...(replay === undefined ? [] : [["replay", `npx hil replay ${relative(cwd, replay)}`] as const]),
    ...(checked === undefined ? [] : [["twin", twinText(checked, cwd)] as const]),
  ];
}

function causeRows(row: CauseRow): (readonly [string, string])[] {
  return [
    ["because", row.because],
    ["had by", row.had],
    ["protects", row.protects],
    ["source", `${row.source}; table ${row.row}`],
  ];
}

function sizeText({ boots, cuts, imageBytes }: CaseSize): string {
  return `${count(boots, "boot")}, ${count(cuts, "cut")}, ${imageBytes} bytes of images`;
}

/** What the simulated board made of the case. */
export function twinText({ folder, outcome, found }: TwinChecked, cwd: string): string {
  if (outcome === "not run") return `not run: ${found[0] ?? "it cannot be said as a campaign"}`;
  const verdict = outcome === "fail" ? `FAIL  ${found[0] ?? ""}` : "PASS  the simulated board did as designed";
  return `${verdict}${folder === undefined ? "" : `\nnpx hil replay ${relative(cwd, folder)}`}`;
}

/** The answer as one document: no time of day, no host. */
export function reproducedJson({ evidence, result, found, checked, replay }: Answer, cwd: string): unknown {
  const { knows, contradicts, asks } = evidence;
  return {
    schema: 1,
    knows,
    contradicts,
    asks,
    sure: result.sure,
    complete: result.complete,
    how_sure: sureText(result),
    fitting: result.fitting,
    worlds: result.worlds,
    boots: result.boots,
    causes: result.candidates.map(({ cause, row, distance, histories, generations, modes, best }) => ({
      cause,
      title: row?.title ?? null,
      kind: row?.kind ?? null,
      distance,
      effort: best.effort,
      histories,
      generations,
      modes,
      not_explained: best.misses.map(({ what }) => what),
      because: row?.because ?? null,
      had_by: row?.had ?? null,
      since: row?.since ?? null,
      until: row?.until ?? null,
      protects: row?.protects ?? null,
      source: row?.source ?? null,
      row: row?.row ?? null,
    })),
    smallest: found === undefined ? null : { before: found.before, after: found.after, replay: found.replay },
    replay: replay === undefined ? null : relative(cwd, replay),
    twin: checked === undefined ? null : { outcome: checked.outcome, found: checked.found },
  };
}
