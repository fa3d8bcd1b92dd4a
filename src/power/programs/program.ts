import { type ChildProcess, spawn } from "node:child_process";
import { BenchError, type Clock, isKind, messageOf, sleep, within } from "../../core/index.ts";

/** Output that is kept, in characters, from the end. */
const OUTPUT_CHARACTERS_MAX = 65_536;

export interface ProgramResult {
  readonly program: string;
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  readonly signalName: NodeJS.Signals | null;
  /** What it wrote to both outputs, in the order it came. */
  readonly output: string;
}

const HINT = "Raise power.timeout_ms, or see why the program hangs.";

/**
 * Runs a program, named in full by `what`, without a shell and waits for its end. On a timeout or an abort its whole
 * process group gets SIGTERM, and SIGKILL `killAfterMs` later; nothing of it outlives the call.
 * @throws BenchError when it cannot be started or does not end within `timeoutMs`; the signal's reason.
 */
export async function runProgram(
  argv: readonly string[],
  options: {
    readonly what: string;
    readonly clock: Clock;
    readonly folder: string | undefined;
    readonly timeoutMs: number;
    readonly killAfterMs: number;
    readonly signal: AbortSignal | undefined;
    /** What to do when it does not end in time. */
    readonly hint?: string;
    /** Environment of the program; default: this process's. */
    readonly env?: Readonly<Record<string, string | undefined>>;
    /** Told each piece of its output as it comes. */
    readonly onOutput?: (text: string) => void;
  },
): Promise<ProgramResult> {
  const { what, clock, folder, timeoutMs, killAfterMs, signal, hint = HINT, env, onOutput } = options;
  const [program = "", ...words] = argv;
  signal?.throwIfAborted();
  const child = spawn(program, words, {
    cwd: folder,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    ...(env && { env }),
  });
  const ended = endOf(child, program, onOutput);
  try {
    return await within(clock, timeoutMs, what, () => ended, { signal });
  } catch (error) {
    if (child.pid !== undefined) await killed(child, ended, clock, killAfterMs);
    if (signal?.aborted || !isKind(error, "timeout")) throw error;
    throw new BenchError(messageOf(error), hint, { cause: error });
  }
}

function endOf(child: ChildProcess, program: string, onOutput?: (text: string) => void): Promise<ProgramResult> {
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8");
    stream?.on("data", (text: string) => {
      output = (output + text).slice(-OUTPUT_CHARACTERS_MAX);
      onOutput?.(text);
    });
  }
  return new Promise((resolve, reject) => {
    child.once("error", (error) => {
      const hint = "Check the path; a relative one starts at the profile's folder.";
      reject(new BenchError(`cannot run ${program}: ${messageOf(error)}.`, hint, { cause: error }));
    });
    child.once("close", (exitCode, signalName) => resolve({ program, exitCode, signalName, output }));
  });
}

async function killed(child: ChildProcess, ended: Promise<unknown>, clock: Clock, killAfterMs: number): Promise<void> {
  const over = ended.catch(() => {});
  const patience = new AbortController();
  signalGroup(child, "SIGTERM");
  const harder = sleep(clock, killAfterMs, patience.signal).then(
    () => {
      signalGroup(child, "SIGKILL");
      // A grandchild that left the group may still hold the pipes; nobody waits for it.
      child.stdout?.destroy();
      child.stderr?.destroy();
    },
    () => {},
  );
  await over;
  patience.abort();
  await harder;
}

function signalGroup(child: ChildProcess, name: NodeJS.Signals): void {
  try {
    process.kill(-(child.pid ?? 0), name);
  } catch {
    // The group has ended by itself.
  }
}
