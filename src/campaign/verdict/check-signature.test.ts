import { expect, test } from "@jest/globals";
import { line, outcomeOf, shown } from "../testing/shown-boots.ts";
import { checkSignature, LOG_SIGNATURES } from "./check-signature.ts";

test.each(LOG_SIGNATURES)("the line of $defect fails a board whose slots are right, and says why", (row) => {
  for (const encrypted of [true, false]) {
    const seen = shown({ encrypted, lines: [line("…", row.event)] });
    expect(checkSignature(seen)).toEqual({ ending: "wrong image", because: row.because({ encrypted }) });
  }
});

test("where the slots are wrong, too, their ending stays", () => {
  const [row] = LOG_SIGNATURES;
  const seen = shown({ slots: ["2.0.0 active", undefined], lines: [line("…", row?.event)] });
  expect(checkSignature(seen)?.ending).toBe("wrong slots");
});

test("no other line gives anything away", () => {
  expect(checkSignature(shown({ lines: [line("I: Starting bootloader", "starting bootloader")] }))).toBeUndefined();
});

test("an outcome of the model does not matter to it", () => {
  expect(checkSignature(shown({}, [outcomeOf(["3.0.0 active"])]))).toBeUndefined();
});
