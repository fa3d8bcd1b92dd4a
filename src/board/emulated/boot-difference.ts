import {
  type BootloaderBuild,
  type FlashContent,
  type FlashOperation,
  type FlashTiming,
  type LogLine,
  recogniseBootLine,
  type Timeline,
  timeline,
  zephyrEnd,
  zephyrStart,
} from "../../mcuboot/index.ts";

/** What a boot of the real binary did, from power on to the application. */
export interface FirmwareBoot {
  readonly operations: readonly FlashOperation[];
  /** Lines of the application core's UART. */
  readonly log: readonly string[];
  /** The application has said something. */
  readonly isUp: boolean;
  /** Why it is a failure whatever the flash holds: faults of the processor, writes below the slots. */
  readonly faults: readonly string[];
  readonly flash: FlashContent;
  /** Microseconds of the chip's time. */
  readonly us: number;
}

/** Where a boot of the binary leaves the model's way. */
export interface BootDifference {
  /**
   * `processor`: a fault that a running processor shows; `silent`: no application came up; the others: what differs
   * from the model's boot.
   */
  readonly kind: "processor" | "silent" | "operations" | "content" | "log";
  readonly what: string;
  /** The operation at which it begins, a page or a word each. */
  readonly operation?: number;
}

/**
 * What is wrong with a boot: what a processor shows, or where it leaves the model's way.
 * @param content the flash when power came
 * @param looksAtLog whether log lines count, too
 */
export function bootDifference(
  boot: FirmwareBoot,
  content: FlashContent,
  { build, timing, looksAtLog = false }: { build: BootloaderBuild; timing: FlashTiming; looksAtLog?: boolean },
): BootDifference | undefined {
  const [fault] = boot.faults;
  if (fault !== undefined) return { kind: "processor", what: fault };
  if (!boot.isUp) {
    const last = boot.log.findLast((line) => line !== "") ?? "none";
    return { kind: "silent", what: `no application came up; the last line: ${last}` };
  }
  // Bits on the edge turn after so many looks, and the binary looks oftener than the model: only its end counts.
  if (content.isDoubtful()) return undefined;
  return modelDifference(boot, content, { build, timing, looksAtLog });
}

/** The same against the model alone, whatever became of the boot. */
export function modelDifference(
  { operations, flash, log }: FirmwareBoot,
  content: FlashContent,
  { build, timing, looksAtLog }: { build: BootloaderBuild; timing: FlashTiming; looksAtLog: boolean },
): BootDifference | undefined {
  const model = timeline(content, build, timing);
  const expected = model.operations.map((timed) => timed.operation);
  const at = firstDifference(operations, expected, timing);
  if (at !== undefined) {
    const [found, modelled] = [operations, expected].map((list) => pieceAt(list, at, timing));
    const what =
      found === undefined
        ? `it ends before operation ${at}: ${modelled}`
        : `operation ${at} is ${found}; the model's is ${modelled ?? "none: its boot was over"}`;
    return { kind: "operations", what, operation: at };
  }
  const { primary, secondary } = build.images[0] ?? {};
  for (const area of [primary, secondary]) {
    if (area === undefined) continue;
    const [own, other] = [flash, model.flash].map((one) => one.read(area.offset, area.bytes));
    if (own && other && Buffer.compare(own, other) !== 0) {
      return { kind: "content", what: `the slot at ${area.offset} differs from the model's` };
    }
  }
  return looksAtLog ? logDifference(log, wholeLog(model, build)) : undefined;
}

/** What the model's boot prints, with the lines of MCUboot's Zephyr port before and behind. */
export function wholeLog({ log, flash, result }: Timeline, build: BootloaderBuild): readonly LogLine[] {
  const lines = [...zephyrStart(build), ...log, ...zephyrEnd(flash, build, result)];
  return lines.filter((line): line is LogLine => line.kind === "log");
}

/** Operations in pieces of a page or a word, as they are counted and compared. */
export function countPieces(operations: readonly FlashOperation[], timing: FlashTiming): number {
  return operations.reduce((sum, operation) => sum + pieces(operation, timing), 0);
}

/** Lines of MCUboot's that the tables know, as they stand behind a prefix. Banners name versions: they do not count. */
function logDifference(log: readonly string[], model: readonly LogLine[]): BootDifference | undefined {
  const found = linesOf(log);
  // A bootloader built without a log says nothing about its steps.
  if (found.length === 0) return undefined;
  const expected = linesOf(model.map(({ text }) => text));
  const at = [...found, undefined].findIndex((text, index) => text !== expected[index]);
  if (at < 0) return undefined;
  const what = `log line ${at} is ${quoted(found[at])}; the model's is ${quoted(expected[at])}`;
  return { kind: "log", what };
}

