import { EXIT, type ExitCode, UsageError } from "../../core/index.ts";
import { isOpen, type Job, type LabClient } from "../../lab/index.ts";
import { type OptionRows, parseArguments } from "../terminal/arguments.ts";
import type { CliIo } from "../terminal/io.ts";
import { LAB_OPTIONS, labOf } from "./connection.ts";
import { JOB_OPTIONS, sentJob } from "./sent-job.ts";
import { jobText } from "./words.ts";

const OPTIONS = {
  ...JOB_OPTIONS,
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
  const body = await sentJob(named, args, () => labOf(args, io), io);
  const lab = labOf(args, io);
  const job = await lab.call("submit", { body, signal: io.signal });
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
