import { generateKeyPairSync } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { complaintText, terminalText } from "./terminal-text.ts";

describe("text for a terminal", () => {
  test.each([
    ["an operating system command", "\u001B]0;title\u0007", "\\u001b]0;title\\u0007"],
    ["CSI", "\u001B[2J", "\\u001b[2J"],
    ["CSI in one character", "\u009B2J", "\\u009b2J"],
    ["a carriage return", "PASS\rFAIL", "PASS\\u000dFAIL"],
    ["NUL and backspace", "a\0b\b", "a\\u0000b\\u0008"],
    ["direction of text", "a\u202Eb\u2066c\u200Fd", "a\\u202eb\\u2066c\\u200fd"],
    ["tags", "a\u{E0041}b", "a\\udb40\\udc41b"],
    ["lines, tabs, and letters of any script", "ä\tж\n漢😀", "ä\tж\n漢😀"],
  ])("holds %s as characters to read", (_, text, shown) => {
    expect(terminalText(text)).toBe(shown);
  });

  test("is the same when it is escaped twice, holds no control character, and JSON stays the same document", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const once = terminalText(text);
        expect(terminalText(once)).toBe(once);
        expect(once.replaceAll(/[\n\t\P{Cc}]/gu, "")).toBe("");
        expect(JSON.parse(terminalText(JSON.stringify([text])))).toEqual([text]);
      }),
    );
  });

  test("is preceded by what the program itself wants of the terminal, by name", () => {
    expect(terminalText("\r\u001B[2Kx", "redraw")).toBe("\r\u001B[2K\\u000d\\u001b[2Kx");
    expect(terminalText("x", "over")).toBe("\rx");
  });
});

describe("a complaint", () => {
  const key = "-----BEGIN EC PRIVATE KEY-----\nMIGHAgEA+/==\n-----END EC PRIVATE KEY-----";

  test.each([
    ["whole", key],
    ["in one line", key.replaceAll("\n", " ")],
    ["without its end", key.slice(0, 45)],
  ])("does not repeat a private key that was typed %s", (_, typed) => {
    const text = complaintText(`key file ${typed} does not exist.`);
    expect(text).not.toContain("MIGH");
    expect(text).toContain("(a private key: name the file it is in, not its text)");
  });

  test.each([
    ["ec", "pkcs8", { namedCurve: "P-256" }],
    ["ec", "sec1", { namedCurve: "P-384" }],
    ["rsa", "pkcs1", { modulusLength: 2048 }],
    ["rsa", "pkcs8", { modulusLength: 2048 }],
    ["ed25519", "pkcs8", {}],
    ["x25519", "pkcs8", {}],
  ] as const)("does not repeat the body of a private key, %s in %s, without its first line", (kind, type, options) => {
    const { privateKey } = generateKeyPairSync(kind as "rsa", options as { modulusLength: number });
    const body = privateKey.export({ format: "der", type: type as "pkcs8" }).toString("base64");
    expect(complaintText(`key file ${body} does not exist.`)).toBe(
      "key file (a private key: name the file it is in, not its text) does not exist.",
    );
  });

  test("repeats long paths and hashes", () => {
    const text = `/home/Me/${"Measured/".repeat(9)}x.bin ${"0a".repeat(32)}`;
    expect(complaintText(text)).toBe(text);
  });

  test("goes on after the key", () => {
    expect(complaintText(`key file ${key} does not exist. Check the path.`)).toMatch(
      /text\) does not exist\. Check the path\.$/,
    );
  });
});

test.each([
  ['"tcp:me:pass@127.0.0.1:1" is no port', '"tcp:…@127.0.0.1:1" is no port'],
  ["GET http://me:pass@host/on failed", "GET http://…@host/on failed"],
  ["lab.yaml, line 3: a@b.c is at http://x:80/y@z", "lab.yaml, line 3: a@b.c is at http://x:80/y@z"],
])("a complaint does not repeat a login that was typed: %s", (typed, shown) => {
  expect(complaintText(typed)).toBe(shown);
});
