import type { SharedCause } from "../page/lab-data.ts";
import { isFlaky, isNewlyFlaky, LOOK_BACK } from "./chance.ts";
import type { RunLine } from "./run-line.ts";

/** One question that a lab asks every night: a scenario on a board. */
export interface Question {
  readonly scenario: string;
  readonly board: string;
  /** Oldest first. */
  readonly runs: readonly RunLine[];
}

/** What the last run of a question says that the one before did not. */
export interface NightChanges {
  readonly newlyRed: readonly Case[];
  readonly newlyGreen: readonly string[];
  readonly stillRed: readonly Case[];
  readonly newlyFlaky: readonly string[];
  readonly flaky: readonly string[];
}

export interface Case {
  readonly name: string;
  readonly ending: string;
  readonly because: string;
}

/** The runs by question, questions in the order of their names. */
export function questionsOf(lines: readonly RunLine[]): readonly Question[] {
  const questions = new Map<string, { scenario: string; board: string; runs: RunLine[] }>();
  for (const line of lines) {
    const key = JSON.stringify([line.scenario, line.board]);
    const question = questions.get(key) ?? { scenario: line.scenario, board: line.board, runs: [] };
    question.runs.push(line);
    questions.set(key, question);
  }
  return [...questions.values()].toSorted((a, b) => (`${a.scenario} ${a.board}` < `${b.scenario} ${b.board}` ? -1 : 1));
}

/** Only a run that judged says something of the firmware: one that the bench ended has cases, but lacks others. */
export const judged = ({ outcome }: RunLine): boolean =>
  outcome === "pass" || outcome === "fail" || outcome === "incomplete";

/** What is new with the last run of a question. A case that the last run did not have is neither red nor green. */
export function changesOf({ runs }: Question): NightChanges {
  const told = runs.filter(judged);
  const last = told.at(-1);
  const series = seriesOf(told.slice(-LOOK_BACK - 1));
  const failed = (last?.cases ?? []).flatMap(([name, ending, because]) =>
    because === "" ? [] : [{ name, ending, because }],
  );
  const before = (name: string) => series.get(name)?.at(-2);
  const redNow = new Set(failed.map(({ name }) => name));
  const named = (isIt: (seen: readonly boolean[]) => boolean) =>
    [...series].flatMap(([name, seen]) => (isIt(seen) ? [name] : []));
  return {
    newlyRed: failed.filter(({ name }) => before(name) !== false),
    stillRed: failed.filter(({ name }) => before(name) === false),
    newlyGreen: (last?.cases ?? []).flatMap(([name]) => (!redNow.has(name) && before(name) === false ? [name] : [])),
    newlyFlaky: named(isNewlyFlaky),
    flaky: named(isFlaky),
  };
}

/** Whether each case passed, in the runs that had it, oldest first. */
export function seriesOf(runs: readonly RunLine[]): ReadonlyMap<string, readonly boolean[]> {
  const series = new Map<string, boolean[]>();
  for (const { cases } of runs) {
    for (const [name, , because] of cases) {
      const seen = series.get(name) ?? [];
      seen.push(because === "");
      series.set(name, seen);
    }
  }
  return series;
}

/** The causes of what is red in the last run of each question. */
export function causesOf(questions: readonly Question[]): readonly SharedCause[] {
  const causes = new Map<
    string,
    { because: string; boards: Set<string>; since: string; firstWith: string; cases: number }
  >();
  for (const { board, runs } of questions) {
    const told = runs.filter(judged);
    for (const [, , because] of told.at(-1)?.cases ?? []) {
      if (because === "") continue;
      const first = told.find(({ cases }) => cases.some(([, , reason]) => reason === because));
      const cause = causes.get(because) ?? { because, boards: new Set(), since: "", firstWith: "", cases: 0 };
      cause.boards.add(board);
      cause.cases += 1;
      if (first !== undefined && (cause.since === "" || first.began < cause.since)) {
        cause.since = first.began;
        cause.firstWith = first.images.find(({ role }) => role === "new")?.version ?? "";
      }
      causes.set(because, cause);
    }
  }
  return [...causes.values()]
    .map((cause) => ({ ...cause, boards: [...cause.boards].toSorted() }))
    .toSorted((a, b) => b.boards.length - a.boards.length || b.cases - a.cases);
}

/** Two runs, case by case. */
export interface Comparison {
  readonly red: readonly Case[];
  readonly green: readonly string[];
  readonly onlyBefore: readonly string[];
  readonly onlyAfter: readonly string[];
}

/** What differs between two runs, by the names of their cases: those that fail in one of them only. */
export function compareRuns(before: RunLine, after: RunLine): Comparison {
  const [old, fresh] = [before, after].map(({ cases }) => new Map(cases.map((entry) => [entry[0], entry])));
  const failed = (entry: readonly string[] | undefined) => entry !== undefined && entry[2] !== "";
  return {
    red: after.cases.flatMap(([name, ending, because]) =>
      because !== "" && !failed(old?.get(name)) ? [{ name, ending, because }] : [],
    ),
    green: after.cases.flatMap(([name, , because]) => (because === "" && failed(old?.get(name)) ? [name] : [])),
    onlyBefore: before.cases.flatMap(([name]) => (fresh?.has(name) ? [] : [name])),
    onlyAfter: after.cases.flatMap(([name]) => (old?.has(name) ? [] : [name])),
  };
}
