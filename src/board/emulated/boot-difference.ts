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
  const expected = model.operations.flatMap(({ operation }) => parts(operation, timing));
  const found = operations.flatMap((operation) => parts(operation, timing));
  const at = found.findIndex((text, index) => text !== expected[index]);
  if (at >= 0) {
    const what = `operation ${at} is ${found[at]}; the model's is ${expected[at] ?? "none: its boot was over"}`;
    return { kind: "operations", what, operation: at };
  }
  if (found.length < expected.length) {
    const what = `it ends before operation ${found.length}: ${expected[found.length]}`;
    return { kind: "operations", what, operation: found.length };
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
  return operations.reduce((sum, operation) => sum + parts(operation, timing).length, 0);
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

/** An operation in pieces of one page or one word: firmware and model group them differently. */
function parts(operation: FlashOperation, { pageBytes, wordBytes }: FlashTiming): readonly string[] {
  const { kind, offset } = operation;
  if (kind === "erase") {
    return Array.from({ length: operation.bytes / pageBytes }, (_, page) => `erase ${offset + page * pageBytes}`);
  }
  const { data } = operation;
  return Array.from({ length: Math.ceil(data.length / wordBytes) }, (_, word) => {
    const bytes = data.subarray(word * wordBytes, (word + 1) * wordBytes);
    return `write ${offset + word * wordBytes} ${Buffer.from(bytes).toString("hex")}`;
  });
}
