import { randomBytes } from "node:crypto";
import { join } from "node:path";
import {
  BenchError,
  ConfigurationError,
  diskError,
  hasCode,
  Listeners,
  makeFolder,
  messageOf,
  wallTime,
} from "../../core/index.ts";
import type { FlashDone } from "../../mcuboot/index.ts";
import { type TranscriptLine, transcriptJson } from "../../smp/index.ts";
import { CURRENT_HEADER, CurrentBins, type CurrentRun } from "./current-bins.ts";
import { FlashLines } from "./flash-lines.ts";
import { DISK, GrowingFile, type RecordFiles, replaceFile } from "./record-files.ts";
import { type RunEvent, recordedEvent } from "./run-event.ts";

export const RECORD_SCHEMA = 1;

/** Room that is kept from the start, and given up when the disk is full: for how the run ended. */
const RESERVE_BYTES = 128 * 1024;
const RESERVE = ".reserve";
/** Raw bytes of all ports that one run keeps: a day and a night of a UART at 115,200 baud that never pauses. */
const UART_BYTES_MAX = 2 ** 30;

/**
 * A run's folder (docs/record.md): every event is on disk when `event` returns, so that a killed run is
 * readable up to its last event. Wall-clock times, host and paths go to `host.json` only: all else of two runs with one
 * seed is equal byte for byte. Writes are synchronous on purpose: no virtual time can pass while a file is written.
 *
 * A disk that takes no more does not throw at whoever happens to write: `broken` is aborted with the reason, which ends
 * the run; until then events and documents are written into the room that was kept. Bytes of ports and of the meter are
 * no longer kept then.
 */
export class RunRecord implements Disposable {
  readonly folder: string;
  readonly #files: RecordFiles;
  readonly #events: GrowingFile;
  readonly #verdicts: GrowingFile;
  readonly #uarts = new Map<string, { readonly data: GrowingFile; readonly index: GrowingFile }>();
  readonly #listeners = new Listeners<RunEvent>();
  readonly #exchangeListeners = new Listeners<TranscriptLine>();
  readonly #flashLines = new FlashLines();
  #exchanges: GrowingFile | undefined;
  #flash: GrowingFile | undefined;
  readonly #broken = new AbortController();
  #current: { readonly file: GrowingFile; readonly bins: CurrentBins } | undefined;
  #open = true;
  #uartBytesLeft: number;

  private constructor(folder: string, files: RecordFiles, uartBytesMax: number) {
    this.folder = folder;
    this.#uartBytesLeft = uartBytesMax;
    this.#files = files;
    files.write(join(folder, RESERVE), randomBytes(RESERVE_BYTES));
    this.#events = new GrowingFile(files, join(folder, "events.jsonl"));
    this.#verdicts = new GrowingFile(files, join(folder, "verdicts.jsonl"));
  }

  /**
   * Makes `<root>/<UTC time>-<four random characters>`.
   * @throws ConfigurationError when the folder cannot be made; BenchError when the disk has no room for it.
   */
  static create(root: string, files: RecordFiles = DISK, uartBytesMax = UART_BYTES_MAX): RunRecord {
    const stamp = wallTime().toISOString().slice(0, 19).replaceAll(":", "-");
    let folder = root;
    try {
      makeFolder(root);
      do folder = join(root, `${stamp}-${randomBytes(2).toString("hex")}`);
      while (!made(folder, files));
      for (const inner of ["uart", "inputs"]) files.makeFolder(join(folder, inner));
      return new RunRecord(folder, files, uartBytesMax);
    } catch (error) {
      const doing = `cannot make the run folder ${folder}`;
      const isFull = hasCode(error, "ENOSPC") || hasCode(error, "EDQUOT");
      const full = isFull ? diskError(error, doing) : undefined;
      const hint = "Name a folder you may write to with --runs DIR.";
      throw full ?? new ConfigurationError(`${doing}: ${messageOf(error)}.`, hint, { cause: error });
    }
  }

  /** Aborted with a BenchError when the disk takes no more: the run is to end. */
  get broken(): AbortSignal {
    return this.#broken.signal;
  }

  /** Observers see every event after it was written. */
  onEvent(listener: (event: RunEvent) => void): () => void {
    return this.#listeners.add(listener);
  }

