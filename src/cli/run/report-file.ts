import {
  closeSync,
  constants,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, extname, join, resolve } from "node:path";
import type { RunEvent, RunOutcome } from "../../campaign/index.ts";
import {
  BenchError,
  ConfigurationError,
  diskError,
  type HilError,
  hasCode,
  isHilError,
  makeFolder,
  messageOf,
} from "../../core/index.ts";
import { junit, suiteNames } from "../../report/index.ts";
import type { RunAsked } from "./asked.ts";

/** How a run went that was asked for: its outcome, or what it threw before it had a record. */
interface RunEnd {
  readonly asked: RunAsked;
  readonly outcome?: RunOutcome;
  readonly error?: unknown;
}

/** Neighbours of a report that are looked into, and how long they may be. */
const NEIGHBOURS_MAX = 200;
const NEIGHBOUR_BYTES_MAX = 16 * 1024 * 1024;

/**
 * The JUnit file of a command. It is written before the run (so that a path that cannot be written is found at once,
 * and a run that is killed has a report that says so) and after it, each time whole.
 */
export class JunitFile {
  readonly #shown: string;
  readonly #path: string;
  readonly #taken: ReadonlySet<string>;

  /** @throws ConfigurationError when the file cannot be written; BenchError when the disk is full. */
  constructor(file: string, cwd: string, planned: readonly RunAsked[]) {
    this.#shown = file;
    this.#path = resolve(cwd, file);
    this.#taken = namesBeside(this.#path);
    const begun = planned.map((asked): RunEvent[] => [startedOf(asked)]);
    try {
      makeFolder(dirname(this.#path));
      writeWhole(this.#path, junit(begun, this.#taken));
    } catch (error) {
      throw this.#fault(error, "request");
    }
  }

  /** Returns what went wrong: the run has ended all the same, and its other outputs are still to be written. */
  end(ends: readonly RunEnd[]): HilError | undefined {
    const runs = ends.map(({ asked, outcome, error }) => outcome?.events ?? [startedOf(asked), failureOf(error)]);
    try {
      writeWhole(this.#path, junit(runs, this.#taken));
      return undefined;
    } catch (error) {
      return this.#fault(error, "bench");
    }
  }

  #fault(error: unknown, whose: "request" | "bench"): HilError {
    const doing = `cannot write ${this.#shown}`;
    const isFull = ["ENOSPC", "EDQUOT", "EIO"].some((code) => hasCode(error, code));
    const known = diskError(error, doing);
    if (whose === "bench" || isFull)
      return known ?? new BenchError(`${doing}: ${messageOf(error)}.`, "", { cause: error });
    const text = known?.message ?? `${doing}: ${messageOf(error)}.`;
    return new ConfigurationError(text, known?.hint ?? "", { cause: error });
  }
}

function startedOf({ scenario, board, seed }: RunAsked): RunEvent {
  const { name } = board.profile;
  return { atUs: 0, event: "run-started", scenario: scenario.value.name, board: name, profile: name, seed };
}

function failureOf(error: unknown): RunEvent {
  return { atUs: 0, event: "failure", kind: isHilError(error) ? error.kind : "unknown", text: messageOf(error) };
}

/** Writes a file in one step; what is no plain file (/dev/stdout, a pipe) is written as it is. */
function writeWhole(path: string, text: string): void {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  const target = stat?.isSymbolicLink() && statSync(path, { throwIfNoEntry: false }) ? realpathSync(path) : path;
  const found = stat && statSync(target, { throwIfNoEntry: false });
  if (stat !== undefined && !found?.isFile()) {
    // ENXIO for a pipe that nobody reads: to open it for writing alone would wait for good, deaf to Ctrl-C.
    const reader = found?.isFIFO() ? openSync(target, constants.O_WRONLY | constants.O_NONBLOCK) : undefined;
    try {
      writeFileSync(target, text);
    } finally {
      if (reader !== undefined) closeSync(reader);
    }
    return;
  }
  const fresh = `${target}.${process.pid}.new`;
  try {
    writeFileSync(fresh, text, { flag: "wx" });
    renameSync(fresh, target);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw error;
  }
}

/** Suites in the other reports of the folder: two runs of one scenario and board are to stay two. */
function namesBeside(path: string): ReadonlySet<string> {
  const folder = dirname(path);
  try {
    const files = readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile() && extname(entry.name) === ".xml" && entry.name !== basename(path))
      .map(({ name }) => join(folder, name))
      .toSorted()
      .slice(0, NEIGHBOURS_MAX);
    const readable = files.filter((file) => statSync(file).size <= NEIGHBOUR_BYTES_MAX);
    return new Set(readable.flatMap((file) => suiteNames(readFileSync(file, "utf8"))));
  } catch {
    // Whatever lies there and cannot be read has no names for us; if it is the folder, writing will say so.
    return new Set();
  }
}
