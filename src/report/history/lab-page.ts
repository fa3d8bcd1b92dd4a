import { terminalText } from "../../core/index.ts";
import { quantile } from "../format.ts";
import type { HalfAndMost, LabBench, LabCell, LabPage, LabRed, LabRow, LabTrend } from "../page/lab-data.ts";
import {
  DRIFT_DEVIATIONS,
  DRIFT_NIGHTS,
  driftOf,
  FLAKY_CHANGES,
  LOOK_BACK,
  newlyFlakyByChance,
  noiseOf,
} from "./chance.ts";
import { causesOf, changesOf, judged, type Question, questionsOf, seriesOf } from "./changes.ts";
import type { RunLine } from "./run-line.ts";

/** A night begins at noon: what ran before and after midnight stands in one column. */
const NOON_MS = 12 * 3_600_000;
/** Cases of one row that are named, and causes. */
const NAMED = 50;
/** Runs of a question that the lab's noise is measured by. */
const NOISE_RUNS = 400;

interface LabOptions {
  readonly folder: string;
  /** Nights that are shown. */
  readonly nights: number;
  /** Where the page of a run is, seen from the lab's page; undefined where there is none. */
  readonly pageOf: (run: string) => string | undefined;
  /** Runs that have not ended, and folders that are no record. */
  readonly unfinished: readonly string[];
  readonly unread: readonly string[];
}

/** The date of the night that a run belongs to; undefined where nothing says when it began. */
export function nightOf({ began, id }: RunLine): string | undefined {
  const named = /^(\d{4}-\d\d-\d\dT\d\d)-(\d\d)-(\d\d)/.exec(id);
  const ms = Date.parse(began === "" && named !== null ? `${named[1]}:${named[2]}:${named[3]}Z` : began);
  return Number.isNaN(ms) ? undefined : new Date(ms - NOON_MS).toISOString().slice(0, 10);
}

/** The page of a lab from the index of its runs, oldest first. */
export function labPage(lines: readonly RunLine[], options: LabOptions): LabPage {
  const night = new Map(lines.map((line) => [line, nightOf(line)]));
  const all = [...new Set([...night.values()].flatMap((name) => name ?? []))].toSorted();
  const nights = all.slice(-options.nights);
  const view: View = { nights, nightOf: (line) => night.get(line), pageOf: options.pageOf };
  const questions = questionsOf(lines);
  const rows = questions.map((question) => rowOf(question, view));
  const dateless = lines.filter((line) => night.get(line) === undefined).length;
  return {
    folder: terminalText(options.folder),
    nights,
    rows: rows.toSorted((a, b) => weightOf(b) - weightOf(a) || byName(a, b)),
    causes: causesOf(questions)
      .slice(0, NAMED)
      .map((cause) => ({
        ...cause,
        because: terminalText(cause.because),
        since: terminalText(cause.since),
        boards: cause.boards.map((board) => terminalText(board)),
        firstWith: terminalText(cause.firstWith),
      })),
    benches: benchesOf(lines, view).toSorted(byName),
    trends: trendsOf(lines, view),
    statistics: statisticsOf(questions),
    leftOut: [
      ...(all.length > nights.length
        ? [`${all.length - nights.length} earlier nights are not shown; what is new is told by all of them.`]
        : []),
      ...namedText(options.unfinished, "have not ended, or were killed"),
      ...namedText(options.unread, "are no record that can be read"),
      ...(dateless > 0 ? [`${dateless} runs do not say when they began: they stand in no column.`] : []),
    ],
  };
}

/** Folders by name: whoever reads the page in the morning looks into them. */
function namedText(ids: readonly string[], what: string): readonly string[] {
  if (ids.length === 0) return [];
  const more = ids.length > NAMED ? ", …" : "";
  const names = ids.slice(0, NAMED).map((id) => terminalText(id));
  return [`Folders of the records that ${what} (${ids.length}): ${names.join(", ")}${more}.`];
}

