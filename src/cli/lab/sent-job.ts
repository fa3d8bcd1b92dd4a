import { writeFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { loadProfile } from "../../board/index.ts";
import { cellsOf, cellTitle, loadScenario, namedFiles, namedMatrix, type ScenarioFile } from "../../campaign/index.ts";
import { ConfigurationError, defined, isBelow, ScratchFolder, UsageError } from "../../core/index.ts";
import { type LabClient, localFile, type Submission, sendFiles, tagTest } from "../../lab/index.ts";
import { labelsOf } from "../run/labels.ts";
import type { OptionRows, Parsed } from "../terminal/arguments.ts";
import type { CliIo } from "../terminal/io.ts";

/** Of a job's name, in a lab. */
const NAME_CHARS_MAX = 80;

/** Options of a job. */
export const JOB_OPTIONS = {
  on: { type: "string", describe: "which board: tags with & | ! and (), like 'hardware & swap-move' (hil lab boards)" },
  priority: { type: "string", describe: "from -100 to 100; higher goes first", default: "0" },
  label: { type: "string", describe: "NAME=VALUE to find the run by, as in hil run (repeatable)" },
  seed: { type: "string", describe: "seed of everything that is drawn", default: "1" },
  cuts: { type: "string", describe: "spread this many cuts over the swap (default: the scenario's)" },
  "max-duration": { type: "string", describe: "make no new cut after this long: 90s, 10m, 2h" },
  "fail-fast": { type: "boolean", describe: "stop at the first verdict that fails" },
} as const satisfies OptionRows;

/**
 * A job of a scenario, with its files sent to the lab.
 * @throws UsageError, ConfigurationError for what the lab could not run; what the lab refuses.
 */
export async function sentJob(named: string, args: Parsed, lab: () => LabClient, io: CliIo): Promise<Submission> {
  if (await namedMatrix(named, io.cwd)) {
    const hint = "hil submit --matrix makes a job of each of its cells.";
    throw new UsageError(`${named} is a matrix: this wants one scenario.`, hint);
  }
  return sentScenario(await loadScenario(named, io.cwd), args, lab, io);
}

/** A job for each cell of a matrix, with their files sent. @throws as `sentJob`. */
export async function sentCells(
  named: string,
  args: Parsed,
  lab: () => LabClient,
  io: CliIo,
): Promise<readonly Submission[]> {
  const matrix = await namedMatrix(named, io.cwd);
  if (matrix === undefined) throw new UsageError(`${named} is no matrix.`, "See docs/scenario.md, matrix.");
  const layouts = await Promise.all(
    (matrix.value.matrix.boards ?? []).map(async (profile) => {
      const { name } = (await loadProfile(profile, { cwd: dirname(matrix.file) })).profile;
      return { names: [profile, name], on: name };
    }),
  );
  const boards = layouts.length > 0 ? layouts : [{ names: [], on: "" }];
  using scratch = new ScratchFolder("matrix");
  const jobs: Submission[] = [];
  for (const [at, cell] of cellsOf(matrix, boards).entries()) {
    if (cell.skip !== undefined) continue;
    // The cell's own scenario travels as a file that this host does not have: it lies beside the matrix there.
    const source = join(scratch.path, `cell-${at + 1}.yaml`);
    writeFileSync(source, cell.scenario.text);
    const scenario = { ...cell.scenario, file: join(dirname(resolve(matrix.file)), `cell-${at + 1}.yaml`) };
    const job = await sentScenario(scenario, args, lab, io, source);
    const on = [job.on, boards[cell.board]?.on].filter((tags) => tags !== undefined && tags !== "");
    const labels = { ...job.labels, matrix: matrix.value.name, cell: cellTitle(cell) };
    jobs.push({ ...job, labels, on: on.length === 2 ? `(${on[0]}) & ${on[1]}` : (on[0] ?? "") });
  }
  return jobs;
}

/** @param source where the scenario's text lies, if not where its paths start from. */
async function sentScenario(
  scenario: ScenarioFile,
  args: Parsed,
  lab: () => LabClient,
  io: CliIo,
  source = resolve(scenario.file),
): Promise<Submission> {
  const on = args.text("on") ?? "";
  tagTest(on);
  const { paths, scenarioPath } = bundlePaths(scenario);
  const files = await Promise.all(
    [...paths].map(([own, path]) => localFile(path === scenarioPath ? source : own, path)),
  );
  const options = {
    seed: args.whole("seed"),
    cuts: args.whole("cuts"),
    maxDuration: args.text("max-duration"),
    failFast: args.flag("fail-fast") || undefined,
  };
  const priority = args.whole("priority", { least: -100, most: 100 }) ?? 0;
  const labels = labelsOf(args.texts("label"), io.env);
  await sendFiles(lab(), files, io.signal);
  return {
    scenario: scenarioPath,
    name: scenario.value.name.slice(0, NAME_CHARS_MAX),
    files: files.map(({ path, bytes, sha256 }) => ({ path, bytes, sha256 })),
    ...{ on, priority, labels, options: defined(options) },
  };
}

/**
 * The files of a scenario as a bundle: below the folder that holds all of them, with the ways between them as they are.
 * @throws ConfigurationError for what no other host can find.
 */
function bundlePaths(scenario: ScenarioFile): {
  readonly paths: ReadonlyMap<string, string>;
  readonly scenarioPath: string;
} {
  const own = resolve(scenario.file);
  const hint = "Name the scenario's files by relative paths: they travel with it.";
  const named = namedFiles(scenario).map((path) => resolve(path));
  for (const path of named) {
    if (scenario.text.includes(path) || /^\s*\S*:?\s*["']?cache:/m.test(scenario.text)) {
      throw new ConfigurationError(`${scenario.file} names ${path} in a way that only this host knows.`, hint);
    }
  }
  let root = dirname(own);
  while (!named.every((path) => isBelow(path, root))) root = dirname(root);
  const pathOf = (path: string) => relative(root, path).split(sep).join("/");
  return { paths: new Map([own, ...named].map((path) => [path, pathOf(path)])), scenarioPath: pathOf(own) };
}
