import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { fromHex, hex } from "../../core/index.ts";
import { type CborMap, decodeMap, encodeMap } from "./cbor.ts";
import { CborFault } from "./cbor-scan.ts";
import { bool, bytes, list, map, optional, readFields, ShapeFault, text, uint, writeFields } from "./shape.ts";

describe("what is sent", () => {
  test.each([
    [{}, "a0", "bfff"],
    [{ d: "hello" }, "a161646568656c6c6f", "bf61646568656c6c6fff"],
    [{ off: 0, data: Uint8Array.of(1, 2) }, "a2636f6666006464617461420102", "bf636f6666006464617461420102ff"],
    [{ rc: -1, a: true, b: false, c: null }, "a4627263206161f56162f46163f6", "bf627263206161f56162f46163f6ff"],
    [{ n: [1, 24, 256, 65_536, 2 ** 32] }, "a1616e850118181901001a000100001b0000000100000000", undefined],
    [{ gone: undefined, kept: 1 }, "a1646b65707401", "bf646b65707401ff"],
  ])("%o, in definite and in indefinite form", (value: CborMap, definite, indefinite) => {
    expect(hex(encodeMap(value))).toBe(definite);
    if (indefinite !== undefined) expect(hex(encodeMap(value, "indefinite"))).toBe(indefinite);
  });

  test("maps of 24 and of 300 keys get longer heads", () => {
    const keys = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, index]));
    expect(hex(encodeMap(keys(24))).slice(0, 4)).toBe("b818");
    expect(hex(encodeMap(keys(300))).slice(0, 6)).toBe("b9012c");
    expect(decodeMap(encodeMap(keys(300)))).toEqual(keys(300));
  });
});

describe("what is taken", () => {
  test.each([
    ["a definite map", "a1616101", { a: 1 }],
    ["an indefinite map and list", "bf61619f0102ffff", { a: [1, 2] }],
    ["integers that are not in their shortest form", "a161611b0000000000000005", { a: 5 }],
    ["a 64-bit integer", "a161611bffffffffffffffff", { a: 18_446_744_073_709_551_615n }],
    ["a half float", "a16161f93c00", { a: 1 }],
    ["a key of prototypes under another name", "a1695f5f70726f746f5f5f01", { __proto_: 1 }],
  ])("%s", (_name, bytes, value) => {
    const decoded = decodeMap(fromHex(bytes));
    if (value) expect(decoded).toEqual(value);
    expect(Object.getPrototypeOf(decoded)).toBe(Object.prototype);
  });

  test("bytes after the map only when they may be there", () => {
    expect(decodeMap(fromHex("a1616101ff"), { trailing: "ignore" })).toEqual({ a: 1 });
    expect(() => decodeMap(fromHex("a1616101ff"))).toThrow("1 bytes after the map at byte 4");
  });

  test.each([
    ["nothing", "", "no map at byte 0"],
    ["a list", "80", "no map at byte 0"],
    ["a key twice", "a2616101616102", 'key "a" twice'],
    ["a key that is a number", "a10101", "a key that is not text"],
    ["a string in pieces", "a161617f6161ff", "a string in pieces"],
    ["bytes in pieces", "a161615f4161ff", "a string in pieces"],
    ["a tag", "a16161c11a514b67b0", "a tag"],
    ["an end without a beginning", "a16161ff", "an end without a beginning"],
    ["a reserved length", "a161611c", "a reserved length"],
    ["a map of 2^32 entries", "baffffffff", "the end of the data"],
    ["text longer than the data", "a161617a7fffffff", "a string of 2147483647 bytes beyond the end"],
    ["a hundred levels", `a16161${"81".repeat(100)}01`, "more than 16 levels"],
    ["an unknown simple value", "a16161e0", "an unknown simple value"],
  ])("not %s", (_name, bytes, problem) => {
    expect(() => decodeMap(fromHex(bytes))).toThrow(problem);
  });

  test("no truncation, and no bytes at all, throw anything but a CborFault", () => {
    const whole = encodeMap({ images: [{ slot: 0, hash: new Uint8Array(32), version: "1.2.3", active: true }] });
    const decode = (bytes: Uint8Array) => {
      try {
        return typeof decodeMap(bytes);
      } catch (error) {
        return error instanceof CborFault ? "fault" : error;
      }
    };
    for (let end = 0; end < whole.length; end += 1) expect(decode(whole.subarray(0, end))).toBe("fault");
    fc.assert(fc.property(fc.uint8Array(), (bytes) => expect(["fault", "object"]).toContain(decode(bytes))));
  });

  test("what was sent, in either form", () => {
    const leaf = fc.oneof(
      fc.maxSafeInteger(),
      fc.boolean(),
      fc.string({ unit: "grapheme" }),
      fc.uint8Array(),
      fc.constant(null),
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.dictionary(fc.stringMatching(/^[a-z_]{1,8}$/), fc.oneof(leaf, fc.array(leaf), tie("tree")), {
        maxKeys: 5,
        noNullPrototype: true,
      }),
    }));
    fc.assert(
      fc.property(tree, fc.constantFrom("definite" as const, "indefinite" as const), (value, form) => {
        expect(decodeMap(encodeMap(value as CborMap, form))).toEqual(value);
      }),
    );
  });
});