interface View {
  readonly nights: readonly string[];
  readonly nightOf: (line: RunLine) => string | undefined;
  readonly pageOf: (run: string) => string | undefined;
}

/** As people count: lab-2 before lab-10. */
function byName(a: { scenario?: string; board: string }, b: { scenario?: string; board: string }): number {
  return `${a.scenario ?? ""} ${a.board}`.localeCompare(`${b.scenario ?? ""} ${b.board}`, "en", { numeric: true });
}

/** What is new stands first, then what is red, then the names. */
function weightOf({ newlyRed, newlyFlaky, stillRed, newlyGreen }: LabRow): number {
  return [newlyGreen, stillRed, newlyFlaky, newlyRed].findLastIndex((cases) => cases.length > 0);
}

function byNight(lines: readonly RunLine[], { nights, nightOf: night }: View): readonly (readonly RunLine[])[] {
  const found = new Map<string, RunLine[]>(nights.map((name) => [name, []]));
  for (const line of lines) found.get(night(line) ?? "")?.push(line);
  return [...found.values()];
}

function rowOf(question: Question, view: View): LabRow {
  const changes = changesOf(question);
  const told = question.runs.filter(judged);
  const series = seriesOf(told.slice(0, -1));
  const red = (cases: (typeof changes)["newlyRed"]): LabRed[] =>
    cases.slice(0, NAMED).map(({ name, ending, because }) => {
      const before = series.get(name) ?? [];
      const failedBefore = before.filter((pass) => !pass).length;
      return {
        name: terminalText(name),
        ending: terminalText(ending),
        because: terminalText(because),
        failedBefore,
        runsBefore: before.length,
      };
    });
  const names = (some: readonly string[]) => some.slice(0, NAMED).map((name) => terminalText(name));
  const nights = byNight(question.runs, view);
  const shown = nights.flat();
  const shownJudged = shown.filter(judged);
  return {
    scenario: terminalText(question.scenario),
    board: terminalText(question.board),
    cells: nights.map((runs) => cellOf(runs, view)),
    newlyRed: red(changes.newlyRed),
    stillRed: red(changes.stillRed),
    newlyGreen: names(changes.newlyGreen),
    newlyFlaky: names(changes.newlyFlaky),
    flaky: names(changes.flaky),
    judged: shownJudged.length,
    passed: shownJudged.filter(({ outcome }) => outcome === "pass").length,
    swapUs: spreadOf(shown.map(({ swapUs }) => swapUs)),
    uploadBytesPerS: spreadOf(shown.map(({ uploadBytesPerS }) => uploadBytesPerS)),
  };
}

function cellOf(runs: readonly RunLine[], { pageOf }: View): LabCell | null {
  const line = runs.findLast(judged) ?? runs.at(-1);
  if (line === undefined) return null;
  const build = line.images.find(({ role }) => role === "new")?.version ?? "";
  const commit = line.labels["commit"] ?? "";
  return {
    run: terminalText(line.id),
    href: pageOf(line.id) ?? null,
    outcome: line.outcome,
    began: terminalText(line.began),
    red: line.cases.filter(([, , because]) => because !== "").length,
    of: line.cases.length,
    runs: runs.length,
    build: terminalText([build, commit.slice(0, 12)].filter((part) => part !== "").join(" ")),
  };
}

function spreadOf(values: readonly (number | null)[]): HalfAndMost | null {
  const known = values.filter((value) => value !== null);
  const p50 = quantile(known, 0.5);
  const p95 = quantile(known, 0.95);
  return p50 === undefined || p95 === undefined ? null : { p50, p95 };
}

