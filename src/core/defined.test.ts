import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { defined } from "./defined.ts";

test("drops undefined members and keeps every other value, null, zero and empty text included", () => {
  const text: string | undefined = undefined;
  const kept = defined({ text, none: null, zero: 0, empty: "", no: false });
  expect(Object.keys(kept)).toEqual(["none", "zero", "empty", "no"]);
  expect("text" in kept).toBe(false);
});

test("never shows a member that is undefined, and never loses one that is not", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.option(fc.integer(), { nil: undefined })), (members) => {
      const wanted = Object.entries(members).filter(([, value]) => value !== undefined);
      expect(Object.entries(defined(members))).toEqual(wanted);
    }),
  );
});
