import { type GapWatch, HostGaps } from "./host-gaps.ts";

/** What a wake returns that nobody else can have noticed: no promise was settled, no listener told. */
export const UNNOTICED = Symbol("unnoticed");

/**
 * The one door through which time enters. `RealClock` wraps the machine's monotonic clock; `VirtualClock`
 * (virtual-clock.ts) lets a campaign on the twin run faster than real time and the same every time.
 */
export interface Clock {
  readonly kind: "real" | "virtual";
  /** Microseconds since this clock was made. Monotonic, an integer. */
  nowUs(): number;
  /**
   * Calls `wake` once, at `dueUs` on this clock (at once, but never synchronously, when that moment has passed).
   * Alarms of one moment fire in the order they were asked for. Returns a function that cancels the alarm.
   * A virtual clock goes on at once after a wake that returns `UNNOTICED`: reactions to it need not be waited for.
   */
  at(dueUs: number, wake: () => unknown): () => void;
  /**
   * Runs real input or output (a file, a socket, a child process) during which virtual time must stand still,
   * so that how long the machine takes cannot change what a campaign does. The real clock just runs it.
   */
  whileReal<T>(work: () => Promise<T>): Promise<T>;
  /** When the host did not run. Left out of a clock that no host can stop. */
  readonly gaps?: GapWatch;
}

/** Wall time for the parts of a record that are about the host, and for nothing else. */
export function wallTime(): Date {
  return new Date();
}

/**
 * Resolves after `durationMs` milliseconds (fractions allowed, negative counts as 0) on `clock`.
 * @throws the signal's reason when `signal` aborts first.
 */
export function sleep(clock: Clock, durationMs: number, signal?: AbortSignal): Promise<void> {
  return sleepUntil(clock, clock.nowUs() + Math.round(Math.max(0, durationMs) * 1000), signal);
}

/** Resolves at `dueUs` (microseconds on `clock`); throws the signal's reason when `signal` aborts first. */
export function sleepUntil(clock: Clock, dueUs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = () => {
      cancel();
      reject(signal?.reason);
    };
    const cancel = clock.at(dueUs, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** The longest delay a Node timer takes, in milliseconds; longer waits are made of several. */
const NODE_TIMER_MS_MAX = 2 ** 31 - 1;

interface Alarm {
  readonly dueUs: number;
  readonly wake: () => unknown;
  readonly clear: () => void;
  readonly again: () => void;
}

/** Real time, monotonic: for boards, and for a twin that other programs talk to. */
export class RealClock implements Clock {
  readonly kind = "real";
  readonly gaps = new HostGaps(
    () => this.nowUs(),
    () => wallTime().getTime(),
    (ms, act) => {
      const timer = setInterval(act, ms).unref();
      return () => clearInterval(timer);
    },
  );
  readonly #zeroMs = performance.now();
  /** By their moments, and those of one moment in the order in which they were asked for. */
  readonly #alarms: Alarm[] = [];

  nowUs(): number {
    // Not `process.hrtime.bigint()`: it is asked some thousand times a second, and three big integers each are garbage.
    return Math.floor((performance.now() - this.#zeroMs) * 1000);
  }

  at(dueUs: number, wake: () => unknown): () => void {
    let timer: NodeJS.Timeout | undefined;
    let immediate: NodeJS.Immediate | undefined;
    const clear = () => {
      clearTimeout(timer);
      clearImmediate(immediate);
    };
    const again = () => {
      immediate = setImmediate(() => this.#wakeFirst(alarm));
    };
    const alarm: Alarm = { dueUs, wake, clear, again };
    const arm = () => {
      const leftUs = dueUs - this.nowUs();
      if (leftUs <= 0) again();
      // Node rounds timers up to whole milliseconds: the last one is spun through the event loop instead.
      else if (leftUs < 1500) immediate = setImmediate(arm);
      else timer = setTimeout(arm, Math.min(Math.floor(leftUs / 1000) - 1, NODE_TIMER_MS_MAX));
    };
    const after = this.#alarms.findLastIndex((other) => other.dueUs <= dueUs);
    this.#alarms.splice(after + 1, 0, alarm);
    arm();
    return () => {
      clear();
      const place = this.#alarms.indexOf(alarm);
      if (place >= 0) this.#alarms.splice(place, 1);
    };
  }

  /**
   * Wakes the alarm that was due first, when the timer of a later one comes before its own, as on a busy machine: who
   * waits for two moments must see them in order. One alarm a turn of the event loop; the other one comes in the next.
   */
  #wakeFirst(alarm: Alarm): void {
    const first = this.#alarms.shift();
    if (!first) return;
    first.clear();
    if (first !== alarm) alarm.again();
    first.wake();
  }

  whileReal<T>(work: () => Promise<T>): Promise<T> {
    return work();
  }
}
