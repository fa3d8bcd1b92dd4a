import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { EXIT, terminalText, UsageError, wallTime } from "../../core/index.ts";
import { causesOf, changesOf, compareRuns, count, questionsOf, type RunLine } from "../../report/index.ts";
import { foundRuns } from "../report/found-runs.ts";
import { type OptionRows, type Parsed, parseArguments } from "../terminal/arguments.ts";
import { durationMs } from "../terminal/duration.ts";
import type { CliIo } from "../terminal/io.ts";
import { changesText, comparisonText, listText, morningText, showText, trendText } from "./text.ts";

/** Runs of a question that are shown, and that are never deleted, unless told otherwise. */
const LAST = 20;
const KEEP = 10;

const OPTIONS = {
  runs: { type: "string", describe: "folder of the records", default: "runs" },
  scenario: { type: "string", describe: "only runs of this scenario" },
  board: { type: "string", describe: "only runs on this board (its profile's name)" },
  label: { type: "string", describe: "only runs with this label, NAME=VALUE (repeatable)" },
  last: { type: "string", describe: "list, trend: so many runs of each question", default: String(LAST) },
  "older-than": { type: "string", describe: "prune: runs that began so long ago: 30d, 12h" },
  keep: { type: "string", describe: "prune: never the last so many of a question", default: String(KEEP) },
  yes: { type: "boolean", describe: "prune: delete (without it: only say what would go)" },
  json: { type: "boolean", describe: "print JSON, and nothing else, on standard output" },
} as const satisfies OptionRows;

const USAGE = "hil runs [list | show RUN | compare A B | trend | changes | prune] [options]";

interface Asked {
  readonly args: Parsed;
  readonly io: CliIo;
  readonly root: string;
  readonly lines: readonly RunLine[];
}

/** What `hil runs` can do; each prints one thing, as text or as JSON, and returns the exit code. */
const VERBS: Readonly<Record<string, { readonly runs: number; readonly act: (asked: Asked) => number }>> = {
  list: { runs: 0, act: list },
  show: { runs: 1, act: show },
  compare: { runs: 2, act: compare },
  trend: { runs: 0, act: trend },
  changes: { runs: 0, act: changes },
  prune: { runs: 0, act: prune },
};

/** `hil runs …`: the history of a folder of records. */
export async function runsCommand(argv: readonly string[], io: CliIo): Promise<number> {
  const args = parseArguments(io, argv, USAGE, OPTIONS, 3);
  if (!args) return EXIT.pass;
  const [name = "list", ...ids] = args.positional;
  const verb = VERBS[name];
  if (verb === undefined) {
    throw new UsageError(`hil runs has no "${name}".`, `It has ${Object.keys(VERBS).join(", ")}: see hil runs --help.`);
  }
  if (ids.length !== verb.runs) {
    const wants = ["no run", "the run", "two runs"][verb.runs] ?? "other arguments";
    throw new UsageError(`hil runs ${name} wants ${wants} by name.`, "hil runs list shows them.");
  }
  const root = resolve(io.cwd, args.text("runs") ?? "runs");
  const { lines } = foundRuns(args.text("runs") ?? "runs", io);
  return verb.act({ args, io, root, lines: selected(lines, args) });
}

function selected(lines: readonly RunLine[], args: Parsed): readonly RunLine[] {
  const [scenario, board] = [args.text("scenario"), args.text("board")];
  const labels = args.texts("label").map((text) => {
    const at = text.indexOf("=");
    if (at < 1) throw new UsageError(`--label wants NAME=VALUE, not "${text}".`, "See hil runs --help.");
    return [text.slice(0, at), text.slice(at + 1)] as const;
  });
  const fitting = lines.filter(
    (line) =>
      (scenario === undefined || line.scenario === scenario) &&
      (board === undefined || line.board === board) &&
      labels.every(([name, value]) => line.labels[name] === value),
  );
  if (fitting.length > 0) return fitting;
  const asked = [scenario, board].filter((name) => name !== undefined);
  const wanted = [...asked, ...args.texts("label")].map((name) => `"${terminalText(name)}"`).join(", ");
  const where = `${count(lines.length, "run")} in ${args.text("runs") ?? "runs"}`;
  throw new UsageError(`none of ${where} is one of ${wanted}.`, "hil runs list shows scenarios, boards and labels.");
}

