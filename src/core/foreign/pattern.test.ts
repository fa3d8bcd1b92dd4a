import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { compilePattern, patternFault } from "./pattern.ts";

describe("a pattern", () => {
  test.each([
    ["Swap type: (test|perm)", "I: Swap type: test\n", 3, 18],
    [String.raw`Starting swap[^\n]*\n`, "I: Starting swap using move\nx", 3, 28],
    [String.raw`\d{2,3}\.\d`, "1 v22.7", 3, 7],
    [String.raw`a\/b\-\u0041`, "a/b-A", 0, 5],
    ["^E:", "E: x", 0, 2],
  ])("%s is found where JavaScript finds it", (source, text, start, end) => {
    expect(compilePattern(source).find(text)).toEqual({ start, end });
    const found = new RegExp(source).exec(text);
    expect([found?.index, (found?.index ?? 0) + (found?.[0].length ?? 0)]).toEqual([start, end]);
    expect(compilePattern(source).test("nothing")).toBe(false);
  });

  test("of letters, sets, choices and repeats means what JavaScript means by it", () => {
    const part = fc.constantFrom("a", "b", "[ab]", "(a|b)", "a*", "b+", "(ab)?", ".", "a{2}", "^", "$", String.raw`\d`);
    fc.assert(
      fc.property(
        fc.array(part, { minLength: 1, maxLength: 6 }),
        fc.string({ unit: fc.constantFrom("a", "b", "\n", "1") }),
        (parts, text) => {
          const found = new RegExp(parts.join("")).exec(text);
          const expected = found === null ? undefined : { start: found.index, end: found.index + found[0].length };
          expect(compilePattern(parts.join("")).find(text)).toEqual(expected);
        },
      ),
    );
  });

  test.each([
    ["(", "is no regular expression"],
    ["a(?=b)", "look-ahead"],
    ["(?<!a)b", "look-ahead and look-behind"],
    [String.raw`(a)\1`, "back references"],
    ["((a{100}){100}){10}", ""],
    ["a{900}b{900}", "counts too high"],
    ["", "an empty pattern"],
    ["x".repeat(1001), "too long"],
  ])("%s is refused when it is read", (source, why) => {
    expect(patternFault(source)).toContain(why);
  });

  test.each([[String.raw`\(?=`], ["[(?=]"], [String.raw`\\d`], ["(?<name>a)"]])("%s is none of those", (source) => {
    expect(patternFault(source)).toBeUndefined();
  });

  // JavaScript's own engine takes longer than the world has for each of these; a test that does not end fails.
  test.each([["(a+)+$"], ["(a|a)*b"], ["(a*)*b"], ["a*a*a*a*a*a*b"], ["(.*)*=(.*)*"]])(
    "%s does not hold a run",
    (source) => {
      expect(compilePattern(source).test(`${"a".repeat(4096)}!`)).toBe(false);
    },
  );
});
