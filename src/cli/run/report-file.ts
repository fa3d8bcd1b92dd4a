import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import type { RunEvent, RunOutcome } from "../../campaign/index.ts";
import { type HilError, isHilError, messageOf } from "../../core/index.ts";
import { junit, suiteNames } from "../../report/index.ts";
import { WholeFile } from "../terminal/whole-file.ts";
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
  readonly #file: WholeFile;
  readonly #taken: ReadonlySet<string>;

  /** @throws ConfigurationError when the file cannot be written; BenchError when the disk is full. */
  constructor(file: string, cwd: string, planned: readonly RunAsked[]) {
    this.#file = new WholeFile(file, cwd, "junit");
    this.#taken = namesBeside(this.#file.path);
    const begun = planned.map((asked): RunEvent[] => [startedOf(asked)]);
    this.#file.write(junit(begun, this.#taken), "request");
  }

  /** Returns what went wrong: the run has ended all the same, and its other outputs are still to be written. */
  end(ends: readonly RunEnd[]): HilError | undefined {
    const runs = ends.map(({ asked, outcome, error }) => outcome?.events ?? [startedOf(asked), failureOf(error)]);
    return this.#file.writeAtEnd(() => junit(runs, this.#taken));
  }
}

function startedOf({ scenario, board, seed }: RunAsked): RunEvent {
  const { name } = board.profile;
  return { atUs: 0, event: "run-started", scenario: scenario.value.name, board: name, profile: name, seed };
}

function failureOf(error: unknown): RunEvent {
  return { atUs: 0, event: "failure", kind: isHilError(error) ? error.kind : "unknown", text: messageOf(error) };
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
