import { afterAll } from "@jest/globals";
import { BenchError } from "../core/index.ts";
import { IdleFaults } from "./idle-faults.ts";

/** Something open that the end of a test file closes. */
interface Closable {
  readonly close: () => Promise<void>;
}

/** How long closing may take, in milliseconds: power on, ports closed, locks freed. */
const CLOSE_MS = 60_000;

/**
 * What a test file has open. Jest loads modules anew for each file, so this is one file's; its end closes all, whatever
 * became of the tests: one that ran into its time-out goes on behind Jest's back, and would keep the board.
 */
export class FileScope {
  readonly #open = new Set<Closable>();
  readonly #opening = new Set<Promise<unknown>>();
  readonly #ended = new AbortController();
  /** Of the boards of all its benches. */
  readonly faults = new IdleFaults();

  /** Aborts when the file has ended. */
  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  /** Counts an opening, so that the end waits for it: a lock may be taken already. */
  async opening<T extends Closable>(work: () => Promise<T>): Promise<T> {
    this.#ended.signal.throwIfAborted();
    const opened = work();
    const settled = opened.then(
      (one) => {
        this.#open.add(one);
      },
      () => undefined,
    );
    this.#opening.add(settled);
    try {
      const one = await opened;
      await settled;
      return one;
    } finally {
      this.#opening.delete(settled);
    }
  }

  closed(one: Closable): void {
    this.#open.delete(one);
  }

  /** Closes everything. @throws the first error of closing, after all are closed; BenchError for a fault that never acted. */
  async end(): Promise<void> {
    this.#ended.abort(new BenchError("the test file has ended, and its bench with it."));
    await Promise.allSettled(this.#opening);
    const results = await Promise.allSettled([...this.#open].map((one) => one.close()));
    this.#open.clear();
    const failed = results.find((result) => result.status === "rejected");
    if (failed) throw failed.reason;
    this.faults.requireNone();
  }
}

/** Whether the tests of this file run already: then Jest takes no hook any more. Source: jest-circus 30, types.ts. */
function hasStarted(): boolean {
  const symbol = Object.getOwnPropertySymbols(globalThis).find(
    ({ description }) => description === "JEST_STATE_SYMBOL",
  );
  const state: unknown = symbol && Reflect.get(globalThis, symbol);
  return typeof state === "object" && state !== null && "hasStarted" in state && state.hasStarted === true;
}

/** A scope that ends with the test file. Imported when tests run already, it cannot: then `isBound` is false. */
export function fileScope(): { readonly scope: FileScope; readonly isBound: boolean } {
  const scope = new FileScope();
  const isBound = !hasStarted();
  if (isBound) afterAll(() => scope.end(), CLOSE_MS);
  return { scope, isBound };
}