function grouped(
  lines: readonly RunLine[],
  by: (line: RunLine) => string,
): readonly (readonly [string, readonly RunLine[]])[] {
  const groups = new Map<string, RunLine[]>();
  for (const line of lines) {
    const group = groups.get(by(line)) ?? [];
    group.push(line);
    groups.set(by(line), group);
  }
  return [...groups].toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function benchesOf(lines: readonly RunLine[], view: View): readonly LabBench[] {
  return grouped(lines, ({ board }) => board).map(([board, runs]): LabBench => {
    const nights = byNight(runs, view);
    const shown = nights.flat();
    const good = runs.findLast(({ outcome }) => outcome === "pass");
    const wears = shown.flatMap(({ wear }) => wear ?? []);
    const first = wears[0];
    const last = runs.flatMap(({ wear }) => wear ?? []).at(-1);
    const sum = (of: (line: RunLine) => number) => shown.reduce((all, line) => all + of(line), 0);
    const drift = driftOf(runs.flatMap(({ latencyUs }) => latencyUs ?? []));
    return {
      board: terminalText(board),
      runs: shown.length,
      lastGood: good === undefined ? null : { run: terminalText(good.id), night: view.nightOf(good) ?? "" },
      failures: shown.filter(({ outcome }) => outcome === "error").length,
      retries: sum(({ retries }) => retries),
      voidCuts: sum(({ voidCuts }) => voidCuts),
      recoveries: sum(({ recoveries }) => recoveries),
      wear: last ?? null,
      // Each run counts what it spent itself where the bench does not add them up.
      wearPerNight:
        first === undefined || last === undefined || nights.length < 2
          ? null
          : Math.max(0, last - first) / (nights.length - 1),
      latencyUs: nights.map(
        (some) =>
          quantile(
            some.flatMap(({ latencyUs }) => latencyUs ?? []),
            0.5,
          ) ?? null,
      ),
      drift: drift === undefined ? null : { recentUs: drift.recent, beforeUs: drift.before, drifts: drift.drifts },
    };
  });
}

function trendsOf(lines: readonly RunLine[], view: View): readonly LabTrend[] {
  return grouped(lines, ({ scenario }) => scenario).map(([scenario, runs]): LabTrend => {
    const nights = byNight(runs, view);
    return {
      scenario: terminalText(scenario),
      swapUs: nights.map((some) => spreadOf(some.map(({ swapUs }) => swapUs))),
      uploadBytesPerS: nights.map((some) => spreadOf(some.map(({ uploadBytesPerS }) => uploadBytesPerS))),
    };
  });
}

const percent = (share: number): string => `${(share * 100).toPrecision(2)} %`;

/** The rules, and how often they say something of nothing: by the noise that this lab has shown. */
function statisticsOf(questions: readonly Question[]): readonly string[] {
  const rules = [
    "Newly red: failed in the last run that judged, and passed in the run before that had the case, or was not there.",
    `Flaky: ${FLAKY_CHANGES} or more changes between passed and failed within the last ${LOOK_BACK} runs that had the case; ` +
      "newly, where the run before did not make it so.",
    `Drifts: the median of a bench's last ${DRIFT_NIGHTS} runs lies more than ${DRIFT_DEVIATIONS} standard deviations ` +
      "(by the median distance, at least 1 %) from that of up to 60 before them.",
  ];
  const series = questions.flatMap(({ runs }) => [...seriesOf(runs.filter(judged).slice(-NOISE_RUNS)).values()]);
  const { lone, of } = noiseOf(series);
  if (of === 0) return [...rules, "How often a case fails by chance is not known yet: no case has three runs."];
  // Of none in so many, three in as many are still likely to be missed. Source: the rule of three (95 %).
  const rate = Math.max(lone, 3) / of;
  const cases = questions.reduce((sum, { runs }) => sum + (runs.findLast(judged)?.cases.length ?? 0), 0);
  const flaky = newlyFlakyByChance(Math.min(1, rate)) * cases;
  return [
    ...rules,
    `False alarms here: ${lone} of ${of} verdicts failed once between two passes (${lone < 3 ? "taken as at most " : ""}${percent(rate)}). ` +
      `At that rate ${(rate * cases).toPrecision(2)} of the ${cases} cases of a night are newly red by chance, and ` +
      `${flaky.toPrecision(2)} newly flaky.`,
  ];
}
