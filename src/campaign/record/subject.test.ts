import { describe, expect, test } from "@jest/globals";
import { cutNumber, type Subject, subjectOf, subjectText } from "./subject.ts";

const ROWS: readonly (readonly [Subject, string, number | undefined])[] = [
  [{ kind: "cut", in: "boot", index: 17 }, "cut 17", 17],
  [{ kind: "cut", in: "upload", index: 3 }, "upload cut 3", 3],
  [{ kind: "cut", in: "request", index: 4 }, "request cut 4", 4],
  [{ kind: "later boot", boot: 2, cut: 8 }, "boot 2 after cut 8", 8],
  [{ kind: "upload again", cut: 5 }, "upload after cut 5", 5],
  [{ kind: "request again" }, "request made again", undefined],
  [{ kind: "upgrade" }, "uninterrupted upgrade", undefined],
  [{ kind: "revert" }, "revert of an unconfirmed image", undefined],
  [{ kind: "network update" }, "uninterrupted update of the network core", undefined],
  [{ kind: "upgrade without boot" }, "upgrade to an image that does not boot", undefined],
  [{ kind: "revert without boot" }, "revert of an image that did not boot", undefined],
];

describe("what a verdict is about", () => {
  test.each(ROWS)("%j is written as records of 0.1.0 have it", (subject, text) => {
    expect(subjectText(subject)).toBe(text);
  });

  test.each(ROWS)("%j is read again from its text", (subject, text) => {
    expect(subjectOf(text)).toEqual(subject);
  });

  test.each(["cut", "cut 1 of 2", "reset cut 3", "cut 12345678901234567890", "boot 1 after cut", ""])(
    "%j is no subject's text",
    (text) => {
      expect(subjectOf(text)).toBeUndefined();
    },
  );

  test.each(ROWS)("%j (%s) belongs to cut %s", (subject, _, number) => {
    expect(cutNumber(subject)).toBe(number);
  });
});
