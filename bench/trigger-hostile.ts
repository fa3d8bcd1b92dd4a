// How long the trigger's way through a chunk holds the process while a board sends what it likes, in milliseconds: the
// search in raw bytes, then frames and lines, then what the boot-line tables make of them.

import { PatternFinder } from "../src/campaign/cuts/trigger-bytes.ts";
import { compilePattern, concat, Random, RealClock, utf8 } from "../src/core/index.ts";
import { recogniseBootLine } from "../src/mcuboot/index.ts";
import { UartSplitter } from "../src/serial/index.ts";
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

function timed(clock: RealClock, work: () => unknown): number {
  const beganUs = clock.nowUs();
  work();
  return (clock.nowUs() - beganUs) / 1000;
}

/** After the first few, in which the engine still compiles. */
function most(times: readonly number[]): string {
  const sorted = times.slice(Math.min(WARM_UP, times.length >> 1)).toSorted((a, b) => a - b);
  const at = (share: number) =>
    (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0).toFixed(3);
  return `p99.9 ${at(0.999)}  max ${at(1)} ms`;
}
