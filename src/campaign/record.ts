import { randomBytes } from "node:crypto";
import { closeSync, mkdirSync, openSync, renameSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { ConfigurationError, hasCode, Listeners, makeFolder, messageOf, wallTime } from "../core/index.ts";
import { CURRENT_HEADER, CurrentBins } from "./current-bins.ts";
import type { RunEvent } from "./run-event.ts";
import type { CurrentSamples } from "./trigger-current.ts";

export const RECORD_SCHEMA = 1;

/**
 * A run's folder (docs/campaigns.md, The record): every event is on disk when `event` returns, so that a killed run is
 * readable up to its last event. Wall-clock times, host and paths go to `host.json` only: all else of two runs with one
 * seed is equal byte for byte. Writes are synchronous on purpose: no virtual time can pass while a file is written.
 */
export class RunRecord implements Disposable {
  readonly folder: string;
  readonly #events: number;
  readonly #verdicts: number;
  readonly #uarts = new Map<string, { readonly data: number; readonly index: number; offset: number }>();
  readonly #listeners = new Listeners<RunEvent>();
  #current: { readonly file: number; readonly bins: CurrentBins } | undefined;
  #open = true;

  private constructor(folder: string) {
    this.folder = folder;
    this.#events = openSync(join(folder, "events.jsonl"), "a");
    this.#verdicts = openSync(join(folder, "verdicts.jsonl"), "a");
  }

  /**
   * Makes `<root>/<UTC time>-<four random characters>`.
   * @throws ConfigurationError when the folder cannot be made.
   */
  static create(root: string): RunRecord {
    const stamp = wallTime().toISOString().slice(0, 19).replaceAll(":", "-");
    let folder = root;
    try {
      makeFolder(root);
      do folder = join(root, `${stamp}-${randomBytes(2).toString("hex")}`);
      while (!made(folder));
      for (const inner of ["uart", "inputs"]) mkdirSync(join(folder, inner));
      return new RunRecord(folder);
    } catch (error) {
      throw new ConfigurationError(
        `cannot make the run folder ${folder}: ${messageOf(error)}.`,
        "Name a folder you may write to with --runs DIR.",
        { cause: error },
      );
    }
  }

  /** Observers see every event after it was written. */
  onEvent(listener: (event: RunEvent) => void): () => void {
    return this.#listeners.add(listener);
  }

  event(event: RunEvent): void {
    if (!this.#open) return;
    writeSync(this.#events, `${JSON.stringify(event)}\n`);
    if (event.event === "verdict") writeSync(this.#verdicts, `${JSON.stringify(event.verdict)}\n`);
    this.#listeners.emit(event);
  }

  /** Raw bytes from a port, as they came; `uart/<port>.rx.index` says which offset came when. */
  received(port: string, atUs: number, bytes: Uint8Array): void {
    if (!this.#open) return;
    let files = this.#uarts.get(port);
    if (!files) {
      const path = join(this.folder, "uart", `${port}.rx`);
      files = { data: openSync(path, "a"), index: openSync(`${path}.index`, "a"), offset: 0 };
      this.#uarts.set(port, files);
    }
    writeSync(files.data, bytes);
    writeSync(files.index, `${files.offset} ${atUs}\n`);
    files.offset += bytes.length;
  }

  /** What the board took, millisecond by millisecond, in `current.csv`. */
  measured(samples: CurrentSamples): void {
    if (!this.#open) return;
    if (!this.#current) {
      this.#current = { file: openSync(join(this.folder, "current.csv"), "a"), bins: new CurrentBins() };
      writeSync(this.#current.file, `${CURRENT_HEADER}\n`);
    }
    const lines = this.#current.bins.add(samples);
    if (lines.length > 0) writeSync(this.#current.file, `${lines.join("\n")}\n`);
  }

  /** Keeps an input (profile, scenario, image) beside the run. Never a private key. */
  input(name: string, content: Uint8Array | string): void {
    this.#replace(join("inputs", name), content);
  }

  /** Writes a JSON document of the run whole: an old one is replaced in one step. */
  document(name: "run.json" | "replay.json" | "host.json", value: unknown): void {
    this.#replace(name, `${JSON.stringify(value, undefined, 2)}\n`);
  }

  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    if (this.#current) closeSync(this.#current.file);
    closeSync(this.#events);
    closeSync(this.#verdicts);
    for (const { data, index } of this.#uarts.values()) {
      closeSync(data);
      closeSync(index);
    }
  }

  #replace(name: string, content: Uint8Array | string): void {
    const path = join(this.folder, name);
    writeFileSync(`${path}.new`, content);
    renameSync(`${path}.new`, path);
  }
}

/** Makes a folder that nobody else has: false when the name is taken. */
function made(folder: string): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    throw error;
  }
}
