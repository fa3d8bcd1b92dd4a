import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { concat, textOf, utf8 } from "../../core/index.ts";
import { stampedLines } from "./console-stamps.ts";

describe("time stamps of a console", () => {
  test("stand before each line: when its first byte came, in seconds since the start", () => {
    const stamp = stampedLines(1_000_000);
    const shown = [stamp(utf8("a\r\nb"), 1_500_000), stamp(utf8("c\n"), 2_000_001), stamp(utf8("d"), 13_000_000)];
    expect(shown.map(textOf)).toEqual(["[    0.500000] a\r\n[    0.500000] b", "c\n", "[   12.000000] d"]);
  });

  test("change no byte of the stream, however it is cut into pieces", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 20 })), (pieces) => {
        const stamp = stampedLines(0);
        const shown = textOf(
          concat(
            ...pieces.map((piece) =>
              stamp(
                piece.map((byte) => (byte === 0x5b ? 0 : byte)),
                0,
              ),
            ),
          ),
        );
        const plain = shown.replaceAll("[    0.000000] ", "");
        expect(plain).toBe(textOf(concat(...pieces.map((piece) => piece.map((byte) => (byte === 0x5b ? 0 : byte))))));
      }),
    );
  });
});
