import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { filledTemplate, unsetIn, unsetText } from "./labgrid-templates.ts";
import { exactAnswer, filledFormat, wholeAnswer } from "./labgrid-web.ts";
import { commandWords } from "./words.ts";

describe("words of a command line", () => {
  test.each([
    ["a \"b c\"d 'e'", ["a", "b cd", "e"]],
    [String.raw`relay\ tool --off ""`, ["relay tool", "--off", ""]],
    [String.raw`"{\"on\":true}" "\$x" 'a\'b`, ['{"on":true}', String.raw`\$x`, String.raw`a\b`]],
    ["  \t\n ", []],
    ["''", [""]],
    ["# no comment", ["#", "no", "comment"]],
  ])("%j are %j", (line, words) => {
    expect(commandWords(line)).toEqual(words);
  });

  test.each(['"open', "'open", "end\\"])("%j is no command line", (line) => {
    expect(commandWords(line)).toBeUndefined();
  });

  test("any words come back from their quoted form", () => {
    const quoted = (word: string) => `'${word.replaceAll("'", String.raw`'\''`)}'`;
    fc.assert(
      fc.property(fc.array(fc.string()), (words) => {
        expect(commandWords(words.map(quoted).join(" "))).toEqual(words);
      }),
    );
  });
});

describe("templates and formats of Python", () => {
  test("variables by both spellings, a doubled dollar, and CHANGE for one that is not set", () => {
    const text = filledTemplate("$A-${A}b-$$A-$B/x-$", { A: "1" });
    expect(text).toBe("1-1b-$A-CHANGE-B/x-$");
    expect(unsetIn({ deep: [text] })).toEqual(["B"]);
  });

  test("a variable that is a secret by its name stays out, whatever it holds", () => {
    const text = filledTemplate("curl -H $LG_TOKEN ${RELAY_PASSWORD}", {
      LG_TOKEN: "hunter2",
      RELAY_PASSWORD: "hunter2",
    });
    expect(text).toBe("curl -H CHANGE-LG_TOKEN CHANGE-RELAY_PASSWORD");
    expect(unsetText(unsetIn(text))).toContain("LG_TOKEN is a secret by its name");
  });

  test.each([
    ["/r/{index}/{value}", "/r/3/1"],
    ["/r/{index:02d}{{x}}", "/r/03{x}"],
    ["/r/{other}", undefined],
    ["/r/{index!r}", undefined],
  ])("%s is %s", (template, filled) => {
    expect(filledFormat(template, { index: 3, value: 1 })).toBe(filled);
  });

  test("a pattern must match the whole answer; one of Python's own is not taken", () => {
    expect(new RegExp(wholeAnswer("on.*|yes") ?? "x").test("yes, on")).toBe(false);
    expect(wholeAnswer("(?P<state>on)")).toBeUndefined();
    expect(wholeAnswer("(")).toBeUndefined();
    fc.assert(
      fc.property(fc.string({ maxLength: 20 }), fc.string({ maxLength: 20 }), (text, other) => {
        const pattern = new RegExp(exactAnswer(text) ?? "");
        expect(pattern.test(text)).toBe(true);
        expect(pattern.test(other)).toBe(text === other);
      }),
    );
  });
});
