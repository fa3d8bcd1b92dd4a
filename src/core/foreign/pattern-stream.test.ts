import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { utf8 } from "../bytes.ts";
import { PatternStream } from "./pattern-stream.ts";

/** Where the pattern ends in a text that comes in pieces of so many bytes. */
function endIn(source: string, text: string, pieceBytes: number): number | undefined {
  const stream = new PatternStream(source);
  const bytes = utf8(text);
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    const found = stream.feed(bytes.subarray(at, at + pieceBytes));
    if (found !== undefined) return at + found;
  }
  return undefined;
}

describe("a pattern in bytes as they come", () => {
  test("ends with the first byte with which JavaScript finds it, however the bytes are cut", () => {
    const part = fc.constantFrom(
      "a",
      "b",
      "[ab]",
      "(a|b)",
      "a*",
      "b+",
      "(ab)?",
      ".",
      "a{2}",
      String.raw`\d`,
      "(?:a|b1)+",
    );
    fc.assert(
      fc.property(
        fc.array(part, { minLength: 1, maxLength: 6 }),
        fc.string({ unit: fc.constantFrom("a", "b", "\n", "1"), maxLength: 20 }),
        fc.integer({ min: 1, max: 7 }),
        (parts, text, pieceBytes) => {
          const wanted = new RegExp(parts.join(""));
          const ends = Array.from(text, (_, at) => at).find((at) => wanted.test(text.slice(0, at + 1)));
          expect(endIn(parts.join(""), text, pieceBytes)).toBe(ends);
        },
      ),
    );
  });

  test.each([
    [String.raw`\bswap\b`, "swapping a swap now", 14],
    [String.raw`^E:`, "E: x", 1],
    [String.raw`^E:`, "I: E: x", undefined],
    [String.raw`(?:^|\n)E:`, "I: x\nE: x", 6],
    [String.raw`\xe9`, "caf\u00c3\u00a9", undefined],
    ["(?i)SWAP", "a sWap", 5],
  ])("%s in %j ends at %j", (source, text, at) => {
    for (const pieceBytes of [100]) expect(endIn(source, text, pieceBytes)).toBe(at);
  });

  test("a dollar is the end of what has come", () => {
    const stream = new PatternStream("ab$");
    expect(stream.feed(utf8("abc"))).toBeUndefined();
    expect(stream.feed(utf8("ab"))).toBe(1);
  });

  // Followed without a memory each of these takes milliseconds for a hundred bytes; a log of megabytes would not end.
  test.each([["(a+)+\\d"], ["[a-z]{1,200}\\d"], ["(a?){150}\\d"], ["(\\w\\w?){100}\\d"], ["(a|aa|[a-c]*){40}\\d"]])(
    "%s goes through megabytes of a hostile log",
    (source) => {
      const stream = new PatternStream(source);
      const log = utf8("a".repeat(65_536));
      for (let piece = 0; piece < 100; piece += 1) expect(stream.feed(log)).toBeUndefined();
      expect(stream.feed(utf8("1"))).toBe(0);
    },
  );
});
