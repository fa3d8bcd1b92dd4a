import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { tagTest } from "./tags.ts";

const fits = (on: string, ...tags: string[]) => tagTest(on)(new Set(tags));

describe("what a job wants of its board", () => {
  test.each([
    ["", [], true],
    ["twin", ["twin"], true],
    ["twin", ["hardware"], false],
    ["twin & net", ["twin"], false],
    ["twin & net", ["twin", "net"], true],
    ["a | b & c", ["a"], true],
    ["(a | b) & c", ["a"], false],
    ["!a", ["b"], true],
    ["!(a | b)", ["b"], false],
    ["! !a", ["a"], true],
    ["2.4.0+x & swap-move", ["2.4.0+x", "swap-move"], true],
  ])("%j of a board with %j is %s", (on, tags, expected) => {
    expect(fits(on, ...tags)).toBe(expected);
  });

  test.each([
    ["a &", /a tag is missing, at character 4/],
    ["(a", /"\)" is missing/],
    ["a b", /"b" is too much/],
    ["a; drop", /"; drop" is too much/],
    ["!".repeat(30), /nests deeper than 20/],
    ["a".repeat(501), /more than 500 characters/],
  ])("%j is refused with its place", (on, message) => {
    expect(() => tagTest(on)).toThrow(message);
  });

  test("any text is a wish or a UsageError", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."a b & | ! ( )".split(" "), " ") }), (text) => {
        try {
          tagTest(text)(new Set(["a"]));
        } catch (error) {
          expect(error).toMatchObject({ kind: "usage" });
        }
      }),
    );
  });
});
