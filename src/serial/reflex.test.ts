import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { utf8 } from "../core/index.ts";
import { Reflex } from "./reflex.ts";

const AWAITED = "06 answer\n";

/** How often the reply was written after these pieces came. */
function replies(pieces: readonly string[], cancelled = false): number {
  let written = 0;
  const reflex = new Reflex(utf8(AWAITED), async () => void (written += 1));
  if (cancelled) reflex.cancel();
  for (const piece of pieces) reflex.hear(utf8(piece));
  expect(reflex.written !== undefined).toBe(written > 0);
  return written;
}

describe("a reply by reflex", () => {
  test.each([
    [[AWAITED], 1],
    [["06 an", "swer", "\n"], 1],
    [["I: log line\n06 answer\nmore"], 1],
    [["of a line\n", AWAITED], 1],
    [[AWAITED, AWAITED], 1],
    [["06 answer"], 0],
    [["06 answer\r\n"], 0],
    [["uart:~$ 06 answer\n"], 0],
    [["06 ans06 answer\n"], 0],
    [["06 another\n"], 0],
  ])("%j: written %i times", (pieces, times) => {
    expect(replies(pieces)).toBe(times);
  });

  test("is not written any more once it was cancelled", () => {
    expect(replies([AWAITED], true)).toBe(0);
  });

  test("comes exactly when the awaited line is among those that came, however they were cut", () => {
    const line = fc.constantFrom("06 answer", "06 answer!", "", "06 ", "answer", "log 06 answer");
    const streams = fc.tuple(fc.array(line, { maxLength: 8 }), fc.infiniteStream(fc.integer({ min: 1, max: 7 })));
    fc.assert(
      fc.property(streams, ([lines, cuts]) => {
        const text = lines.map((each) => `${each}\n`).join("");
        const pieces: string[] = [];
        for (let at = 0; at < text.length; ) {
          const length = cuts.next().value ?? 1;
          pieces.push(text.slice(at, at + length));
          at += length;
        }
        expect(replies(pieces)).toBe(lines.includes("06 answer") ? 1 : 0);
      }),
    );
  });
});