describe("integers", () => {
  const EDGES = [0n, 23n, 24n, 255n, 256n, 65_535n, 65_536n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 53n - 1n, 2n ** 53n];
  const integers = fc.oneof(
    fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n - 1n }),
    fc.constantFrom(...EDGES, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n, -(2n ** 53n), -(2n ** 63n), -(2n ** 64n)),
  );

  test("of every width CBOR has go and come with all their digits", () => {
    fc.assert(
      fc.property(integers, (value) => {
        const back = decodeMap(encodeMap({ n: value }))["n"];
        expect(BigInt(back as number | bigint)).toBe(value);
        // Plain numbers where these are exact.
        expect(typeof back).toBe(Number.isSafeInteger(Number(value)) ? "number" : "bigint");
      }),
    );
  });

  test.each([
    [9_007_199_254_740_993n, "1b0020000000000001"],
    [18_446_744_073_709_551_615n, "1bffffffffffffffff"],
    [-18_446_744_073_709_551_616n, "3bffffffffffffffff"],
    [-9_007_199_254_740_993n, "3b0020000000000000"],
    [7n, "07"],
  ])("%p is %s", (value, bytes) => {
    expect(hex(encodeMap({ n: value }))).toBe(`a1616e${bytes}`);
  });

  test("beyond 64 bits are refused", () => {
    expect(() => encodeMap({ n: 2n ** 64n })).toThrow("beyond the integers of CBOR");
    expect(() => encodeMap({ n: -(2n ** 64n) - 1n })).toThrow("beyond the integers of CBOR");
  });
});

describe("shapes", () => {
  const fields = {
    off: uint,
    sha: optional(bytes),
    images: optional(list(map({ slot: uint, active: optional(bool) }))),
    v: optional(text),
  };

  test("keys that no field names are passed over, absent optional ones stay absent", () => {
    expect(readFields(fields, { off: 3, more: { deep: 1 } })).toEqual({ off: 3 });
  });

  test.each([
    [{}, "off: an unsigned integer wanted, nothing found"],
    [{ off: -1 }, "off: an unsigned integer wanted, number -1 found"],
    [{ off: 1.5 }, "off: an unsigned integer wanted, number 1.5 found"],
    [{ off: 0, sha: "text" }, 'sha: bytes wanted, text "text" found'],
    [{ off: 0, sha: null }, "sha: bytes wanted, null found"],
    [{ off: 0, images: [{ slot: 0 }, { slot: 1, active: 1 }] }, "images[1].active: a boolean wanted, number 1 found"],
    [{ off: 0, images: {} }, "images: a list wanted, a map found"],
    [{ off: 0, v: Uint8Array.of(1) }, "v: text wanted, 1 bytes found"],
  ])("%o is refused with its place", (value: CborMap, problem) => {
    expect(() => readFields(fields, value)).toThrow(ShapeFault);
    expect(() => readFields(fields, value)).toThrow(problem);
  });

  test("a prototype's property is no field", () => {
    expect(() => readFields({ toString: text }, {})).toThrow("toString: text wanted, nothing found");
  });

  test("what is written keeps the order of the fields, and '*' spreads what has no field", () => {
    expect(Object.keys(writeFields(fields, { v: "x", off: 1 }))).toEqual(["off", "v"]);
    expect(writeFields({ "*": uint }, { "*": { a: 1, b: 2 } })).toEqual({ a: 1, b: 2 });
    expect(readFields({ a: uint, "*": uint }, { a: 1, b: 2 })).toEqual({ a: 1, "*": { b: 2 } });
  });
});
