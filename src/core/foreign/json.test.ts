import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { jsonIn, parseJson } from "./json.ts";

const nested = (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`;

describe("JSON of somebody else", () => {
  test("is what JSON.parse makes of it", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(parseJson(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  test("is refused when it nests so deep that what looks at it would end in no error of ours", () => {
    expect(parseJson(nested(64))).toBeDefined();
    for (const text of [nested(65), nested(100_000), '{"a":'.repeat(70), `[{"a":"\\\\"},${nested(64)}]`])
      expect(() => parseJson(text)).toThrow(new SyntaxError("it nests deeper than 64 levels"));
  });

  test("may hold any number of brackets in its texts, also behind quotes and backslashes", () => {
    const texts = ["[".repeat(200), `\\"${"{".repeat(200)}`, `\\\\${"[".repeat(200)}`, `${"[".repeat(200)}\\`];
    expect(parseJson(JSON.stringify(texts))).toEqual(texts);
    expect(parseJson(JSON.stringify(Array.from({ length: 200 }, () => [[]])))).toHaveLength(200);
  });

  test("is undefined where a text that is none says nothing", () => {
    expect(jsonIn('{"a":1}')).toEqual({ a: 1 });
    expect(jsonIn('{"a":')).toBeUndefined();
    expect(jsonIn(nested(65))).toBeUndefined();
    expect(() => parseJson(`"${"[".repeat(100)}`)).toThrow(SyntaxError);
  });
});
