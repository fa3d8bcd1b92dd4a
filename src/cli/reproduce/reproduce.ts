import { join, resolve } from "node:path";
import { EXIT, makeFolder, replaceFileAt } from "../../core/index.ts";
import { Attributer, type SearchProgress, searchSteps } from "../../field/index.ts";
import { count } from "../../report/index.ts";
import { budgetOf, driven } from "../sweep/driven.ts";
import { type OptionRows, parseArguments } from "../terminal/arguments.ts";
import type { CliIo } from "../terminal/io.ts";
import { WholeFile } from "../terminal/whole-file.ts";
import { type Answer, minimised, reproducedJson, reproducedText } from "./answer.ts";
import { checkOnTwin } from "./check.ts";
import { answerPage } from "./page.ts";
import { readEvidence } from "./read-evidence.ts";

const OPTIONS = {
  say: { type: "string", describe: "what the customer says, a sentence (repeatable)" },
  board: { type: "string", describe: "board profile, where it is known: mode, MCUboot generation, slots, keys" },
  budget: { type: "string", describe: "give up after so many boots (20000) or so long (90s, 10m)", default: "60s" },
  output: {
    type: "string",
    alias: "o",
    describe: "the report: FILE.html, or a folder for it and the replay",
    default: "runs/reproduce",
  },
  json: { type: "boolean", describe: "print the result as JSON, and nothing else, on standard output" },
} as const satisfies OptionRows;

const FILES_MAX = 100;

/** `hil reproduce [FILES…] [--say "…"]` */
export async function reproduceCommand(argv: readonly string[], io: CliIo): Promise<number> {
  const usage = "hil reproduce [logs, image lists, dumps, update files, build or run folders …] [options]";
  const args = parseArguments(io, argv, usage, OPTIONS, FILES_MAX);
  if (!args) return EXIT.pass;
  const json = args.flag("json");
  const budget = budgetOf(args.text("budget") ?? "60s");
  const out = args.text("output") ?? "runs/reproduce";
  const isPage = out.endsWith(".html");
  const page = isPage ? new WholeFile(out, io.cwd, "html") : undefined;
  const given = { files: args.positional, sentences: args.texts("say"), board: args.text("board") };
  const evidence = await readEvidence(given, io);
  const isSpent = ({ boots }: SearchProgress) => boots > budget.states;
  const shown = { textOf: progressText, isSpent };
  const result = await driven(searchSteps(evidence, { boots: budget.states }), shown, budget, io.isTty && !json, io);
  const [best] = result.candidates.filter(({ distance }) => distance === 0);
  const found = best && minimised(best, new Attributer());
  const folder = isPage ? undefined : resolve(io.cwd, out);
  const replay = folder === undefined || found === undefined ? undefined : join(folder, "replay.json");
  if (folder !== undefined) makeFolder(folder);
  if (replay !== undefined && found !== undefined)
    replaceFileAt(replay, `${JSON.stringify(found.replay, undefined, 2)}\n`);
  const checked =
    folder === undefined || found?.campaign === undefined
      ? undefined
      : await checkOnTwin(found.campaign, join(folder, "twin"), io);
  const answer: Answer = { evidence, result, found, checked, replay };
  const document = answerPage(answer, io.cwd);
  if (page !== undefined) page.write(document, "request");
  if (folder !== undefined) replaceFileAt(join(folder, "report.html"), document);
  io.out(json ? `${JSON.stringify(reproducedJson(answer, io.cwd), undefined, 2)}\n` : reproducedText(answer, io.cwd));
  return result.fitting > 0 ? EXIT.pass : EXIT.failed;
}

function progressText({ worlds, of, boots }: SearchProgress): string {
  return `${worlds} of ${count(of, "world")}, ${count(boots, "boot")}`;
}
