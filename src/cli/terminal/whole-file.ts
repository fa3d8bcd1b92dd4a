import {
  closeSync,
  constants,
  existsSync,
  lstatSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import {
  BenchError,
  ConfigurationError,
  diskError,
  entryAt,
  type HilError,
  hasCode,
  isHilError,
  makeFolder,
  messageOf,
  readHead,
  UsageError,
} from "../../core/index.ts";
import { FORM_BYTES, mayReplace, OUTPUT_FORMS, type OutputForm } from "../../report/index.ts";

/** A file that a command writes for people and readers, each time whole. */
export class WholeFile {
  readonly #shown: string;
  readonly path: string;

  /**
   * @param file as it was named, which is how errors name it.
   * @param form what is written: a file that exists is replaced only if it is one of these, so that no profile,
   *   scenario, key or image is lost by a slip of the command line.
   * @throws UsageError for a file of a run's record, and for one of another form: what is written here replaces what
   *   was there.
   */
  constructor(file: string, cwd: string, form: OutputForm) {
    this.#shown = file;
    this.path = resolve(cwd, file);
    if (isOfRecord(this.path)) {
      throw new UsageError(`${file} is a part of a run's record, and would be lost.`, "Name another file.");
    }
    if (!mayReplace(form, headOf(this.path))) {
      const text = `${file} exists, is no ${OUTPUT_FORMS[form].called}, and would be lost.`;
      throw new UsageError(text, "Name another file, or delete this one.");
    }
  }

  /**
   * Writes the file, with its folder, in one step; what is no plain file (/dev/stdout, a pipe) is written as it is.
   * @param whose who answers for a path that cannot be written: who asked, or the bench. A full disk is the bench's.
   * @throws ConfigurationError or BenchError.
   */
  write(text: string, whose: "request" | "bench"): void {
    try {
      makeFolder(dirname(this.path));
      writeWhole(this.path, text);
    } catch (error) {
      throw this.#fault(error, whose);
    }
  }

  /**
   * Writes what a command has to say at its end. Returns what went wrong: what was run has ended all the same, and its
   * other outputs are still to be written.
   */
  writeAtEnd(text: () => string): HilError | undefined {
    try {
      this.write(text(), "bench");
      return undefined;
    } catch (error) {
      if (isHilError(error)) return error;
      throw error;
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

/** What a run writes for itself: docs/record.md. Pages and results may lie beside it. */
const RECORD_FILES = ["events.jsonl", "verdicts.jsonl", "smp.jsonl", "run.json", "replay.json", "host.json"];
const RECORD_FOLDERS = ["inputs", "uart"];

function isOfRecord(path: string): boolean {
  const folder = dirname(path);
  const isRecord = (root: string) => existsSync(join(root, "events.jsonl")) && existsSync(join(root, "run.json"));
  if (RECORD_FOLDERS.includes(basename(folder)) && isRecord(dirname(folder))) return true;
  return RECORD_FILES.includes(basename(path)) && isRecord(folder);
}

/** How a plain file begins; empty for what is none, or cannot be read: writing will say what is wrong with it. */
function headOf(path: string): Uint8Array {
  if (!entryAt(path)?.isFile()) return new Uint8Array();
  try {
    return readHead(path, FORM_BYTES);
  } catch {
    return new Uint8Array();
  }
}

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
