import { expect } from "@jest/globals";

/** A title, a cleared screen (twice), a line drawn over, NUL, text that runs the other way. No "/": it is a file's name, too. */
export const EVIL = "\u001B]0;t\u0007\u001B[2J\u009B2J\r\u202Ez";
const SHOWN = "\\u001b]0;t\\u0007\\u001b[2J\\u009b2J\\u000d\\u202ez";
/** What no argument of a program and no name of a file can hold. */
export const NUL = "\u0000";

/** Nothing of it is obeyed by a terminal. */
export function expectObeyedByNone(text: string): void {
  expect(text.replaceAll(/[\n\t\P{Cc}]/gu, "")).toBe("");
  expect(text).not.toContain("\u202E");
}

/** Nothing of it is obeyed, and all of it is there to be read. */
export function expectShown(text: string): void {
  expectObeyedByNone(text);
  // JSON has a shorter name for a carriage return; a text that was escaped before is a text with backslashes to it.
  expect(text.replaceAll("\\\\", "\\").replaceAll("\\r", "\\u000d")).toContain(SHOWN);
}
