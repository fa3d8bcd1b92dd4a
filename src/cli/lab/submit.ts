import { randomUUID } from "node:crypto";
import { EXIT, type ExitCode, UsageError } from "../../core/index.ts";
import { BATCH_MAX, isOpen, type Job, type LabClient, type Submission } from "../../lab/index.ts";
import { worst } from "../run/boards.ts";
import { type OptionRows, parseArguments } from "../terminal/arguments.ts";
import type { CliIo } from "../terminal/io.ts";
import { LAB_OPTIONS, labOf } from "./connection.ts";
import { JOB_OPTIONS, sentCells, sentJob } from "./sent-job.ts";
import { jobText } from "./words.ts";

const OPTIONS = {
  ...JOB_OPTIONS,
  boards: { type: "string", describe: "a job on each of so many different boards that fit" },
  matrix: { type: "boolean", describe: "the scenario is a matrix: a job of each of its cells" },
  wait: { type: "boolean", describe: "until it has ended; its exit code is this command's, the worst of several" },
  ...LAB_OPTIONS,
} as const satisfies OptionRows;

/** How long one question waits at the lab, in seconds. */
const WAIT_S = 20;

/** `hil submit SCENARIO [--on 'tag & tag'] [--boards N] [--matrix] [--wait] …` */
export async function submitCommand(argv: readonly string[], io: CliIo): Promise<number> {
  const args = parseArguments(io, argv, "hil submit <scenario> [options]", OPTIONS, 1);
  if (!args) return EXIT.pass;
  const [named] = args.positional;
  if (named === undefined)
    throw new UsageError("hil submit wants a scenario.", "A YAML file, or one that ships with hil.");
  const count = args.whole("boards", { least: 1, most: BATCH_MAX });
  // What is wrong with the scenario is told first, also where there is no lab.
  let known: LabClient | undefined;
  const asked = () => (known ??= labOf(args, io));
  const bodies = args.flag("matrix")
    ? await sentCells(named, args, asked, io)
    : [await sentJob(named, args, asked, io)];
  const lab = asked();
  const jobs: Job[] = [];
  for (const body of bodies.flatMap((one) => onBoards(one, count))) {
    jobs.push(await lab.call("submit", { body, signal: io.signal }));
  }
  const isJson = args.flag("json");
  const tell = (now: Job) => isJson || io.out(jobText(now));
  const ends = args.flag("wait") ? await Promise.all(jobs.map((job) => untilOver(lab, job, tell, io.signal))) : jobs;
  if (isJson) {
    const isOne = count === undefined && !args.flag("matrix");
    io.out(`${JSON.stringify(isOne ? ends[0] : ends, undefined, 2)}\n`);
  }
  if (args.flag("wait")) return worst(ends.map(({ state }) => EXIT_OF[state] ?? EXIT.bench));
  if (!isJson) for (const job of jobs) io.out(jobText(job));
  return EXIT.pass;
}

/** A job for each of so many different boards; the job itself where no number is asked for. */
function onBoards(job: Submission, count: number | undefined): readonly Submission[] {
  if (count === undefined) return [job];
  const id = randomUUID();
  return Array.from({ length: count }, (_, at) => ({ ...job, batch: { id, number: at + 1, of: count } }));
}

/** What the end of a job means to whoever waits for it. */
const EXIT_OF: Readonly<Partial<Record<Job["state"], ExitCode>>> = {
  passed: EXIT.pass,
  failed: EXIT.failed,
  refused: EXIT.request,
  cancelled: EXIT.interrupted,
  interrupted: EXIT.interrupted,
};

/** Follows a job to its end. */
async function untilOver(lab: LabClient, job: Job, tell: (job: Job) => unknown, signal: AbortSignal): Promise<Job> {
  let now = job;
  let told = "";
  for (;;) {
    const text = jobText(now);
    if (text !== told) tell(now);
    told = text;
    if (!isOpen(now.state)) return now;
    now = await lab.call("job", { path: { job: now.id }, query: { wait: WAIT_S }, signal });
  }
}
