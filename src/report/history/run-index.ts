import { closeSync, constants, openSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigurationError, eachLine, hasCode, isHilError, messageOf } from "../../core/index.ts";
import { toldRun } from "../page/recorded-run.ts";
import { type RunLine, readRunLine, runLine } from "./run-line.ts";

/** Beside the records: a line a run. The records are the truth; the file may be deleted at any time. */
const INDEX = "index.jsonl";
/** The folder may be a stranger's: a link in place of the index leads to a file that is not ours to write to. */
const APPENDED =
  constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;
/** Lines that are written together: a program that is killed loses no more than these, and makes them again. */
const KEPT_AT_ONCE = 200;

/** The runs of a folder of records, oldest first, and the folders that are no record that can be read. */
export interface RunsFound {
  readonly lines: readonly RunLine[];
  /** Of runs that go on, or were killed. */
  readonly unfinished: readonly string[];
  readonly unread: readonly { readonly id: string; readonly why: string }[];
}

/**
 * Reads the index of a folder of records, and brings it up to date: a run without a line gets one from its record. Two
 * programs may do so at once: a line that is there twice counts once.
 * @throws ConfigurationError when there is no such folder.
 */
export function runsIn(root: string): RunsFound {
  const folders = foldersIn(root);
  const known = indexIn(root);
  const unfinished: string[] = [];
  const unread: { id: string; why: string }[] = [];
  let fresh: RunLine[] = [];
  for (const id of folders) {
    if (known.has(id)) continue;
    try {
      const line = runLine(toldRun(join(root, id), join(root, id), { verdictsOnly: true }));
      if (line === undefined) unfinished.push(id);
      else known.set(id, line);
      if (line !== undefined) fresh.push(line);
      if (fresh.length >= KEPT_AT_ONCE) fresh = kept(root, fresh);
    } catch (error) {
      if (!isHilError(error)) throw error;
      unread.push({ id, why: messageOf(error) });
    }
  }
  kept(root, fresh);
  const lines = folders.flatMap((id) => known.get(id) ?? []);
  const key = ({ began, id }: RunLine) => `${began === "" ? id : began} ${id}`;
  return { lines: lines.toSorted((a, b) => (key(a) < key(b) ? -1 : 1)), unfinished, unread };
}

/** Adds lines to the index; none of them is left to be added. */
function kept(root: string, lines: readonly RunLine[]): RunLine[] {
  if (lines.length === 0) return [];
  try {
    const file = openSync(join(root, INDEX), APPENDED);
    try {
      // All of it: one write may take a part.
      writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    } finally {
      closeSync(file);
    }
  } catch {
    // A folder that cannot be written to (a CI artefact, another user's) is read all the same, only not so fast.
  }
  return [];
}

function indexIn(root: string): Map<string, RunLine> {
  const known = new Map<string, RunLine>();
  try {
    eachLine(join(root, INDEX), (text) => {
      const line = text === "" ? undefined : readRunLine(text);
      if (line !== undefined) known.set(line.id, line);
    });
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
  }
  return known;
}

function foldersIn(root: string): readonly string[] {
  try {
    const entries = readdirSync(root, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .toSorted();
  } catch (error) {
    const hint = "Name the folder that holds the records of runs: --runs DIR.";
    throw new ConfigurationError(`${root}: ${messageOf(error)}.`, hint, { cause: error });
  }
}
