import { type Clock, concat } from "../../core/index.ts";
import { imageUpload } from "../groups/image.ts";
import { readAnswer } from "../packet/answer.ts";
import { encodeMap } from "../packet/cbor.ts";

/** How much later than the fastest of the last answers one is awaited awake, in microseconds. */
const LATE_US = 700;
/** Chunks that the server dropped, without a clean run between, after which chunks go one by one. */
const DROPS = 4;
/** Answered chunks that make a clean run. */
const CLEAN_RUN = 16;
/** Round trips that are remembered for the deadline. */
const ROUND_TRIPS = 16;
/**
 * A deadline is never shorter than this, in microseconds: a board may erase a block of external flash before it writes
 * a chunk, and a busy host may be late.
 */
const DEADLINE_US_MIN = 500_000;

/**
 * How many chunks of an upload may be in flight. A server that drops several in short order has too few buffers for a
 * window (or its line is bad): one at a time then, and the window again after a clean run, twice as long every time.
 * Source: measured on Zephyr 4.4.0: requests over its line buffers are lost in silence.
 */
export class UploadWindow {
  readonly #largest: number;
  #isOpen = true;
  #drops = 0;
  #clean = 0;
  #cleanWanted = CLEAN_RUN;

  constructor(largest: number) {
    this.#largest = Math.max(1, largest);
  }

  get size(): number {
    return this.#isOpen ? this.#largest : 1;
  }

  answered(): void {
    this.#clean += 1;
    if (this.#isOpen) {
      if (this.#clean >= CLEAN_RUN) this.#drops = 0;
    } else if (this.#clean >= this.#cleanWanted) {
      this.#isOpen = true;
      this.#drops = 0;
      this.#cleanWanted *= 2;
    }
  }

  dropped(): void {
    this.#clean = 0;
    this.#drops += 1;
    if (this.#drops >= DROPS) this.#isOpen = false;
  }
}

/**
 * Deadlines from what answers have taken so far: a lost frame must not cost the seconds that a board may need in the
 * worst case. Each further attempt waits four times as long, the last one the whole allowance.
 */
export class RoundTrips {
  readonly #recentUs: number[] = [];

  took(us: number): void {
    this.#recentUs.push(us);
    if (this.#recentUs.length > ROUND_TRIPS) this.#recentUs.shift();
  }

  /**
   * Keeps the event loop from sleeping around the moment in which the answer to what is sent now will come: a program
   * that sleeps then is 100 µs late and runs with cold caches. Returns how to let it sleep again.
   */
  stayAwake(clock: Clock): () => void {
    if (clock.kind === "virtual" || this.#recentUs.length === 0) return () => undefined;
    // A real clock spins through the event loop before an alarm is due (`RealClock.at`).
    return clock.at(clock.nowUs() + Math.min(...this.#recentUs) + LATE_US, () => undefined);
  }

  /** Deadline of an attempt in milliseconds, at most `allowedMs`; all of it while nothing is known. */
  deadlineMs(attempt: number, allowedMs: number): number {
    if (this.#recentUs.length === 0) return allowedMs;
    const us = Math.max(DEADLINE_US_MIN, 3 * Math.max(...this.#recentUs)) * 4 ** (attempt - 1);
    return Math.min(allowedMs, us / 1000);
  }
}

/** The offset that an answer wants next; undefined where it says anything else. */
export function offsetIn(answer: Uint8Array): number | undefined {
  try {
    return readAnswer(imageUpload, answer).off;
  } catch {
    return undefined;
  }
}

/** The key "off" of CBOR: the head of a text of three bytes, and these. */
const OFF_KEY = Buffer.from("\x63off", "latin1");

/** An answer that asks for `off` as another one asks for its offset; undefined where that does not stand in it once. */
export function withOffset(answer: Uint8Array, off: number): Uint8Array | undefined {
  const bytes = Buffer.from(answer);
  const at = bytes.indexOf(OFF_KEY) + OFF_KEY.length;
  const asked = offsetIn(answer);
  if (at < OFF_KEY.length || bytes.indexOf(OFF_KEY, at) >= 0 || asked === undefined) return undefined;
  const old = encodeInteger(asked);
  if (!bytes.subarray(at, at + old.length).equals(old)) return undefined;
  return concat(answer.subarray(0, at), encodeInteger(off), answer.subarray(at + old.length));
}

/** As every encoder writes a key's value: its shortest form. */
function encodeInteger(value: number): Uint8Array {
  return encodeMap({ "": value }).subarray(2);
}