function print({ args, io }: Asked, value: unknown, text: string): number {
  io.out(args.flag("json") ? `${JSON.stringify(value, undefined, 2)}\n` : text);
  return EXIT.pass;
}

function list(asked: Asked): number {
  const lines = asked.lines.slice(-(asked.args.whole("last", { least: 1 }) ?? LAST));
  return print(asked, lines, listText(lines));
}

function show(asked: Asked): number {
  const line = named(asked, asked.args.positional[1]);
  return print(asked, line, showText(line));
}

function compare(asked: Asked): number {
  const before = named(asked, asked.args.positional[1]);
  const after = named(asked, asked.args.positional[2]);
  const comparison = compareRuns(before, after);
  print(asked, comparison, comparisonText(before, after, comparison));
  return comparison.red.length > 0 ? EXIT.failed : EXIT.pass;
}

function trend(asked: Asked): number {
  const last = asked.args.whole("last", { least: 1 }) ?? LAST;
  const questions = questionsOf(asked.lines).map((question) => ({ ...question, runs: question.runs.slice(-last) }));
  return print(asked, questions, trendText(questions));
}

/** What the last run of each question says that the one before did not; exit 1 when something is newly red. */
function changes(asked: Asked): number {
  const questions = questionsOf(asked.lines);
  const all = questions.map((question) => ({
    scenario: question.scenario,
    board: question.board,
    ...changesOf(question),
  }));
  const causes = causesOf(questions);
  print(asked, { questions: all, causes }, `${morningText(causes)}${changesText(all)}`);
  return all.some(({ newlyRed }) => newlyRed.length > 0) ? EXIT.failed : EXIT.pass;
}

function prune(asked: Asked): number {
  const { args, root, lines } = asked;
  const age = args.text("older-than");
  if (age === undefined) throw new UsageError("hil runs prune wants --older-than.", "For example --older-than 30d.");
  const limit = new Date(wallTime().getTime() - ageMs(age)).toISOString();
  const keep = args.whole("keep", { least: 0 }) ?? KEEP;
  const old = questionsOf(lines).flatMap(({ runs }) => runs.slice(0, Math.max(0, runs.length - keep)));
  const going = old.filter(({ began }) => began !== "" && began < limit).map(({ id }) => id);
  if (args.flag("yes")) for (const id of going) rmSync(join(root, id), { recursive: true, force: true });
  const said = args.flag("yes") ? "deleted" : "would be deleted (say --yes)";
  return print(
    asked,
    going,
    going.map((id) => `${id}\n`).join("") + `${going.length} of ${lines.length} runs ${said}\n`,
  );
}

function ageMs(text: string): number {
  const days = /^(\d{1,5})d$/.exec(text)?.[1];
  return days === undefined ? durationMs("older-than", text) : Number(days) * 86_400_000;
}

/** A run by its name, or by the beginning of it. */
function named({ lines, args }: Asked, id: string | undefined): RunLine {
  const wanted = (id ?? "").replace(/\/+$/, "").split("/").at(-1) ?? "";
  const found = lines.filter((line) => line.id === wanted || line.id.startsWith(wanted));
  const [line] = found;
  if (line !== undefined && (found.length === 1 || line.id === wanted)) return line;
  const what = found.length === 0 ? "no run has" : `${found.length} runs have`;
  throw new UsageError(`${what} the name "${wanted}" in ${args.text("runs") ?? "runs"}.`, "hil runs list shows them.");
}
