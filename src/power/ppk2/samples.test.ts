import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { concat, fromHex, viewOf } from "../../core/index.ts";
import { ppk2 } from "../index.ts";
import { ppk2Peer } from "../testing/ppk2-peer.ts";
import { serialRig } from "../testing/serial-rig.ts";
import { PPK2_RANGES, Ppk2Samples, ppk2Microamps, ppk2Ranges, ppk2Word } from "./samples.ts";

const word = (adc: number, range: number, counter: number) => (adc | (range << 14) | ((counter % 64) << 18)) >>> 0;

function bytesOf(words: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(words.length * 4);
  for (const [index, value] of words.entries()) viewOf(bytes).setUint32(index * 4, value, true);
  return bytes;
}

const stream = (count: number, adc = 1000, from = 0) =>
  bytesOf(Array.from({ length: count }, (_, index) => word(adc, 2, from + index)));
const decoder = () => new Ppk2Samples(PPK2_RANGES, 3000);

describe("a sample of the PPK2", () => {
  test("has its fields where the documented word has them", () => {
    const golden = viewOf(fromHex("34 D2 44 05")).getUint32(0, true);
    expect(ppk2Word(golden)).toEqual({ adc: 4660, range: 3, counter: 17, digital: 0b101 });
  });

  test("is as many microamperes as the documented one", () => {
    const [, , , range] = PPK2_RANGES;
    expect(ppk2Microamps(4660, range ?? PPK2_RANGES[0]!, 3)).toBeCloseTo(265_318.0, 0);
  });

  test.each([
    ["more than four ranges are four", word(0, 7, 0), 4],
    ["range 4", word(0, 4, 0), 4],
  ])("%s", (_what, value, range) => {
    expect(ppk2Word(value).range).toBe(range);
  });

  test("uses the kit's own calibration, and the default where that is missing, 0 or no number", () => {
    const metadata = new Map([
      ["r0", "1000"],
      ["gs1", "0"],
      ["o2", "-nan"],
      ["ug3", "1.5"],
      ["i4", "0.001"],
    ]);
    const ranges = ppk2Ranges(metadata);
    expect(ranges.map(({ r }) => r)).toEqual([1000, 101.65, 10.15, 0.94, 0.043]);
    expect([ranges[1]?.gs, ranges[2]?.o, ranges[3]?.ug, ranges[4]?.i]).toEqual([1, 0, 1.5, 0.001]);
  });

  test("below the kit's noise is nothing", () => {
    expect(ppk2Microamps(0, PPK2_RANGES[0]!, 3)).toBe(0);
  });
});

describe("a stream of samples", () => {
  test("is the same in whatever pieces it comes", () => {
    const words = Array.from({ length: 200 }, (_, index) => word((index * 37) % 16_384, (index >> 5) % 5, index));
    const whole = [...decoder().feed(bytesOf(words))];
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 20 }), (sizes) => {
        const samples = decoder();
        const bytes = bytesOf(words);
        const got: number[] = [];
        let at = 0;
        for (let turn = 0; at < bytes.length; turn += 1) {
          const size = sizes[turn % sizes.length] ?? 1;
          got.push(...samples.feed(bytes.subarray(at, at + size)));
          at += size;
        }
        expect(got).toEqual(whole);
      }),
    );
    expect(whole).toHaveLength(200);
  });

  test("has a gap where samples were lost, so that time stays right", () => {
    const samples = decoder();
    const got = samples.feed(concat(stream(20), stream(20, 1000, 25)));
    expect(got).toHaveLength(45);
    expect([...got].filter((value) => Number.isNaN(value))).toHaveLength(5);
    expect(samples.lost).toBe(5);
  });

  test.each([1, 2, 3])("finds its words again after %i bytes were lost", (count) => {
    const samples = decoder();
    const got = samples.feed(concat(stream(20), stream(20, 1000, 20).subarray(count), stream(40, 1000, 40)));
    expect(samples.droppedBytes).toBe(4 - count);
    expect(samples.lost).toBe(1);
    expect(got).toHaveLength(80);
  });

  test("that begins in the middle of a word is understood all the same", () => {
    const samples = decoder();
    expect(samples.feed(stream(40).subarray(3))).toHaveLength(39);
    expect(samples.lost).toBe(0);
  });

  test("shows no spike where the kit changes its range", () => {
    const calm = Array.from({ length: 30 }, (_, index) => word(100, 2, index));
    const spike = Array.from({ length: 30 }, (_, index) => word(index < 3 ? 16_000 : 9, 3, 30 + index));
    const got = decoder().feed(bytesOf([...calm, ...spike]));
    const raw = ppk2Microamps(16_000, PPK2_RANGES[3]!, 3);
    expect(Math.max(...got)).toBeLessThan(raw * 0.6);
    expect(got[50]).toBeCloseTo(ppk2Microamps(9, PPK2_RANGES[3]!, 3), 0);
  });

  test("survives any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), (noise) => {
        expect(decoder().feed(noise).length).toBeLessThanOrEqual(noise.length * 16);
      }),
    );
  });
});

describe("the ppk2 driver as a meter", () => {
  const OPTIONS = { port: { path: "mem" }, mode: "source", voltage_mv: 3000, cuts: "soc", record: true } as const;
  const streaming = () => {
    const well = ppk2Peer();
    return (bytes: Uint8Array, coils: Parameters<typeof well>[1]) =>
      bytes[0] === 0x06 ? stream(100) : well(bytes, coils);
  };
  const rig = (record: boolean) =>
    serialRig({ open: (bench) => ppk2.open({ ...OPTIONS, record }, bench), peer: streaming, coils: 1, channel: 1 });

  test("starts its stream once mode and voltage are set, and stops it when it is closed", async () => {
    const bench = await rig(true);
    await bench.power.set("on");
    await bench.power.set("off");
    await bench.power.set("on");
    await bench.power[Symbol.asyncDispose]();
    await bench[Symbol.asyncDispose]();
    const bytes = bench.wire.map((entry) => entry.bytes);
    expect(bytes).toEqual(["07", "19", "1102", "0d0bb8", "0c01", "06", "0c00", "0c01", "07"]);
  });

  test("hands its samples on with the moment of their arrival", async () => {
    await using bench = await rig(true);
    const got: { atUs: number; count: number }[] = [];
    bench.power.current?.onSamples(({ atUs, microamps }) => got.push({ atUs, count: microamps.length }));
    await bench.power.set("on");
    await bench.power.set("on");
    await bench.power.set("off");
    expect(got.reduce((sum, { count }) => sum + count, 0)).toBe(100);
    expect(got.every(({ atUs }) => atUs > 0)).toBe(true);
  });

  test("measures nothing unless the profile asks for it", async () => {
    await using bench = await rig(false);
    await bench.power.set("on");
    expect(bench.power.current).toBeUndefined();
    expect(bench.wire.map(({ bytes }) => bytes)).not.toContain("06");
  });
});
