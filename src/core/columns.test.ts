import { expect, test } from "@jest/globals";
import { columns } from "./columns.ts";

test("each column is as wide as its longest cell, lines end with their last letter, and a row may be short", () => {
  expect(columns([["a", "bb", "c"], ["aaaa", ""], ["x"], []])).toEqual(["a     bb  c", "aaaa", "x", ""]);
});
