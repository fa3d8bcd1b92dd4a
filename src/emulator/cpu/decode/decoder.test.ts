import { describe, expect, test } from "@jest/globals";
import { Random } from "../../../core/index.ts";
import { NRF51, NRF5340_APPLICATION, NRF5340_NETWORK } from "../state/core-config.ts";
import { Decoder, ROWS } from "./decoder.ts";
import { fieldOf, patternOf } from "./pattern.ts";

const SAMPLES = 64;

describe("patternOf", () => {
  test("reads fixed bits and gathers the bits of a letter, the leftmost first", () => {
    const pattern = patternOf("0100 i 1 nnn 0 ii --- 1");
    expect(pattern.bits).toBe(16);
    expect(fieldOf(pattern, "n", 0b0100_1_1_101_0_01_000_1)).toBe(0b101);
    expect(fieldOf(pattern, "i", 0b0100_1_1_101_0_01_000_1)).toBe(0b101);
    expect(fieldOf(pattern, "z", 0xffff)).toBe(0);
  });

  test("refuses an encoding of another length", () => {
    expect(() => patternOf("0101")).toThrow("4 bits");
  });
});

describe("Decoder", () => {
  test("no row is hidden behind another: each is what some of its own encodings decode to", () => {
    const decoder = new Decoder(NRF5340_APPLICATION);
    const random = Random.fromSeed(1).fork("decoder");
    const hidden = ROWS.filter((row) => {
      const { mask, value, bits } = patternOf(row.bits);
      const words = Array.from({ length: SAMPLES }, () => (random.below(2 ** 32) & ~mask) | value);
      return !words.some((word) => {
        const [first, second] = bits === 32 ? [word >>> 16, word & 0xffff] : [word & 0xffff, 0];
        return decoder.decode(first, second).run === row.run;
      });
    });
    expect(hidden.map(({ name }) => name)).toEqual([]);
  });

  test.each([
    [0x1888, 0, "ADD (register) T1", { d: 0, n: 1, m: 2, set: 1 }],
    [0xf100, 0x0101, "ADD (immediate)", { d: 1, n: 0, imm: 1, set: 0 }],
    [0xf04f, 0x31ab, "MOV (immediate)", { d: 1, imm: 0xabab_abab | 0 }],
    [0xe92d, 0x4ff0, "STMDB, PUSH T1", { n: 13, imm: 0x4ff0, set: 1 }],
    [0xf000, 0xf802, "BL T1", { imm: 4 }],
    [0xf7ff, 0xfffe, "BL T1", { imm: -4 }],
    [0xd0fe, 0, "B T1", { a: 0, imm: -4 }],
    [0xfba1, 0x2304, "UMULL T1", { n: 1, m: 4, a: 2, d: 3 }],
  ])("%p %p is %s", (first, second, name, fields) => {
    expect(new Decoder(NRF5340_APPLICATION).decode(first, second)).toMatchObject({ name, ...fields });
  });

  test("16-bit data processing has a form for IT blocks that leaves the flags alone", () => {
    const { inIt, set } = new Decoder(NRF5340_APPLICATION).decode(0x1888, 0);
    expect([set, inIt?.set]).toEqual([1, 0]);
  });

  test("a core knows what its architecture and extensions have, and nothing else", () => {
    const [app, net, nrf51] = [NRF5340_APPLICATION, NRF5340_NETWORK, NRF51].map((config) => new Decoder(config));
    const names = (first: number, second: number) => [app, net, nrf51].map((core) => core?.decode(first, second).name);
    // SDIV r0, r1, r2; QADD r0, r2, r1; VADD.F32 s0, s1, s2; SG
    expect(names(0xfb91, 0xf0f2)).toEqual(["SDIV T1", "SDIV T1", "undefined"]);
    expect(names(0xfa81, 0xf082)).toEqual(["QADD T1", "undefined", "undefined"]);
    expect(names(0xee30, 0x0a81)).toEqual(["VADD T1", "coprocessor", "coprocessor"]);
    expect(names(0xe97f, 0xe97f)).toEqual(["SG T1", "SG T1", "undefined"]);
  });
});
