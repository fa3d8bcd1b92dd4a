import { expect, test } from "@jest/globals";
import { inLanes, lanesOf } from "./lanes.ts";

test("one board's cells stay in their order, and lanes go on beside one another", async () => {
  const lanes = lanesOf(["a1", "b1", "a2", "b2"], (name) => name.charAt(0));
  expect(lanes).toEqual([
    ["a1", "a2"],
    ["b1", "b2"],
  ]);
  const told: string[] = [];
  const ends = new Map<string, () => void>();
  const done = inLanes(lanes, (name) => {
    told.push(name);
    return new Promise<void>((resolve) => ends.set(name, resolve));
  });
  const end = async (name: string) => {
    ends.get(name)?.();
    await Promise.resolve().then(() => {});
  };
  expect(told).toEqual(["a1", "b1"]);
  await end("b1");
  expect(told).toEqual(["a1", "b1", "b2"]);
  await end("a1");
  expect(told).toEqual(["a1", "b1", "b2", "a2"]);
  await end("a2");
  await end("b2");
  await done;
});

test("without a key that tells them apart there is one lane", () => {
  expect(lanesOf([1, 2, 3], () => 0)).toEqual([[1, 2, 3]]);
});
