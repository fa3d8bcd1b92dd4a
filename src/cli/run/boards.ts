import { relative } from "node:path";
import { type LoadedProfile, openBoard, SharedCards } from "../../board/index.ts";
import { checkRequest, type RunOutcome, run } from "../../campaign/index.ts";
import { EXIT, isHilError, messageOf, Random } from "../../core/index.ts";
import { verdictText } from "../../report/index.ts";
import { Outlets } from "../report/outlets.ts";
import type { Parsed } from "../terminal/arguments.ts";
import type { CliIo } from "../terminal/io.ts";
import { WatchBeside } from "../watch/beside.ts";
import type { RunAsked } from "./asked.ts";
import { dryRun } from "./dry-run.ts";
import { waitingOpen } from "./lock-wait.ts";
import { exitOf, junitFile, outcomeJson, pageFile, surroundings, tell } from "./report.ts";
import { shownRun } from "./ticker.ts";

/** From the worst on: a run that was interrupted, or whose bench failed, leaves open what the others have shown. */
const WORST_FIRST: readonly number[] = [EXIT.interrupted, EXIT.bench, EXIT.request, EXIT.failed, EXIT.pass];

interface Member {
  /** The profile's name; with a number behind it where two have one name. */
  readonly title: string;
  readonly asked: RunAsked;
}

/**
 * `hil run` on several boards at once: each with its own record, lease and seed. One that fails does not stop the
 * others; Ctrl-C stops all. Returns the worst exit code.
 * @throws ConfigurationError for what is wrong with any of the requests, before anything moves.
 */
export async function runBoards(
  boards: readonly LoadedProfile[],
  shared: Omit<RunAsked, "board">,
  args: Parsed,
  io: CliIo,
): Promise<number> {
  const members = membersOf(boards, shared);
  for (const { asked } of members) await checkRequest(asked.scenario, asked.board, asked);
  const json = args.flag("json");
  if (args.flag("dry-run")) return dryRuns(members, json, io);
  const file = junitFile(
    args,
    io,
    members.map(({ asked }) => asked),
  );
  const page = pageFile(args, io);
  const outlets = await Outlets.open(args, io);
  await using watch = await WatchBeside.open(args, io);
  const cards = new SharedCards();
  const open = waitingOpen(args, io, (board, options) => openBoard(board, { ...options, cards }));
  const width = Math.max(...members.map(({ title }) => title.length));
  const ends = await Promise.all(
    members.map(async ({ title, asked }) => {
      const own = prefixed(io, title.padEnd(width));
      using shown = shownRun(args, asked.board.profile.provider, own);
      const heard = { ...shown.heard, onFolder: watch.add };
      return { title, asked, ...(await ended(run({ ...asked, ...surroundings(args, io), open, ...heard }))) };
    }),
  );
  const folders = ends.flatMap(({ outcome }) => (outcome === undefined ? [] : [outcome.folder]));
  const lost = [file?.end(ends), await page?.end(folders)].filter((fault) => fault !== undefined);
  if (json) {
    const documents = ends.flatMap(({ asked, outcome }) => (outcome ? [outcomeJson(asked, outcome)] : []));
    io.out(`${JSON.stringify(documents, undefined, 2)}\n`);
  } else {
    io.out("\n");
    for (const { title, outcome } of ends) if (outcome) io.out(`${summary(title.padEnd(width), outcome, io)}\n`);
  }
  lost.push(...(await outlets.end(folders)));
  for (const { title, error } of ends) if (error !== undefined) io.err(`hil: ${title}: ${messageOf(error)}\n`);
  for (const fault of lost) tell(fault, io);
  const codes = ends.map(({ outcome, error }) => exitCode(outcome, error));
  return worst([...codes, ...lost.map((fault) => fault.exitCode)]);
}

/** Each board draws from a stream of its own, named after it: the others do not change what it does. */
function membersOf(boards: readonly LoadedProfile[], shared: Omit<RunAsked, "board">): readonly Member[] {
  const times = new Map<string, number>();
  return boards.map((board) => {
    const { name } = board.profile;
    const time = (times.get(name) ?? 0) + 1;
    times.set(name, time);
    const title = time === 1 ? name : `${name}#${time}`;
    const seed = Random.fromSeed(shared.seed).fork(`board ${title}`).uint32();
    return { title, asked: { ...shared, board, seed } };
  });
}

/** What a run throws before it has a record is its end all the same: the others go on. */
async function ended(work: Promise<RunOutcome>): Promise<{ readonly outcome?: RunOutcome; readonly error?: unknown }> {
  try {
    const outcome = await work;
    return { outcome, error: outcome.error };
  } catch (error) {
    return { error };
  }
}

function exitCode(outcome: RunOutcome | undefined, error: unknown): number {
  if (error !== undefined) return isHilError(error) ? error.exitCode : EXIT.bench;
  return outcome === undefined ? EXIT.failed : exitOf(outcome);
}

/** The exit code that stands for several. */
export function worst(codes: readonly number[]): number {
  return WORST_FIRST.find((code) => codes.includes(code)) ?? EXIT.bench;
}

function summary(title: string, { result, folder }: RunOutcome, io: CliIo): string {
  return `${title}  ${verdictText(result)}; record ${relative(io.cwd, folder) || "."}`;
}

/** Every line with its board's name before it; none is redrawn, as another board's may have come after it. */
export function prefixed(io: CliIo, name: string): CliIo {
  const before = (text: string) => text.replaceAll(/^(?=.)/gm, `${name}  `);
  const print = { out: (text: string) => io.out(before(text)), err: (text: string) => io.err(before(text)) };
  return { ...io, columns: io.columns, isTty: false, ...print };
}

async function dryRuns(members: readonly Member[], json: boolean, io: CliIo): Promise<number> {
  const texts: string[] = [];
  for (const { asked } of members) {
    const own: CliIo = { ...io, columns: io.columns, out: (text) => void texts.push(text) };
    await dryRun({ ...asked, cuts: asked.cuts, json }, own);
  }
  io.out(json ? `[${texts.map((text) => text.trimEnd()).join(",\n")}]\n` : texts.join(""));
  return EXIT.pass;
}
