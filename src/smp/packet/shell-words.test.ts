import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { shellHandlers } from "../server/shell-server.ts";
import { shellWords } from "./shell-words.ts";

describe("words of a shell's line", () => {
  test.each([
    [`"kernel" 'version'`, ["kernel", "version"]],
    [`a"b c"d`, ["ab cd"]],
    [String.raw`kern\el\ version`, ["kernel version"]],
    [String.raw`"\x41\0102" "a\qb" 'a\'b'`, ["AB", "a\\qb", "a'b"]],
    [String.raw`"\xc3\xbc"`, ["ü"]],
    [`"" x`, ["", "x"]],
    ["a\tb\nc", ["a", "b", "c"]],
    ["nope\0x", ["nope"]],
    ["a\\", ["a"]],
    ["  ", []],
  ])("of %j are %j", (line, words) => {
    expect(shellWords(line)).toEqual({ words });
  });

  test("say which quotation mark is open, and in which word", () => {
    expect(shellWords(`a 'b "c`)).toEqual({ words: ["a", 'b "c'], open: { mark: "'", word: 1 } });
  });

  test("are whatever was put into quotes", () => {
    const word = fc.string({ unit: fc.constantFrom(...Array.from("ab é\t;$'")) });
    fc.assert(
      fc.property(fc.array(word, { minLength: 1 }), (words) => {
        expect(shellWords(words.map((text) => `"${text}"`).join(" "))).toEqual({ words });
      }),
    );
  });

  test("end, whatever the line", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...Array.from("a \\\"'x0\0")) }), (line) => {
        const { words, open } = shellWords(line);
        expect(words.length).toBeLessThanOrEqual(line.length);
        if (open) expect(open.word).toBe(words.length - 1);
      }),
    );
  });
});

describe("the shell of a server", () => {
  const { shell } = shellHandlers({
    kernel: { help: "Kernel commands", sub: { v: { help: "V.", run: () => "1.0" } } },
  });
  const said = (line: string) => shell?.({ argv: [line] }, { version: 2, receivedAtUs: 0, afterAnswer: () => {} });
  const red = (text: string) => `\u001B[1;31m${text}\r\n\u001B[m`;

  test.each([
    ["kernel v extra", "\r\n1.0\r\n", 0],
    ["kernel", "\r\nkernel - Kernel commands\r\nSubcommands:\r\n  v  : V.\r\n", 1],
    ["kernel v -h", "\r\nv - V.\r\n", 1],
    ["nope a", `\r\n${red("nope: command not found")}`, -8],
    ['nope "a', `\r\n${red("nope: command not found")}${red('not terminated: "')}`, -8],
    ['kernel v "', `\r\n${red('not terminated: "')}`, -8],
    ["", "\r\n", -8],
  ])("%j", (line, o, ret) => {
    expect(said(line)).toEqual({ o, ret });
  });

  test("takes lines of 255 bytes, and refuses longer ones by a code of its own", () => {
    expect(said("x".repeat(255))).toMatchObject({ ret: -8 });
    expect(() => said("x".repeat(256))).toThrow(expect.objectContaining({ group: 9, code: 2 }));
  });
});
