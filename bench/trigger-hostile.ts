// How long the trigger's way through a chunk holds the process while a board sends what it likes, in milliseconds: the
// search in raw bytes, then frames and lines, then what the boot-line tables make of them.

import { closeSync, openSync, readSync } from "node:fs";
import { PerformanceObserver } from "node:perf_hooks";
import { PatternFinder } from "../src/campaign/cuts/trigger-bytes.ts";
import { compilePattern, concat, Queue, Random, RealClock, sleep, utf8 } from "../src/core/index.ts";
import { recogniseBootLine } from "../src/mcuboot/index.ts";
import { quantile } from "../src/report/index.ts";
import { type Chunk, Uart, UartSplitter } from "../src/serial/index.ts";
import { ConsoleDecoder } from "../src/smp/transport/console-framing.ts";

/** What a UART at 1,000,000 baud carries in a millisecond, and what a port hands over at once at most. */
const CHUNK_BYTES = [100, 4096] as const;
const LOG_BYTES = 1_048_576;
const WARM_UP = 200;
/** Expressions that a search which begins anew at each byte, or keeps no table, does not get through. */
const PATTERNS = ["Starting swap", "(a+)+\\d", "[a-z]{1,200}\\d", "(\\w\\w?){100}\\d", "[ab][^x]{100}\\d"];
const LOGS: readonly (readonly [string, () => Uint8Array])[] = [
  [
    "letters",
    () =>
      Random.fromSeed(1)
        .bytes(LOG_BYTES)
        .map((byte) => 0x61 + (byte & 1)),
  ],
  [
    "banners of 4,096 digits",
    () => concat(...Array.from({ length: 256 }, () => utf8(`*** Booting MCUboot v${"9".repeat(4074)}\n`))),
  ],
  ["frames begun and never ended", () => utf8("\u0006\tAAAA".repeat(LOG_BYTES / 6))],
  ["noise", () => Random.fromSeed(2).bytes(LOG_BYTES)],
];

/** One row a log: chunks of each size, every expression at once at work on each chunk's bytes, one after the other. */
export function hostileRows(): readonly string[] {
  const clock = new RealClock();
  for (const pattern of PATTERNS) compilePattern(pattern);
  return LOGS.flatMap(([name, make]) => {
    const log = make();
    return CHUNK_BYTES.map((bytes) => {
      const finders = PATTERNS.map((pattern) => new PatternFinder(pattern));
      const splitter = new UartSplitter(({ text }) => void recogniseBootLine(text));
      splitter.add(new ConsoleDecoder(() => undefined));
      const took = { find: [] as number[], parse: [] as number[] };
      for (let at = 0; at < log.length; at += bytes) {
        const chunk = log.subarray(at, at + bytes);
        for (const finder of finders) took.find.push(timed(clock, () => finder.feed(chunk)));
        took.parse.push(timed(clock, () => splitter.push({ atUs: 0, bytes: chunk })));
      }
      return `${name}, ${bytes} B`.padEnd(36) + `  find ${most(took.find)}   parse ${most(took.parse)}`;
    });
  });
}

/** What has queued up while the process was away, in chunks of this size. */
const QUEUED_BYTES = 65_536;

/** One turn of the process, in milliseconds: what it ran itself, and of that the collector of garbage. */
interface Turn {
  readonly ownMs: number;
  readonly gcMs: number;
  readonly stolenMs: number;
}

/**
 * One row a log, a megabyte of which has queued up: how long one turn of the process lasts until all else that waits
 * (the relay, Ctrl-C, another port) has its own. What others took of the processor in between (Linux counts it) is told
 * apart: it is the machine's.
 */
export async function turnRows(): Promise<readonly string[]> {
  const rows: string[] = [];
  for (const [name, make] of LOGS) {
    await turnsOf(name, make());
    const turns = await turnsOf(name, make());
    const own = turns.map(({ ownMs }) => ownMs);
    const withoutGc = turns.map(({ ownMs, gcMs }) => ownMs - gcMs);
    const stolen = turns.map(({ stolenMs }) => stolenMs);
    const over = own.filter((ms) => ms > 1).length;
    const collected = turns.filter(({ gcMs }) => gcMs > 0).length;
    rows.push(
      `${name.padEnd(30)}  ${turns.length} turns, ${over} above 1 ms, ${collected} with a collection of garbage`,
      `${" ".repeat(30)}  own time             ${figures(own)}`,
      `${" ".repeat(30)}  without collections  ${figures(withoutGc)}`,
      `${" ".repeat(30)}  taken by others      ${figures(stolen)}`,
    );
  }
  return rows;
}

