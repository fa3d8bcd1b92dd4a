import { isHilError, Random } from "../../../src/core/index.ts";
import { inputOf } from "./damage.ts";
import type { FuzzSource } from "./source.ts";

/** Far above what one input takes of the processor, far below "never"; a busy machine does not count. */
export const ONE_INPUT_MS_MAX = 2_000;

/**
 * Inputs between two turns of the event loop. Streams leave work for the next turn: a loop that takes none keeps every
 * stream of every input (the power cutter's: 256 MB after 409,000 inputs).
 */
const YIELD_EVERY = 64;

/** What became of a source's inputs. */
export interface FuzzTally {
  readonly name: string;
  readonly inputs: number;
  readonly read: number;
  readonly refused: number;
  /** The first few that ended in no error of ours, or took too long, with the input. */
  readonly bad: readonly string[];
  readonly slowestMs: number;
}

const BAD_MAX = 5;

/** The processor is asked about once in so long: the question itself takes 50 us, longer than many an input. */
const ASKED_MS = 20;

/**
 * Processor time of one input after the other. On a busy machine the wall says seconds for what took none, and never
 * less than the processor does: only where the wall is long is the processor asked.
 */
export class ProcessorWatch {
  #used = process.cpuUsage();
  #usedAtMs = performance.now();
  #beganMs = 0;

  begin(): void {
    this.#beganMs = performance.now();
    if (this.#beganMs - this.#usedAtMs < ASKED_MS) return;
    this.#used = process.cpuUsage();
    this.#usedAtMs = this.#beganMs;
  }

  /** In ms, since `begin`; up to ASKED_MS too much. */
  end(): number {
    const wallMs = performance.now() - this.#beganMs;
    if (wallMs < ASKED_MS) return wallMs;
    const { user, system } = process.cpuUsage(this.#used);
    return Math.min(wallMs, (user + system) / 1000);
  }
}

/**
 * Lines of a stack, where one is kept: to keep them takes longer than to refuse most inputs (SMP answers:
 * 179 us an input with them, 85 us without). What is none of ours is asked about again with its own.
 */
const STACK_LINES = 10;

/**
 * Asks a source about damaged inputs. Input number N of a seed is the same whatever came before it.
 * @param asked.from number of the first one.
 * @param asked.each told how many are done, now and then.
 */
export async function fuzzed(
  source: FuzzSource,
  asked: {
    readonly count: number;
    readonly from?: number;
    readonly seed: number;
    readonly each?: (done: number) => void;
  },
): Promise<FuzzTally> {
  const { count, from = 0, seed, each } = asked;
  const seeds = source.seeds().map((given) => (typeof given === "string" ? new Uint8Array(Buffer.from(given)) : given));
  const chance = Random.fromSeed(seed).fork(source.name);
  const tally = { read: 0, refused: 0 };
  const bad: string[] = [];
  let slowestMs = 0;
  const watch = new ProcessorWatch();
  const made = (index: number) => {
    const random = chance.fork(String(index));
    return { random, input: inputOf(source, seeds, random) };
  };
  for (let index = from; index < from + count && bad.length < BAD_MAX; index += 1) {
    const { random, input } = made(index);
    watch.begin();
    const tell = (what: string) =>
      bad.push(
        `${source.name}, input ${index} of seed ${seed}: ${what}\n${Buffer.from(input.subarray(0, 2_000)).toString("latin1")}`,
      );
    try {
      await withStacks(0, () => source.ask(input, random));
      tally.read += 1;
    } catch (error) {
      if (isHilError(error)) tally.refused += 1;
      else {
        const again = made(index);
        const same = await withStacks(STACK_LINES, () => source.ask(again.input, again.random)).catch((one) => one);
        tell(textOf(same instanceof Error ? same : error));
      }
    }
    const tookMs = watch.end();
    slowestMs = Math.max(slowestMs, tookMs);
    if (tookMs > ONE_INPUT_MS_MAX) tell(`took ${Math.round(tookMs)} ms of the processor`);
    if (index % YIELD_EVERY === 0) {
      each?.(index - from);
      await new Promise(setImmediate);
    }
  }
  return { name: source.name, inputs: tally.read + tally.refused + bad.length, ...tally, bad, slowestMs };
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** What `act` returns, its errors with so many lines of their stacks. */
async function withStacks(lines: number, act: () => unknown): Promise<unknown> {
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = lines;
  try {
    return await act();
  } finally {
    Error.stackTraceLimit = before;
  }
}
