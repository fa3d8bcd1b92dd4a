import { relative, resolve } from "node:path";
import { ConfigurationError, terminalText } from "../../core/index.ts";
import { count, type RunsFound, runsIn } from "../../report/index.ts";
import type { CliIo } from "../terminal/io.ts";

/** Folders that are passed over, and told by name. */
const NAMED_MAX = 20;

/**
 * The runs of a folder of records that a command is about. What could not be read, and what has not ended, is said on
 * standard error.
 * @param folder as it was named.
 * @throws ConfigurationError when there is no such folder, or no run in it that has ended: a night that looks into the
 *   wrong folder must not be green.
 */
export function foundRuns(folder: string, io: CliIo): RunsFound {
  const found = runsIn(resolve(io.cwd, folder));
  const { lines, unfinished, unread } = found;
  for (const { id, why } of unread.slice(0, NAMED_MAX)) io.err(`hil: ${shown(folder, id)} is passed over: ${why}\n`);
  if (unread.length > NAMED_MAX) io.err(`hil: ${unread.length} folders in all are passed over\n`);
  if (unfinished.length > 0) io.err(`hil: ${unfinishedText(folder, unfinished)}\n`);
  if (lines.length > 0) return found;
  const others = [
    ...(unfinished.length > 0 ? [`${count(unfinished.length, "run")} in it did not end`] : []),
    ...(unread.length > 0 ? [`${count(unread.length, "folder")} in it cannot be read as a record`] : []),
  ];
  const why = others.length === 0 ? "it has no folder" : others.join(", and ");
  const text = `no run that has ended is recorded in ${relative(io.cwd, resolve(io.cwd, folder)) || "."}: ${why}.`;
  throw new ConfigurationError(
    text,
    "Name the folder that holds a folder with events.jsonl for each run, as hil run --runs DIR has made it.",
  );
}

function unfinishedText(folder: string, ids: readonly string[]): string {
  const names = ids.slice(0, NAMED_MAX).map((id) => shown(folder, id));
  const more = ids.length > NAMED_MAX ? `, and ${ids.length - NAMED_MAX} more` : "";
  const what = ids.length === 1 ? "has not ended, or was killed" : "have not ended, or were killed";
  return `${names.join(", ")}${more} ${what}: passed over`;
}

function shown(folder: string, id: string): string {
  return terminalText(`${folder.replace(/\/+$/, "")}/${id}`);
}
