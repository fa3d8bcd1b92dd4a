import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Clock, EXIT, isRunning, parseJson, processStart, sleep, whenAborted, within } from "../../core/index.ts";
import type { AttemptEnd, AttemptFolder } from "./attempt-folder.ts";

/** A run that is told to stop leaves its bench safe in this time, in milliseconds; then it is killed. */
const STOP_MS = 60_000;
/** How often a process that is not ours is looked at, in milliseconds. */
const LOOK_MS = 500;
/** Of what a run printed, for how it ended. */
const TEXT_CHARS_MAX = 1_500;
const LOG_BYTES_MAX = 1024 * 1024;

/** Variables that a run does not need, and whoever reads its record must not have. */
const WITHHELD = ["HIL_LAB_TOKEN"] as const;

interface RunOptions {
  /** This program: what stands before the arguments of `hil`. */
  readonly program: readonly [string, ...string[]];
  /** The board's profile, of this host. */
  readonly profile: string;
  readonly clock: Clock;
  /** Tells the run to stop: bench safe, exit 4. */
  readonly stop: AbortSignal;
}

/** Runs an attempt as `hil run`, in a process of its own that outlives this one. Returns how it ended. */
export async function runAttempt(folder: AttemptFolder, options: RunOptions): Promise<AttemptEnd> {
  const { program, profile, clock, stop } = options;
  const [command, ...before] = program;
  const out = openSync(join(folder.path, "out.log"), "a", 0o600);
  const err = openSync(join(folder.path, "err.log"), "a", 0o600);
  try {
    const env = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !WITHHELD.some((row) => row === name)),
    );
    // A group of its own: Ctrl-C of this agent's terminal is not the run's.
    const child = spawn(command, [...before, ...argumentsOf(folder, profile)], {
      cwd: folder.path,
      env,
      detached: true,
      stdio: ["ignore", out, err],
    });
    const ended = new Promise<number | null>((resolve) => {
      child.once("error", () => resolve(null));
      child.once("close", (code) => resolve(code ?? EXIT.bench));
    });
    const { pid } = child;
    if (pid !== undefined) {
      folder.child = { pid, started: processStart(pid) ?? null };
      void stopWhenTold(pid, ended, clock, stop);
    }
    return endOfRun(folder, await ended);
  } finally {
    closeSync(out);
    closeSync(err);
  }
}

/** Waits for the run of an agent that died; its record says how it ended. */
export async function adoptAttempt(folder: AttemptFolder, clock: Clock, stop: AbortSignal): Promise<AttemptEnd> {
  const mark = folder.child;
  if (mark === undefined) return { exit: null, text: "its agent died before it ran" };
  const isAlive = () => isRunning(mark.pid, mark.started ?? undefined);
  const ended = (async () => {
    while (isAlive()) await sleep(clock, LOOK_MS);
    return null;
  })();
  void stopWhenTold(mark.pid, ended, clock, stop);
  await ended;
  return endOfRun(folder, recordedExit(folder));
}

async function stopWhenTold(pid: number, ended: Promise<unknown>, clock: Clock, stop: AbortSignal): Promise<void> {
  const isOver = await Promise.race([ended.then(() => true), whenAborted(stop).then(() => false)]);
  if (isOver) return;
  signalTo(pid, "SIGTERM");
  await within(clock, STOP_MS, `the end of process ${pid}`, () => ended).catch(() => signalTo(pid, "SIGKILL"));
}

function signalTo(pid: number, signal: "SIGTERM" | "SIGKILL"): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended meanwhile.
  }
}

function argumentsOf({ inputs, runs, given }: AttemptFolder, profile: string): readonly string[] {
  const { options, labels, scenario, job } = given;
  const option = (name: string, value: string | number | undefined) =>
    value === undefined ? [] : [`--${name}`, String(value)];
  return [
    ...["run", join(inputs, scenario), "--board", profile, "--runs", runs],
    ...option("seed", options.seed),
    ...option("cuts", options.cuts),
    ...option("max-duration", options.maxDuration),
    ...(options.failFast === true ? ["--fail-fast"] : []),
    ...Object.entries(labels).flatMap(([name, value]) => ["--label", `${name}=${value}`]),
    ...["--label", `job=${job}`],
  ];
}

/** The exit code that a record stands for, where nobody saw it. */
function recordedExit(folder: AttemptFolder): number | null {
  const record = folder.record;
  const file = record && join(record.path, "run.json");
  if (file === undefined || !existsSync(file)) return null;
  try {
    const run = parseJson(readFileSync(file, "utf8")) as { readonly result?: { readonly outcome?: string } | null };
    return EXIT_OF_OUTCOME[run.result?.outcome ?? ""] ?? null;
  } catch {
    return null;
  }
}

const EXIT_OF_OUTCOME: Readonly<Record<string, number>> = {
  pass: EXIT.pass,
  fail: EXIT.failed,
  incomplete: EXIT.bench,
  error: EXIT.bench,
  interrupted: EXIT.interrupted,
};

/** The verdict's line, or what `hil` complained of last. */
function endOfRun(folder: AttemptFolder, exit: number | null): AttemptEnd {
  if (exit === null) return { exit, text: "its process died: its record is what it had written" };
  const verdict = /^verdict\s+(.*)$/m.exec(logOf(folder, "out.log"))?.[1];
  const complaint = logOf(folder, "err.log")
    .split(/^hil: /m)
    .at(-1)
    ?.trim();
  const text = exit === EXIT.pass || exit === EXIT.failed ? (verdict ?? complaint) : (complaint ?? verdict);
  return { exit, text: oneLine(text ?? "") };
}

function logOf({ path }: AttemptFolder, name: string): string {
  const file = join(path, name);
  return existsSync(file) ? readFileSync(file).subarray(-LOG_BYTES_MAX).toString("utf8") : "";
}

const oneLine = (text: string) =>
  text
    .replaceAll(/[\p{Cc}\s]+/gu, " ")
    .trim()
    .slice(0, TEXT_CHARS_MAX);
