import { afterAll, beforeAll } from "@jest/globals";

/**
 * A bench for all tests of a suite: opened before the first, closed after the last.
 * @param timeoutMs for opening and for closing.
 * @returns the bench, while the suite's tests run.
 */
export function benchOfSuite<T extends AsyncDisposable>(open: () => Promise<T>, timeoutMs: number): () => T {
  let bench: T | undefined;
  beforeAll(async () => {
    bench = await open();
  }, timeoutMs);
  afterAll(async () => {
    await bench?.[Symbol.asyncDispose]();
  }, timeoutMs);
  return () => {
    if (bench === undefined) throw new RangeError("a suite's bench is there while its tests run");
    return bench;
  };
}
