import { dirname, relative, resolve, sep } from "node:path";
import { loadScenario, namedFiles, namedMatrix, type ScenarioFile } from "../../campaign/index.ts";
import { ConfigurationError, defined, isBelow, UsageError } from "../../core/index.ts";
import { type LabClient, localFile, type Submission, sendFiles, tagTest } from "../../lab/index.ts";
import { labelsOf } from "../run/labels.ts";
import type { OptionRows, Parsed } from "../terminal/arguments.ts";
import type { CliIo } from "../terminal/io.ts";

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
    throw new UsageError(`${named} is a matrix: a lab takes scenarios.`, "Submit a scenario for each pair of builds.");
  }
  const on = args.text("on") ?? "";
  tagTest(on);
  const scenario = await loadScenario(named, io.cwd);
  const { paths, scenarioPath } = bundlePaths(scenario);
  const files = await Promise.all([...paths].map(([source, path]) => localFile(source, path)));
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
    name: scenario.value.name,
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
