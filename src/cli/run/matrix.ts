import { relative, resolve } from "node:path";
import type { LoadedProfile } from "../../board/index.ts";
import { loadProfile, requireApart } from "../../board/index.ts";
import {
  type Cell,
  cellKey,
  cellsOf,
  cellTitle,
  cheapestOrder,
  checkRequest,
  type DoneCell,
  DoneCells,
  eventsIn,
  loadOf,
  type MatrixFile,
  movedBytes,
  movedInAll,
  type RunOutcome,
  run,
  scenarioCuts,
  verdictsIn,
} from "../../campaign/index.ts";
import { ConfigurationError, EXIT, isHilError, isKind, messageOf } from "../../core/index.ts";
import { count, grouped, matrixTable, verdictText } from "../../report/index.ts";
import { Outlets } from "../report/outlets.ts";
import type { Parsed } from "../terminal/arguments.ts";
import type { CliIo } from "../terminal/io.ts";
import { WatchBeside } from "../watch/beside.ts";
import type { RunAsked } from "./asked.ts";
import { prefixed, worst } from "./boards.ts";
import { inLanes, lanesOf } from "./lanes.ts";
import { exitOf, junitFile, outcomeJson, surroundings, tell } from "./report.ts";
import { shownRun } from "./ticker.ts";
import { requireTrusted } from "./trust.ts";

/** What a command line says for every cell alike. */
type SharedAsked = Omit<RunAsked, "board" | "scenario" | "cuts">;

/** A cell with all that it takes to run it. */
interface Planned {
  readonly cell: Cell;
  readonly asked: RunAsked;
  readonly board: string;
  /** Uploaded before its first cut, by the order's reckoning. */
  readonly bytes: number;
  readonly key: string;
}

interface Ended extends Planned {
  readonly outcome?: RunOutcome | undefined;
  readonly error?: unknown;
  /** It was run before, and its record is there. */
  readonly done?: DoneCell | undefined;
}

/**
 * `hil run MATRIX.yaml`: a campaign for each cell, in the order that uploads least between them: one after the other, and
 * boards of hardware at once.
 * A cell that fails does not stop the others. Returns the worst exit code.
 * @throws ConfigurationError for what is wrong with any cell, before anything moves.
 */
export async function runMatrix(
  matrix: MatrixFile,
  named: readonly LoadedProfile[],
  shared: SharedAsked,
  args: Parsed,
  io: CliIo,
): Promise<number> {
  const boards = await boardsOf(matrix, named);
  const cells = cellsOf(matrix, boards);
  const planned = plannedOf(cells, boards, shared);
  if (planned.length === 0) throw new ConfigurationError(`${matrix.file}: every cell of the matrix is left out.`);
  for (const { asked } of planned) {
    requireTrusted([asked.board], asked.scenario, args, io);
    await checkRequest(asked.scenario, asked.board, asked);
  }
  if (args.flag("dry-run")) return showPlan(matrix, cells, planned, boards, args, io);
  const { runsRoot } = surroundings(args, io);
  const file = junitFile(
    args,
    io,
    planned.map(({ asked }) => asked),
  );
  const outlets = await Outlets.open(args, io);
  await using watch = await WatchBeside.open(args, io);
  const done = new DoneCells(runsRoot, matrix.value.name, !args.flag("resume"));
  const ended = new Map<Planned, Ended>();
  const atOnce = await mayRunAtOnce(boards);
  let begun = 0;
  const runOne = async (one: Planned) => {
    const before = done.get(one.key);
    const hasFailed = [...ended.values()].some((end) => codeOf(end) !== EXIT.pass);
    const left = io.signal.aborted || (shared.failFast && hasFailed);
    const own = atOnce ? prefixed(io, one.board) : io;
    begun += 1;
    const end: Ended = before
      ? { ...one, done: before }
      : left
        ? one
        : await runCell(one, [begun, planned.length], watch, args, own);
    ended.set(one, end);
    if (end.outcome && end.error === undefined) done.add(one.key, relative(runsRoot, end.outcome.folder));
  };
  await inLanes(
    lanesOf(planned, ({ cell }) => (atOnce ? cell.board : 0)),
    runOne,
  );
  const ends = planned.flatMap((one) => ended.get(one) ?? []);
  const lost = file?.end(ends.flatMap((end) => junitEnd(end, runsRoot)));
  if (args.flag("json")) io.out(`${JSON.stringify(documentOf(matrix, cells, ends, runsRoot), undefined, 2)}\n`);
  else showEnd(matrix, cells, ends, args, io);
  for (const { cell, error } of ends) if (error !== undefined) io.err(`hil: ${cellTitle(cell)}: ${messageOf(error)}\n`);
  const folders = ends.flatMap(
    ({ outcome, done: before }) => outcome?.folder ?? (before ? resolve(runsRoot, before.folder) : []),
  );
  const faults = [...(lost === undefined ? [] : [lost]), ...(await outlets.end(folders))];
  for (const fault of faults) tell(fault, io);
  return worst([...ends.map(codeOf), ...faults.map((fault) => fault.exitCode)]);
}

