import { expect, test } from "@jest/globals";
import { Cleanup } from "./cleanup.ts";

test("undoes in reverse, also when the body throws", async () => {
  const done: string[] = [];
  const body = async () => {
    await using undo = new Cleanup();
    undo.add("first", () => done.push("first"));
    undo.add("second", () => done.push("second"));
    throw new Error("body");
  };
  await expect(body()).rejects.toThrow("body");
  expect(done).toEqual(["second", "first"]);
});

test("a step that throws does not stop the others", async () => {
  const done: string[] = [];
  const failed: string[] = [];
  const undo = new Cleanup((step) => failed.push(step));
  undo.add("power on", () => done.push("power on"));
  undo.add("port", () => {
    throw new Error("gone");
  });
  await undo[Symbol.asyncDispose]();
  expect(done).toEqual(["power on"]);
  expect(failed).toEqual(["port"]);
});

test("an undo that was taken back is not run", async () => {
  const done: string[] = [];
  const undo = new Cleanup();
  const takeBack = undo.add("a", () => done.push("a"));
  takeBack();
  await undo[Symbol.asyncDispose]();
  expect(done).toEqual([]);
});
