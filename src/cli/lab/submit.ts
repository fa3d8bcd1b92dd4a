import { dirname, isAbsolute, relative, resolve, sep } from "node:path";
import { loadScenario, namedFiles, namedMatrix, type ScenarioFile } from "../../campaign/index.ts";
import { ConfigurationError, defined, EXIT, type ExitCode, UsageError } from "../../core/index.ts";
import {
  type Job,
  type LabClient,
  localFile,
  OPEN_STATES,
  type Submission,
  sendFiles,
  tagTest,
} from "../../lab/index.ts";
import { labelsOf } from "../run/labels.ts";
import { type OptionRows, parseArguments } from "../terminal/arguments.ts";
import type { CliIo } from "../terminal/io.ts";
import { LAB_OPTIONS, labOf } from "./connection.ts";
import { jobText } from "./words.ts";

const OPTIONS = {
  on: { type: "string", describe: "which board: tags with & | ! and (), like 'hardware & swap-move' (hil lab boards)" },
  priority: { type: "string", describe: "from -100 to 100; higher goes first", default: "0" },
  label: { type: "string", describe: "NAME=VALUE to find the run by, as in hil run (repeatable)" },
  seed: { type: "string", describe: "seed of everything that is drawn", default: "1" },
  cuts: { type: "string", describe: "spread this many cuts over the swap (default: the scenario's)" },
  "max-duration": { type: "string", describe: "make no new cut after this long: 90s, 10m, 2h" },
  "fail-fast": { type: "boolean", describe: "stop at the first verdict that fails" },
  wait: { type: "boolean", describe: "until it has ended; its exit code is this command's" },
  ...LAB_OPTIONS,
} as const satisfies OptionRows;

/** How long one question waits at the lab, in seconds. */
const WAIT_S = 20;

/** `hil submit SCENARIO [--on 'tag & tag'] [--wait] …` */
export async function submitCommand(argv: readonly string[], io: CliIo): Promise<number> {
  const args = parseArguments(io, argv, "hil submit <scenario> [options]", OPTIONS, 1);
  if (!args) return EXIT.pass;
  const [named] = args.positional;
  if (named === undefined)
    throw new UsageError("hil submit wants a scenario.", "A YAML file, or one that ships with hil.");
  if (await namedMatrix(named, io.cwd)) {
    throw new UsageError(`${named} is a matrix: a lab takes scenarios.`, "Submit a scenario for each pair of builds.");
  }
  const on = args.text("on") ?? "";
  tagTest(on);
  const scenario = await loadScenario(named, io.cwd);
  const { paths, scenarioPath } = bundlePaths(scenario);
  const lab = labOf(args, io);
  const files = await Promise.all([...paths].map(([source, path]) => localFile(source, path)));
  await sendFiles(lab, files, io.signal);
  const options = {
    seed: args.whole("seed"),
    cuts: args.whole("cuts"),
    maxDuration: args.text("max-duration"),
    failFast: args.flag("fail-fast") || undefined,
  };
  const submission: Submission = {
    scenario: scenarioPath,
    name: scenario.value.name,
    files: files.map(({ path, bytes, sha256 }) => ({ path, bytes, sha256 })),
    on,
    priority: args.whole("priority", { least: -100, most: 100 }) ?? 0,
    labels: labelsOf(args.texts("label"), io.env),
    options: defined(options),
  };
  const job = await lab.call("submit", { body: submission, signal: io.signal });
  const isJson = args.flag("json");
  if (!args.flag("wait")) {
    io.out(isJson ? `${JSON.stringify(job, undefined, 2)}\n` : jobText(job));
    return EXIT.pass;
  }
  const ended = await untilOver(lab, job, (now) => isJson || io.out(jobText(now)), io.signal);
  if (isJson) io.out(`${JSON.stringify(ended, undefined, 2)}\n`);
  return EXIT_OF[ended.state] ?? EXIT.bench;
}

/** What the end of a job means to whoever waits for it. */
const EXIT_OF: Readonly<Partial<Record<Job["state"], ExitCode>>> = {
  passed: EXIT.pass,
  failed: EXIT.failed,
  refused: EXIT.request,
  cancelled: EXIT.interrupted,
  interrupted: EXIT.interrupted,
};

/** Follows a job to its end, and until its record is there, as far as it comes soon. */
async function untilOver(lab: LabClient, job: Job, tell: (job: Job) => unknown, signal: AbortSignal): Promise<Job> {
  let now = job;
  let told = "";
  for (;;) {
    const text = jobText(now);
    if (text !== told) tell(now);
    told = text;
    if (!OPEN_STATES.some((state) => state === now.state)) return now;
    const question = { path: { job: now.id }, query: { wait: WAIT_S }, signal };
    now = await lab.call("job", question);
  }
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
  const isInside = (path: string) => !relative(root, path).startsWith("..") && !isAbsolute(relative(root, path));
  while (!named.every(isInside)) root = dirname(root);
  const pathOf = (path: string) => relative(root, path).split(sep).join("/");
  return { paths: new Map([own, ...named].map((path) => [path, pathOf(path)])), scenarioPath: pathOf(own) };
}
