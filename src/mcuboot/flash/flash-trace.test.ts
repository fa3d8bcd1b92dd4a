import { describe, expect, test } from "@jest/globals";
import { FlashTrace } from "./flash-trace.ts";
import type { FlashOperation } from "./operation.ts";

const PAGE = 4096;
const erase = (page: number, pages = 1): FlashOperation => ({
  kind: "erase",
  offset: page * PAGE,
  bytes: pages * PAGE,
});
const write = (offset: number, bytes = 4): FlashOperation => ({ kind: "write", offset, data: new Uint8Array(bytes) });

describe("what a flash did", () => {
  test("is one stretch where operations of one kind follow one another, page after page", () => {
    const trace = new FlashTrace(PAGE);
    trace.take(erase(3), 0, 10);
    trace.take(erase(4), 10, 20);
    trace.take(write(4 * PAGE), 20, 21);
    trace.take(write(4 * PAGE + 4), 21, 22.4);
    trace.take(write(9 * PAGE), 23, 24);
    const { spans, passed } = trace.done();
    expect(spans).toEqual([
      { kind: "erase", firstPage: 3, lastPage: 4, fromUs: 0, toUs: 20, operations: 2 },
      { kind: "write", firstPage: 4, lastPage: 4, fromUs: 20, toUs: 22, operations: 2 },
      { kind: "write", firstPage: 9, lastPage: 9, fromUs: 23, toUs: 24, operations: 1 },
    ]);
    expect(passed).toBe(0);
  });

  test("is two stretches where the page has rested in between, and where the next page lies before", () => {
    const trace = new FlashTrace(PAGE);
    trace.take(write(PAGE), 0, 10);
    trace.take(write(PAGE + 4), 500_010, 500_020);
    trace.take(write(0), 500_020, 500_030);
    expect(trace.done().spans.map(({ operations }) => operations)).toEqual([1, 1, 1]);
  });

  test("counts each page of an erase, from one question to the next", () => {
    const trace = new FlashTrace(PAGE);
    trace.take(erase(2, 3), 0, 10);
    trace.take(erase(3), 10, 20);
    expect(trace.done().erases).toEqual([
      [2, 1],
      [3, 2],
      [4, 1],
    ]);
    expect(trace.done()).toEqual({ pageBytes: PAGE, spans: [], passed: 0, erases: [] });
  });

  test("is bounded: what comes after some thousand stretches is counted, and every erase all the same", () => {
    const trace = new FlashTrace(PAGE);
    for (let at = 0; at < 5_000; at += 1) trace.take(erase(at % 2 === 0 ? 1 : 7), at, at + 1);
    const { spans, passed, erases } = trace.done();
    expect([spans.length, passed]).toEqual([4_000, 1_000]);
    expect(erases).toEqual([
      [1, 2_500],
      [7, 2_500],
    ]);
  });
});
