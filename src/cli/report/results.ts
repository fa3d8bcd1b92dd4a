import { accessSync, appendFileSync, constants, lstatSync, rmSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import {
  BenchError,
  ConfigurationError,
  entryAt,
  type HilError,
  isHilError,
  makeFolder,
  messageOf,
  nearest,
  UsageError,
} from "../../core/index.ts";
import {
  RESULT_FORMATS,
  type ResultFormat,
  type ResultRun,
  type RunPage,
  STEP_SUMMARY_BYTES_MAX,
  toldRun,
} from "../../report/index.ts";
import type { OptionRows, Parsed } from "../terminal/arguments.ts";
import type { CliIo } from "../terminal/io.ts";
import { ownVersion } from "../terminal/version.ts";
import { WholeFile } from "../terminal/whole-file.ts";
import { modelLayer } from "./model-layer.ts";
import { pageCode } from "./page-code.ts";

const NAMES = RESULT_FORMATS.map(({ name }) => name);

/** The option of every command that ends with a recorded run. */
export const WRITE_OPTION = {
  write: {
    type: "string",
    describe: `NAME[=FILE]: also write the results as ${NAMES.join(", ")} (repeatable; docs/ci.md)`,
  },
} as const satisfies OptionRows;

interface Wanted {
  readonly format: ResultFormat;
  /** A file or folder; appended to where nothing was said and the server names a file for it. */
  readonly target: string;
  readonly appends: boolean;
}

interface Told {
  readonly json: boolean;
  readonly models: ReadonlyMap<string, RunPage["model"]>;
}

/** The results that `--write` asks for: looked at before a run, written after it from its record. */
export class Results {
  readonly #wanted: readonly Wanted[];
  readonly #io: CliIo;

  /**
   * What an earlier run left there is removed: a run that is killed leaves no old result.
   * @throws UsageError for a form that there is none of; ConfigurationError for a place that cannot be written
   *   to: before anything is run.
   */
  constructor(args: Parsed, io: CliIo) {
    this.#io = io;
    this.#wanted = wantedResults(args, io);
    for (const wanted of this.#wanted) prepare(wanted, io.cwd);
  }

  get some(): boolean {
    return this.#wanted.length > 0;
  }

  /** Writes them of these records. Returns what went wrong: the runs have ended all the same. */
  async end(runs: readonly ResultRun[], { json }: { readonly json: boolean }): Promise<readonly HilError[]> {
    if (runs.length === 0) return [];
    const models = new Map<string, RunPage["model"]>();
    if (this.#wanted.some(({ format }) => format.form === "html")) {
      for (const { path } of runs) models.set(path, await modelLayer(path, this.#io.cwd));
    }
    return this.#wanted.flatMap((wanted) => {
      try {
        this.#write(wanted, runs, { json, models });
        return [];
      } catch (error) {
        if (isHilError(error)) return [error];
        throw error;
      }
    });
  }

  #write({ format, target, appends }: Wanted, runs: readonly ResultRun[], { json, models }: Told): void {
    const io = this.#io;
    const roomBytes = appends ? STEP_SUMMARY_BYTES_MAX - bytesOf(target) : undefined;
    const files = format.write(runs, { hil: ownVersion(), pageCode, roomBytes, models });
    for (const { name, text } of files) {
      if (appends) append(target, text);
      else new WholeFile(name === "" ? target : join(target, name), io.cwd, format.form).write(text, "bench");
    }
    // A server reads its commands on both streams.
    const say = (line: string) => (json ? io.err(line) : io.out(line));
    for (const line of format.lines?.(runs) ?? []) say(`${line}\n`);
    const shown = appends ? format.file : relative(io.cwd, resolve(io.cwd, target)) || ".";
    if (!json) io.out(`written   ${format.name}: ${shown}\n`);
  }
}

/**
 * What `--write` asks for; touches nothing.
 * @throws UsageError for a form that there is none of, and for two in one file.
 */
export function wantedResults(args: Parsed, io: CliIo): readonly Wanted[] {
  const wanted = args.texts("write").map((text) => wantedOf(text, io));
  requireOwnTargets(args, wanted, io.cwd);
  return wanted;
}

/** Records as results are made of them. A folder that is no record is left out: what a run threw said so. */
export function resultRuns(folders: readonly string[], cwd: string): readonly ResultRun[] {
  return folders.map((folder) => {
    const path = resolve(cwd, folder);
    return { told: toldRun(relative(cwd, path) || ".", path), path };
  });
}

function wantedOf(text: string, io: CliIo): Wanted {
  const at = text.indexOf("=");
  const name = at === -1 ? text : text.slice(0, at);
  const format = RESULT_FORMATS.find((row) => row.name === name);
  if (format === undefined) {
    const near = nearest(name, NAMES);
    const hint = near === undefined ? `There are ${NAMES.join(", ")}.` : `Did you mean ${near}?`;
    throw new UsageError(`--write knows no results called "${name.slice(0, 80)}".`, hint);
  }
  if (at !== -1) {
    const target = text.slice(at + 1);
    if (target === "") throw new UsageError(`--write ${name}= names no file.`, `Without "=", it is ${format.file}.`);
    return { format, target, appends: false };
  }
  if (format.variable === undefined) return { format, target: format.file, appends: false };
  const target = io.env[format.variable];
  if (target !== undefined && target !== "") return { format, target, appends: true };
  const hint = `The server sets it in a step; elsewhere name a file: --write ${name}=summary.md.`;
  throw new UsageError(`--write ${name}: ${format.variable} is not set.`, hint);
}

/** Options of the commands that write one of the forms, too. */
const OTHER_OUTPUTS = [
  { option: "output", name: "html" },
  { option: "report", name: "html" },
  { option: "junit", name: "junit" },
] as const;

/** Two forms in one file: the later one would replace the earlier, and both be said to be written. */
function requireOwnTargets(args: Parsed, wanted: readonly Wanted[], cwd: string): void {
  const nameAt = new Map<string, string>();
  const others = OTHER_OUTPUTS.flatMap(({ option, name }) => args.texts(option).map((target) => ({ target, name })));
  const asked = wanted.filter(({ appends }) => !appends).map(({ format, target }) => ({ target, name: format.name }));
  for (const { target, name } of [...others, ...asked]) {
    const path = resolve(cwd, target);
    const found = entryAt(path);
    // A terminal or a pipe takes one after the other.
    if (found !== undefined && !found.isFile() && !found.isDirectory()) continue;
    const before = nameAt.get(path) ?? name;
    if (before !== name) {
      throw new UsageError(`${before} and ${name} would both be written to ${target}.`, "Name a file for each.");
    }
    nameAt.set(path, name);
  }
}

function prepare({ format, target, appends }: Wanted, cwd: string): void {
  const { path } = new WholeFile(target, cwd, appends ? "any" : format.form);
  const there = entryAt(path);
  if (format.isFolder && there !== undefined && !there.isDirectory())
    throw new UsageError(`--write ${format.name}: ${target} is a file.`, "Name a folder.");
  try {
    makeFolder(format.isFolder ? path : dirname(path));
    accessSync(format.isFolder ? path : dirname(path), constants.W_OK);
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (!format.isFolder && found?.isDirectory())
      throw new UsageError(`--write ${format.name}: ${target} is a folder.`, "Name a file.");
    if (!format.isFolder && !appends && found?.isFile()) rmSync(path);
  } catch (error) {
    if (isHilError(error)) throw error;
    throw new ConfigurationError(`cannot write ${target}: ${messageOf(error)}.`, "", { cause: error });
  }
}

function bytesOf(path: string): number {
  return entryAt(path)?.size ?? 0;
}

function append(path: string, text: string): void {
  try {
    appendFileSync(path, text);
  } catch (error) {
    throw new BenchError(`cannot write ${path}: ${messageOf(error)}.`, "", { cause: error });
  }
}