  event(event: RunEvent): void {
    if (!this.#open) return;
    const written = recordedEvent(event);
    const line = `${JSON.stringify(written)}\n`;
    this.#keep(() => this.#events.add(line));
    if (written.event === "verdict") {
      const verdict = `${JSON.stringify(written.verdict)}\n`;
      this.#keep(() => this.#verdicts.add(verdict));
    }
    this.#listeners.emit(event);
  }

  /** Raw bytes from a port, as they came, up to a limit; `uart/<port>.rx.index` says which offset came when. */
  received(port: string, atUs: number, bytes: Uint8Array): void {
    if (!this.#open || this.broken.aborted || this.#uartBytesLeft < 0) return;
    this.#uartBytesLeft -= bytes.length;
    if (this.#uartBytesLeft < 0) {
      const text = `the ports sent more than one run keeps: from here on their raw bytes are not recorded (${port} was last)`;
      this.event({ atUs, event: "warning", text });
      return;
    }
    this.#keep(() => {
      const { data, index } = this.#uart(port);
      const offset = data.bytes;
      data.add(bytes);
      index.add(`${offset} ${atUs}\n`);
    }, "once");
  }

  /** Observers see every line of `smp.jsonl` after it was written. */
  onExchange(listener: (line: TranscriptLine) => void): () => void {
    return this.#exchangeListeners.add(listener);
  }

  /** What was said and heard over SMP, in `smp.jsonl`: on disk when this returns, as events are. */
  exchanged(line: TranscriptLine): void {
    if (!this.#open) return;
    if (!this.broken.aborted) {
      this.#keep(() => {
        this.#exchanges ??= new GrowingFile(this.#files, join(this.folder, "smp.jsonl"));
        this.#exchanges.add(`${transcriptJson(line)}\n`);
      }, "once");
    }
    this.#exchangeListeners.emit(line);
  }

  #uart(port: string) {
    const known = this.#uarts.get(port);
    if (known) return known;
    const path = join(this.folder, "uart", `${port}.rx`);
    const files = { data: new GrowingFile(this.#files, path), index: new GrowingFile(this.#files, `${path}.index`) };
    this.#uarts.set(port, files);
    return files;
  }

  /** What the board took, millisecond by millisecond, in `current.csv`. */
  measured(samples: CurrentRun): void {
    if (!this.#open || this.broken.aborted) return;
    this.#keep(() => {
      if (!this.#current) {
        const file = new GrowingFile(this.#files, join(this.folder, "current.csv"));
        file.add(`${CURRENT_HEADER}\n`);
        this.#current = { file, bins: new CurrentBins() };
      }
      const lines = this.#current.bins.add(samples);
      if (lines.length > 0) this.#current.file.add(`${lines.join("\n")}\n`);
    }, "once");
  }

  /** What the flash of a simulated board did, in `flash.jsonl`. */
  flashed(atUs: number, done: FlashDone): void {
    if (!this.#open || this.broken.aborted) return;
    const line = this.#flashLines.line(atUs, done);
    if (line === undefined) return;
    this.#keep(() => {
      this.#flash ??= new GrowingFile(this.#files, join(this.folder, "flash.jsonl"));
      this.#flash.add(`${line}\n`);
    }, "once");
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
    const current = this.#current;
    const rest = current?.bins.rest();
    if (rest !== undefined) this.#keep(() => current?.file.add(`${rest}\n`), "once");
    const uarts = [...this.#uarts.values()].flatMap(({ data, index }) => [data, index]);
    for (const file of [this.#events, this.#verdicts, this.#exchanges, this.#flash, ...uarts, current?.file]) {
      this.#keep(() => file?.close(), "once");
    }
    this.#keep(() => this.#files.remove(join(this.folder, RESERVE)), "once");
  }

  #replace(name: string, content: Uint8Array | string): void {
    this.#keep(() => replaceFile(this.#files, join(this.folder, name), content));
  }

  /** Writes; when the disk takes no more, once again without the room that was kept. */
  #keep(write: () => void, tries: "once" | "twice" = "twice"): void {
    try {
      write();
    } catch (error) {
      const reason = faultOf(error);
      const isFirst = !this.broken.aborted;
      if (isFirst) {
        this.#release();
        this.#broken.abort(reason);
      }
      if (isFirst && tries === "twice") this.#keep(write, "once");
    }
  }

  #release(): void {
    try {
      this.#files.remove(join(this.folder, RESERVE));
    } catch {
      // A disk that is read-only now keeps it: what was wrong with the write is the reason.
    }
  }
}

function faultOf(error: unknown): BenchError {
  const doing = "cannot write the run's record";
  const hint = "Its folder must stay where it is while the run goes on.";
  return diskError(error, doing) ?? new BenchError(`${doing}: ${messageOf(error)}.`, hint, { cause: error });
}

/** Makes a folder that nobody else has: false when the name is taken. */
function made(folder: string, files: RecordFiles): boolean {
  try {
    files.makeFolder(folder);
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    throw error;
  }
}