function quoted(line: string | undefined): string {
  return line === undefined ? "none" : JSON.stringify(line);
}

/** What the bootloader says, its last line included: behind it the application speaks. */
function linesOf(log: readonly string[]): readonly string[] {
  const lines: string[] = [];
  for (const text of log) {
    const known = recogniseBootLine(text);
    if (known === undefined || known.level === "") continue;
    lines.push(text.replace(/^.*?(?:<(?:inf|wrn|err)> mcuboot: |\b[IWE]: )/u, ""));
    if (known.event === "jumping") break;
  }
  return lines;
}

/** How many pieces of one page or one word an operation has: firmware and model group them differently. */
function pieces(operation: FlashOperation, { pageBytes, wordBytes }: FlashTiming): number {
  if (operation.kind === "erase") return Math.floor(operation.bytes / pageBytes);
  return Math.ceil(operation.data.length / wordBytes);
}

/** A piece, for people; undefined when there are not so many. */
function pieceAt(operations: readonly FlashOperation[], number: number, timing: FlashTiming): string | undefined {
  const { pageBytes, wordBytes } = timing;
  let before = 0;
  for (const operation of operations) {
    const place = number - before;
    before += pieces(operation, timing);
    if (number >= before) continue;
    if (operation.kind === "erase") return `erase ${operation.offset + place * pageBytes}`;
    const bytes = operation.data.subarray(place * wordBytes, (place + 1) * wordBytes);
    return `write ${operation.offset + place * wordBytes} ${Buffer.from(bytes).toString("hex")}`;
  }
  return undefined;
}

/** The number of the first piece in which two boots differ, or at which one of them ends. */
function firstDifference(
  found: readonly FlashOperation[],
  expected: readonly FlashOperation[],
  timing: FlashTiming,
): number | undefined {
  let number = 0;
  const [own, other] = [new PieceCursor(found, timing), new PieceCursor(expected, timing)];
  for (; own.hasPiece && other.hasPiece; number += 1) {
    if (!own.equals(other)) return number;
    own.next();
    other.next();
  }
  return own.hasPiece || other.hasPiece ? number : undefined;
}

/** Walks over the pieces of a boot: tens of thousands, so that nothing is made of them. */
class PieceCursor {
  readonly #operations: readonly FlashOperation[];
  readonly #timing: FlashTiming;
  #at = 0;
  #piece = 0;
  #pieces = 0;

  constructor(operations: readonly FlashOperation[], timing: FlashTiming) {
    this.#operations = operations;
    this.#timing = timing;
    this.#turnTo(0);
  }

  get hasPiece(): boolean {
    return this.#at < this.#operations.length;
  }

  next(): void {
    this.#piece += 1;
    if (this.#piece >= this.#pieces) this.#turnTo(this.#at + 1);
  }

  /** Whether it stands at a piece as the other one does: same kind, place and bytes. */
  equals(other: PieceCursor): boolean {
    const own = this.#operations[this.#at];
    const its = other.#operations[other.#at];
    if (own === undefined || its === undefined) return own === its;
    const { pageBytes, wordBytes } = this.#timing;
    if (own.kind === "erase" || its.kind === "erase") {
      return own.kind === its.kind && own.offset + this.#piece * pageBytes === its.offset + other.#piece * pageBytes;
    }
    const [from, itsFrom] = [this.#piece * wordBytes, other.#piece * wordBytes];
    const bytes = Math.min(wordBytes, own.data.length - from);
    if (own.offset + from !== its.offset + itsFrom) return false;
    if (bytes !== Math.min(wordBytes, its.data.length - itsFrom)) return false;
    for (let byte = 0; byte < bytes; byte += 1) if (own.data[from + byte] !== its.data[itsFrom + byte]) return false;
    return true;
  }

  /** To an operation that has pieces, from here on. */
  #turnTo(at: number): void {
    this.#piece = 0;
    for (this.#at = at; ; this.#at += 1) {
      const operation = this.#operations[this.#at];
      this.#pieces = operation === undefined ? 0 : pieces(operation, this.#timing);
      if (operation === undefined || this.#pieces > 0) return;
    }
  }
}
