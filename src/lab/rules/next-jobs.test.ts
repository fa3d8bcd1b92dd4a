import { expect, test } from "@jest/globals";
import { nextJobs } from "./next-jobs.ts";

const job = (number: number, who: string, more: { priority?: number; notOn?: string[]; on?: string } = {}) => ({
  ...{ number, who, priority: 0, notOn: [] as string[], on: "" },
  ...more,
});
const boards = [{ name: "a" }, { name: "b" }];
const next = (jobs: readonly ReturnType<typeof job>[], running = new Map<string, number>()) =>
  [
    ...nextJobs(
      jobs,
      boards,
      running,
      ({ on }) =>
        (board) =>
          on === "" || on === board.name,
    ),
  ].map(([board, { number }]) => `${board} ${number}`);

test("a job is told of one board, the one with the highest priority first", () => {
  expect(next([job(1, "ann"), job(2, "ann", { priority: 3 }), job(3, "ann")])).toEqual(["a 2", "b 1"]);
});

test("whoever has nothing running comes before whoever has", () => {
  expect(next([job(1, "ann"), job(2, "bob")], new Map([["ann", 1]]))).toEqual(["a 2", "b 1"]);
});

test("a job is not told of a board that does not fit it, nor of one whose bench failed it", () => {
  expect(next([job(1, "ann", { on: "b" }), job(2, "ann", { notOn: ["a"] })])).toEqual(["b 1"]);
});