async function turnsOf(name: string, log: Uint8Array): Promise<readonly Turn[]> {
  const clock = new RealClock();
  const arrived = new Queue<Chunk>();
  for (let at = 0; at < log.length; at += QUEUED_BYTES)
    arrived.push({ atUs: 0, bytes: log.subarray(at, at + QUEUED_BYTES) });
  arrived.end();
  const none = async () => undefined;
  const turns: { fromMs: number; toMs: number; waitedMs: number; usedMs: number }[] = [];
  const collections: { fromMs: number; ms: number }[] = [];
  const observer = new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) collections.push({ fromMs: startTime, ms: duration });
  });
  observer.observe({ entryTypes: ["gc"] });
  const over = new AbortController();
  const uart = Uart.open({ name, chunks: arrived, write: none, [Symbol.asyncDispose]: none }, { clock });
  const finder = new PatternFinder(PATTERNS[1] ?? "");
  uart.onBytes(({ bytes }) => void finder.feed(bytes));
  uart.onLine(({ text }) => void recogniseBootLine(text));
  uart.addRecogniser(new ConsoleDecoder(() => undefined));
  uart.onEnd(() => over.abort());
  using waited = new WaitedForProcessor();
  while (!over.signal.aborted) {
    const [fromMs, before, used] = [performance.now(), waited.ms(), process.cpuUsage()];
    await sleep(clock, 0);
    const { user, system } = process.cpuUsage(used);
    const [toMs, after] = [performance.now(), waited.ms()];
    turns.push({ fromMs, toMs, waitedMs: after - before, usedMs: (user + system) / 1000 });
  }
  // Collections are told of in a later turn.
  await sleep(clock, 20);
  observer.disconnect();
  return turns.map(({ fromMs, toMs, waitedMs, usedMs }) => {
    const wallMs = toMs - fromMs;
    // Never more than either: the processor's time is that of all threads of the process, and the wall's has what a
    // machine below this one took.
    const ownMs = Math.min(wallMs - waitedMs, usedMs);
    const gcMs = collections
      .filter((one) => one.fromMs >= fromMs && one.fromMs < toMs)
      .reduce((sum, { ms }) => sum + ms, 0);
    return { ownMs, gcMs: Math.min(gcMs, ownMs), stolenMs: wallMs - ownMs };
  });
}

/**
 * How long this process's first thread was ready to run and did not, because others did. Source: Linux,
 * Documentation/scheduler/sched-stats.rst, /proc/PID/schedstat, the second number, in nanoseconds.
 */
class WaitedForProcessor implements Disposable {
  readonly #file = openSync(`/proc/self/task/${process.pid}/schedstat`, "r");
  readonly #bytes = Buffer.alloc(80);

  ms(): number {
    const length = readSync(this.#file, this.#bytes, 0, this.#bytes.length, 0);
    return Number(this.#bytes.toString("latin1", 0, length).split(" ")[1]) / 1e6;
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }
}

/** How durations lie, in milliseconds. */
export function figures(values: readonly number[]): string {
  const at = (share: number) => (quantile(values, share) ?? Number.NaN).toFixed(3);
  return `median ${at(0.5)}  p99 ${at(0.99)}  max ${at(1)} ms`;
}

function timed(clock: RealClock, work: () => unknown): number {
  const beganUs = clock.nowUs();
  work();
  return (clock.nowUs() - beganUs) / 1000;
}

/** After the first few, in which the engine still compiles. */
function most(times: readonly number[]): string {
  const warm = times.slice(Math.min(WARM_UP, times.length >> 1));
  const at = (share: number) => (quantile(warm, share) ?? 0).toFixed(3);
  return `p99.9 ${at(0.999)}  max ${at(1)} ms`;
}
