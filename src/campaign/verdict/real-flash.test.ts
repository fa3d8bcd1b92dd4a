import { expect, test } from "@jest/globals";
import { Random, VirtualClock } from "../../core/index.ts";
import { type FlashContent, outcomeOf } from "../../mcuboot/index.ts";
import { locateCuts } from "../cuts/locate-cuts.ts";
import { buildMaterial } from "../request/material.ts";
import { smallProfile, smallScenario } from "../testing/small-campaign.ts";
import type { ExpectedFlash } from "./expected-flash.ts";
import { asFlash, momentLeft, progressBefore } from "./real-flash.ts";

async function requested(): Promise<ExpectedFlash> {
  const bench = { scenario: smallScenario(), board: smallProfile() };
  const { images, expected } = await buildMaterial(bench, { clock: new VirtualClock() }, Random.fromSeed(1));
  expected.place(images.old, images.new);
  expected.requestTest();
  return expected;
}

/** The flash after so many operations, and after some bytes of the next one, which must be a write then. */
function cutAt(expected: ExpectedFlash, operations: number, prefixBytes?: number): FlashContent {
  const flash = expected.flash.snapshot();
  const steps = expected.timeline().operations.map(({ operation }) => operation);
  for (const step of steps.slice(0, operations)) flash.apply(step);
  const torn = steps[operations];
  if (prefixBytes !== undefined && torn !== undefined) flash.apply(torn, { prefixBytes });
  return flash;
}

/** The flash as a debugger reads it, with something where the bootloader lies. */
function dump(flash: FlashContent): Uint8Array {
  const bytes = flash.read(0, flash.bytes);
  bytes.fill(0xaa, 0, 0x100);
  return bytes;
}

/** The flash at a moment of the model's time. */
function contentAt(expected: ExpectedFlash, atUs: number): FlashContent {
  const { operations } = expected.timeline();
  const under = operations.findIndex(({ startUs, durationUs }) => startUs + durationUs > atUs);
  if (under < 0) return cutAt(expected, operations.length);
  const { unitUs, wordBytes } = expected.timing;
  const words = Math.round((atUs - (operations[under]?.startUs ?? 0)) / unitUs);
  return cutAt(expected, under, words > 0 ? words * wordBytes : undefined);
}

test("what a cut left says when it fell, at whichever operation", async () => {
  const expected = await requested();
  const plan = expected.timeline();
  for (const { index } of plan.operations) {
    const left = asFlash(expected, dump(cutAt(expected, index)));
    const atUs = momentLeft(expected.flash, plan, expected.timing, left) ?? -1;
    expect(contentAt(expected, atUs).identity()).toBe(left.identity());
  }
});

test("a cut after the last operation is told from one before it", async () => {
  const expected = await requested();
  const plan = expected.timeline();
  const left = cutAt(expected, plan.operations.length);
  expect(momentLeft(expected.flash, plan, expected.timing, left)).toBe(plan.operationsUs);
});

test("a cut inside a write is told to the word", async () => {
  const expected = await requested();
  const plan = expected.timeline();
  const copies = plan.operations.filter(({ operation }) => operation.kind === "write" && operation.data.length > 100);
  expect(copies.length).toBeGreaterThan(5);
  for (const copy of copies) {
    for (const words of [1, 2, 17]) {
      const left = cutAt(expected, copy.index, words * expected.timing.wordBytes);
      const atUs = momentLeft(expected.flash, plan, expected.timing, left) ?? -1;
      expect(contentAt(expected, atUs).identity()).toBe(left.identity());
    }
  }
});

test("a flash that no operation of the boot leaves is told as such, and is no pass", async () => {
  const expected = await requested();
  const left = cutAt(expected, 20);
  const strange = expected.build.images[0]?.secondary.offset ?? 0;
  left.load(strange + 1_000, Uint8Array.of(0x12));
  expect(momentLeft(expected.flash, expected.timeline(), expected.timing, left)).toBeUndefined();
  const lost = { left: dump(left), offSentUs: 0, cutUs: 0, lastByteUs: 0, intoSwapUs: 0 };
  expect(locateCuts(expected, expected.timeline(), [lost])?.fault).toMatch(
    /power loss 1 left a flash that no operation/,
  );
});

test("cuts in boots in a row are judged from what each left", async () => {
  const expected = await requested();
  const first = cutAt(expected, 30);
  const second = first.snapshot();
  expected.adopt({ flash: first });
  for (const { operation } of expected.timeline().operations.slice(0, 5)) second.apply(operation);
  expected.adopt(await requested());
  const lost = [first, second].map((flash) => ({
    left: dump(flash),
    offSentUs: 0,
    cutUs: 0,
    lastByteUs: undefined,
    intoSwapUs: undefined,
  }));
  const start = await requested();
  const known = locateCuts(start, start.timeline(), lost);
  expect([known?.fault, known?.windows.length]).toEqual([undefined, 2]);
  expect(known?.allowed.map(({ flash }) => flash.identity())).toEqual([
    outcomeOf(second, start.build).flash.identity(),
  ]);
});

test("a board whose flash cannot be read is judged by time", async () => {
  const expected = await requested();
  const lost = { offSentUs: 0, cutUs: 0, lastByteUs: 0, intoSwapUs: 0 };
  expect(locateCuts(expected, expected.timeline(), [lost])).toBeUndefined();
});

test("how far a boot has come is counted in erases, and in words since the last of them", async () => {
  const expected = await requested();
  const kinds = expected.timeline().operations.map(({ operation }) => operation.kind);
  const erase = kinds.indexOf("erase", kinds.indexOf("erase") + 1);
  expect(progressBefore(expected.flash, expected, erase)).toEqual({ erases: 1, words: "all" });
  const write = kinds.indexOf("write", erase);
  const erases = kinds.slice(0, write).filter((kind) => kind === "erase").length;
  expect(progressBefore(expected.flash, expected, write)).toEqual({ erases, words: 0 });
  expect(progressBefore(expected.flash, expected, kinds.length)).toBeUndefined();
});
