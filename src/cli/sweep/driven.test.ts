import { expect, test } from "@jest/globals";
import { memoryIo } from "../testing/memory-io.ts";
import { driven } from "./driven.ts";

/** Steps that go on until they are told that the budget is spent; what they made is their result. */
function* steps(): Generator<number, readonly number[], boolean | undefined> {
  const made: number[] = [];
  for (let at = 1; ; at += 1) {
    made.push(at);
    if ((yield at) === true) return made;
  }
}

const told = { textOf: (at: number) => `${at} done`, isSpent: (at: number) => at >= 3 };
const noEnd = { durationUs: Number.POSITIVE_INFINITY };

test("a sweep is told when its budget is used up, by what it did or by the time, and its result is handed on", async () => {
  const io = memoryIo();
  expect(await driven(steps(), told, noEnd, false, io)).toEqual([1, 2, 3]);
  expect(await driven(steps(), told, { durationUs: 0 }, false, io)).toEqual([1]);
  expect(io.printed()).toBe("");
});

test("a terminal has no line of it left at the end", async () => {
  const io = memoryIo();
  const drawn: (readonly [string, string | undefined])[] = [];
  await driven(steps(), told, noEnd, true, { ...io, columns: 30, out: (text, how) => void drawn.push([text, how]) });
  expect(drawn.at(-1)).toEqual(["", "redraw"]);
});