/**
 * Boards that are hardware and share neither port nor channel: nothing of one waits for the other. What is simulated
 * would only share this machine's processors.
 */
async function mayRunAtOnce(boards: readonly MatrixBoard[]): Promise<boolean> {
  const loaded = boards.map((board) => board.loaded);
  if (loaded.length < 2 || loaded.some(({ profile }) => profile.provider !== "hardware")) return false;
  try {
    await requireApart(loaded);
    return true;
  } catch (error) {
    if (isKind(error, "configuration")) return false;
    throw error;
  }
}

interface MatrixBoard {
  readonly loaded: LoadedProfile;
  readonly names: readonly string[];
}

/** Layouts that the file names, else the boards of the command line. */
async function boardsOf(matrix: MatrixFile, named: readonly LoadedProfile[]): Promise<readonly MatrixBoard[]> {
  const { boards } = matrix.value.matrix;
  if (boards === undefined) {
    if (named.length > 1) await requireApart(named);
    return named.map((loaded) => ({ loaded, names: [loaded.profile.name] }));
  }
  const cwd = resolve(matrix.file, "..");
  return Promise.all(
    boards.map(async (name) => {
      const loaded = await loadProfile(name, { cwd });
      return { loaded, names: [name, loaded.profile.name] };
    }),
  );
}

function plannedOf(cells: readonly Cell[], boards: readonly MatrixBoard[], shared: SharedAsked): readonly Planned[] {
  const wanted = cells.filter(({ skip }) => skip === undefined);
  const loads = wanted.map(loadOf);
  const order = cheapestOrder(loads);
  return order.flatMap((place, index) => {
    const [cell, load] = [wanted[place], loads[place]];
    const board = cell && boards[cell.board];
    if (cell === undefined || load === undefined || board === undefined) return [];
    const { scenario } = cell;
    const asked: RunAsked = { ...shared, scenario, board: board.loaded, cuts: scenarioCuts(scenario.value) };
    const bytes = movedBytes(loads[order[index - 1] ?? -1], load);
    const key = cellKey(cell, { profile: board.loaded.text, seed: shared.seed });
    return [{ cell, asked, board: board.loaded.profile.name, bytes, key }];
  });
}

async function runCell(
  one: Planned,
  [number, total]: readonly [number, number],
  watch: WatchBeside,
  args: Parsed,
  io: CliIo,
): Promise<Ended> {
  const json = args.flag("json");
  if (!json) io.out(`\ncell ${number} of ${total}: ${cellTitle(one.cell)}\n`);
  using shown = shownRun(args, one.asked.board.profile.provider, io);
  try {
    const outcome = await run({
      ...one.asked,
      ...surroundings(args, io),
      keepsEvents: args.text("junit") !== undefined || json,
      onFolder: watch.add,
      ...shown.heard,
    });
    if (!json) io.out(`record    ${relative(io.cwd, outcome.folder) || "."}\n`);
    return { ...one, outcome, error: outcome.error };
  } catch (error) {
    return { ...one, error };
  }
}

function codeOf({ outcome, error, done }: Ended): number {
  if (error !== undefined) return isHilError(error) ? error.exitCode : EXIT.bench;
  const result = done?.result ?? outcome?.result;
  // Not begun: somebody gave up, or the first failure was enough.
  if (result === undefined) return EXIT.interrupted;
  return exitOf({ result });
}

/** A cell in a table. */
function textOf(end: Ended): string {
  const result = end.done?.result ?? end.outcome?.result;
  if (result === undefined) return end.error === undefined ? "not run" : "ERROR";
  const { outcome, cutsJudged, cutsPlanned, failed } = result;
  const again = end.done ? " *" : "";
  if (outcome === "fail") return `FAIL ${failed} of ${result.passed + failed}${again}`;
  return `${outcome.toUpperCase()} ${cutsJudged}/${cutsPlanned}${again}`;
}

