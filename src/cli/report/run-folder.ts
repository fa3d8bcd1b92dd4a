import { resolve } from "node:path";
import { ConfigurationError, entryAt } from "../../core/index.ts";
import type { CliIo } from "../terminal/io.ts";

/** @throws ConfigurationError for what is no folder. */
export function requireRunFolder(folder: string, io: CliIo): void {
  const found = entryAt(resolve(io.cwd, folder));
  if (found?.isDirectory()) return;
  const what = found === undefined ? "is not there" : "is a file";
  throw new ConfigurationError(`${folder} ${what}.`, "Name the folder of a run, e.g. runs/2026-11-30T02-10-07-1a2b.");
}
