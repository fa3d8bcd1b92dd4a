import { afterEach, describe, expect, jest, test } from "@jest/globals";
import { processIo } from "./process-io.ts";

const EVIL = "\u001B]0;title\u0007\u009B2J\r\0\u202Etxt\n";
const SHOWN = "\\u001b]0;title\\u0007\\u009b2J\\u000d\\u0000\\u202etxt\n";

/** What reaches a stream of this process while something is done. */
function written(stream: NodeJS.WriteStream, act: () => void): string {
  let text = "";
  jest.spyOn(stream, "write").mockImplementation((more) => {
    text += String(more);
    return true;
  });
  act();
  return text;
}

afterEach(() => void jest.restoreAllMocks());

describe("the door to the terminal", () => {
  const io = processIo(new AbortController().signal);

  test("shows control characters instead of sending them, on both outputs", () => {
    expect(written(process.stdout, () => io.out(EVIL))).toBe(SHOWN);
    expect(written(process.stderr, () => io.err(EVIL))).toBe(SHOWN);
  });

  test("sends what the program asks of the terminal by name", () => {
    expect(written(process.stdout, () => io.out(EVIL, "redraw"))).toBe(`\r\u001B[2K${SHOWN}`);
  });

  test("repeats no private key in a complaint; a key that was asked for is printed", () => {
    const key = "-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----\n";
    expect(written(process.stderr, () => io.err(`key file ${key}`))).not.toContain("MIGH");
    expect(written(process.stdout, () => io.out(key))).toBe(key);
  });
});
