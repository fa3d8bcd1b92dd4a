import { expect, jest, test } from "@jest/globals";
import { abortable } from "./abortable.ts";

test("work that ends first leaves no listener on the signal", async () => {
  const stop = new AbortController();
  const [add, remove] = [jest.spyOn(stop.signal, "addEventListener"), jest.spyOn(stop.signal, "removeEventListener")];
  expect(await abortable(Promise.resolve(7), stop.signal)).toBe(7);
  expect([add.mock.calls.length, remove.mock.calls.length]).toEqual([1, 1]);
});

test("a signal that comes first throws its reason, and the work's own end is nobody's", async () => {
  const stop = new AbortController();
  let fail = (_reason: Error) => {};
  const work = new Promise<never>((_, reject) => {
    fail = reject;
  });
  const waiting = expect(abortable(work, stop.signal)).rejects.toThrow("enough");
  stop.abort(new Error("enough"));
  fail(new Error("late"));
  await waiting;
});

test("a signal that has come already throws at once; without a signal the work is waited for", async () => {
  await expect(abortable(new Promise(() => {}), AbortSignal.abort(new Error("before")))).rejects.toThrow("before");
  await expect(abortable(Promise.reject(new Error("failed")), undefined)).rejects.toThrow("failed");
});
