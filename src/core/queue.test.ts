import { expect, test } from "@jest/globals";
import { Queue } from "./queue.ts";

async function all<T>(queue: Queue<T>): Promise<T[]> {
  const out: T[] = [];
  for await (const item of queue) out.push(item);
  return out;
}

test("gives every value in order, queued before and after the consumer came", async () => {
  const queue = new Queue<number>();
  queue.push(1);
  const taken = all(queue);
  queue.push(2);
  queue.end();
  expect(await taken).toEqual([1, 2]);
});

test("over its limit it drops and counts, and does not grow", async () => {
  const queue = new Queue<number>(2);
  expect([1, 2, 3, 4].map((item) => queue.push(item))).toEqual([true, true, false, false]);
  expect(queue.dropped).toBe(2);
  queue.end();
  expect(await all(queue)).toEqual([1, 2]);
});

test("a failure comes after what was queued before it", async () => {
  const queue = new Queue<number>();
  queue.push(1);
  queue.end({ reason: new Error("unplugged") });
  const seen: number[] = [];
  const consume = async () => {
    for await (const item of queue) seen.push(item);
  };
  await expect(consume()).rejects.toThrow("unplugged");
  expect(seen).toEqual([1]);
});
