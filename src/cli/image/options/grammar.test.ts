import { describe, expect, test } from "@jest/globals";
import { hex } from "../../../core/index.ts";
import {
  oneOf,
  parseCustomValue,
  parseDependencies,
  parseHeaderSize,
  parseInteger,
  parseNameSuffix,
  parseSecurityCounter,
  parseVersionText,
} from "./grammar.ts";

describe("integers", () => {
  test.each([
    ["512", 512],
    ["0x200", 512],
    ["0X200", 512],
    ["0o1000", 512],
    ["0b1000000000", 512],
    ["1_000", 1000],
    [" 7 ", 7],
    ["-5", -5],
    ["+5", 5],
    ["00", 0],
    ["0xffffffff", 0xffff_ffff],
  ])("%j is %i, as Python reads it", (text, value) => {
    expect(parseInteger(text)).toBe(value);
  });

  test.each(["", "12k", "012", "1.5", "0x", "1__0", "_1", "1e3", "xyz"])("%j is none", (text) => {
    expect(() => parseInteger(text)).toThrow(/is not a valid integer. Please use code literals/);
  });
});

describe("dependencies", () => {
  test("are read one after the other, with blanks and commas between", () => {
    expect(parseDependencies("(0, 1.2.3+4),(1,2.0.0)")).toEqual([
      { image: 0, version: { major: 1, minor: 2, revision: 3, build: 4 } },
      { image: 1, version: { major: 2, minor: 0, revision: 0, build: 0 } },
    ]);
  });

  test("with a number in hex mean that image, not image 0", () => {
    expect(parseDependencies("(0x1,1.0.0)")[0]?.image).toBe(1);
  });

  test.each([
    ["(1,1.2.3", /mismatch/],
    ["(1)", /mismatch/],
    ["1,1.2.3", /format is invalid/],
    ["(a,1.0.0)", /format is invalid/],
    ["(1,1..2)", /Invalid version/],
    ["(1,1.2.3.4)", /Invalid version/],
  ])("%s is refused", (text, reason) => {
    expect(() => parseDependencies(text)).toThrow(reason);
  });
});

test("custom values are bytes after a lower-case 0x, and text else", () => {
  expect(hex(parseCustomValue("0xDEad"))).toBe("dead");
  expect(hex(parseCustomValue("0X11"))).toBe("30583131");
  expect(parseCustomValue("")).toHaveLength(0);
  expect(() => parseCustomValue("0x123")).toThrow(/odd/);
  expect(() => parseCustomValue("0xzz")).toThrow(/not hex/);
});

test("a security counter is auto in any case, or a number", () => {
  expect([parseSecurityCounter("AUTO"), parseSecurityCounter("0b101")]).toEqual(["auto", 5]);
});

test("a header is at least 32 bytes, and auto means 32", () => {
  expect(parseHeaderSize("auto")).toBe(32);
  expect(() => parseHeaderSize("0x10")).toThrow(/Minimum value/);
});

test("a line end after a version does not matter", () => {
  expect(parseVersionText("1.2.3\n").revision).toBe(3);
});

test("a word must be one of those that are known", () => {
  const parse = oneOf("little", "big");
  expect(parse("big")).toBe("big");
  expect(() => parse("Big")).toThrow("'Big' is not one of 'little', 'big'.");
});

test("a suffix must fit a name in C", () => {
  expect(parseNameSuffix("_2")).toBe("_2");
  expect(() => parseNameSuffix("-2")).toThrow(/must contain only/);
});