function showEnd(matrix: MatrixFile, cells: readonly Cell[], ends: readonly Ended[], args: Parsed, io: CliIo): void {
  const boardNames = new Map(ends.map(({ cell, board }) => [cell.board, board]));
  const rows = cells.map((cell) => {
    const end = ends.find((one) => one.cell === cell);
    const board = boardNames.get(cell.board) ?? String(cell.board);
    return { ...cell, board, text: end ? textOf(end) : "skipped" };
  });
  io.out(`\n${matrix.value.name}\n${matrixTable(rows).join("\n")}\n`);
  if (ends.some(({ done }) => done)) io.out("* done before, not run again\n");
  for (const end of ends) {
    const result = end.outcome?.result;
    if (result && result.outcome !== "pass") io.out(`${cellTitle(end.cell)} on ${end.board}: ${verdictText(result)}\n`);
  }
  const left = ends.filter((end) => end.done === undefined && (end.error !== undefined || end.outcome === undefined));
  if (left.length === 0) return;
  const boards = args
    .texts("board")
    .map((name) => ` --board ${name}`)
    .join("");
  io.out(`resume    npx hil run ${args.positional[0] ?? ""}${boards} --resume: ${count(left.length, "cell")} to go\n`);
}

/** Cells that were done before are in the report as their record tells them. */
function junitEnd(
  end: Ended,
  runsRoot: string,
): readonly { readonly asked: RunAsked; readonly outcome?: RunOutcome; readonly error?: unknown }[] {
  const { asked, outcome, error, done } = end;
  if (done) {
    const folder = resolve(runsRoot, done.folder);
    const events = [...eventsIn(folder)].filter(({ event }) => event !== "upload-progress");
    return [{ asked, outcome: { result: done.result, folder, events, error: undefined } }];
  }
  if (outcome) return [{ asked, outcome }];
  return [{ asked, error: error ?? new ConfigurationError("this cell was not run.") }];
}

/** One document: no time of day, no host, no path. */
function documentOf(matrix: MatrixFile, cells: readonly Cell[], ends: readonly Ended[], runsRoot: string): unknown {
  const facts = ({ old, new: next, request }: Cell) => ({ old, new: next, request });
  return {
    schema: 1,
    matrix: matrix.value.name,
    cells: ends.map((end) => {
      const { cell, board, asked, outcome, done, error } = end;
      const verdicts = done && [...verdictsIn(resolve(runsRoot, done.folder))];
      const before = done && {
        scenario: asked.scenario.value.name,
        board,
        seed: asked.seed,
        result: done.result,
        verdicts,
      };
      const failure =
        error === undefined ? null : { kind: isHilError(error) ? error.kind : "unknown", text: messageOf(error) };
      return {
        ...facts(cell),
        board,
        resumed: done !== undefined,
        run: before ?? (outcome ? outcomeJson(asked, outcome) : null),
        error: failure,
      };
    }),
    skipped: cells.flatMap((cell) => (cell.skip === undefined ? [] : [{ ...facts(cell), because: cell.skip }])),
  };
}

/** What `--dry-run` shows: the cells in their order, and what that order saves. */
function showPlan(
  matrix: MatrixFile,
  cells: readonly Cell[],
  planned: readonly Planned[],
  boards: readonly MatrixBoard[],
  args: Parsed,
  io: CliIo,
): number {
  const asGiven = movedInAll(cells.filter(({ skip }) => skip === undefined).map(loadOf));
  const inOrder = planned.reduce((sum, { bytes }) => sum + bytes, 0);
  const skipped = cells.flatMap((cell) =>
    cell.skip === undefined
      ? []
      : [
          {
            old: cell.old,
            new: cell.new,
            request: cell.request,
            board: boards[cell.board]?.loaded.profile.name,
            because: cell.skip,
          },
        ],
  );
  if (args.flag("json")) {
    const rows = planned.map(({ cell, board, asked, bytes }) => {
      const cuts = asked.cuts?.length ?? asked.scenario.value.cuts.count ?? 0;
      return { old: cell.old, new: cell.new, request: cell.request, board, cuts, bytes };
    });
    const plan = { schema: 1, matrix: matrix.value.name, cells: rows, skipped, bytes: inOrder, bytesAsGiven: asGiven };
    io.out(`${JSON.stringify(plan, undefined, 2)}\n`);
    return EXIT.pass;
  }
  io.out(`${matrix.value.name}: a dry run, nothing moves; ${count(planned.length, "cell")}\n`);
  for (const [index, { cell, board, bytes }] of planned.entries()) {
    io.out(
      `${String(index + 1).padStart(4)}  ${cellTitle(cell)} on ${board}: ${grouped(bytes)} B before its first cut\n`,
    );
  }
  for (const row of skipped)
    io.out(`   -  ${row.old} to ${row.new}, ${row.request} on ${row.board}: left out, ${row.because}\n`);
  io.out(`upload    ${grouped(inOrder)} B between the cells; in the order of the file ${grouped(asGiven)} B\n`);
  return EXIT.pass;
}
