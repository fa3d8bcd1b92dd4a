import { expect, test } from "@jest/globals";
import { Random, VirtualClock } from "../../core/index.ts";
import { type FlashImage, outcomeOf } from "../../mcuboot/index.ts";
import { cutsLeft } from "../cuts/locate-cuts.ts";
import { prepare } from "../request/material.ts";
import { smallProfile, smallScenario } from "../testing/small-campaign.ts";
import { asFlash, compareFlash, momentLeft, progressBefore } from "./real-flash.ts";
import type { Shadow } from "./expected-flash.ts";

async function requested(): Promise<Shadow> {
  const bench = { scenario: smallScenario(), board: smallProfile() };
  const { images, shadow } = await prepare(bench, { clock: new VirtualClock() }, Random.fromSeed(1));
  shadow.place(images.old, images.new);
  shadow.requestTest();
  return shadow;
}

/** The flash after so many operations, and after some bytes of the next one, which must be a write then. */
function cutAt(shadow: Shadow, operations: number, prefixBytes?: number): FlashImage {
  const flash = shadow.flash.snapshot();
  const steps = shadow.timeline().operations.map(({ operation }) => operation);
  for (const step of steps.slice(0, operations)) flash.apply(step);
  const torn = steps[operations];
  if (prefixBytes !== undefined && torn !== undefined) flash.apply(torn, { prefixBytes });
  return flash;
}

/** The flash as a debugger reads it, with something where the bootloader lies. */
function dump(flash: FlashImage): Uint8Array {
  const bytes = flash.read(0, flash.bytes);
  bytes.fill(0xaa, 0, 0x100);
  return bytes;
}

/** The flash at a moment of the model's time. */
function contentAt(shadow: Shadow, atUs: number): FlashImage {
  const { operations } = shadow.timeline();
  const under = operations.findIndex(({ startUs, durationUs }) => startUs + durationUs > atUs);
  if (under < 0) return cutAt(shadow, operations.length);
  const { unitUs, wordBytes } = shadow.timing;
  const words = Math.round((atUs - (operations[under]?.startUs ?? 0)) / unitUs);
  return cutAt(shadow, under, words > 0 ? words * wordBytes : undefined);
}

test("what a cut left says when it fell, at whichever operation", async () => {
  const shadow = await requested();
  const plan = shadow.timeline();
  for (const { index } of plan.operations) {
    const left = asFlash(shadow, dump(cutAt(shadow, index)));
    const atUs = momentLeft(shadow.flash, plan, shadow.timing, left) ?? -1;
    expect(contentAt(shadow, atUs).identity()).toBe(left.identity());
  }
});

test("a cut after the last operation is told from one before it", async () => {
  const shadow = await requested();
  const plan = shadow.timeline();
  const left = cutAt(shadow, plan.operations.length);
  expect(momentLeft(shadow.flash, plan, shadow.timing, left)).toBe(plan.operationsUs);
});

test("a cut inside a write is told to the word", async () => {
  const shadow = await requested();
  const plan = shadow.timeline();
  const copies = plan.operations.filter(({ operation }) => operation.kind === "write" && operation.data.length > 100);
  expect(copies.length).toBeGreaterThan(5);
  for (const copy of copies) {
    for (const words of [1, 2, 17]) {
      const left = cutAt(shadow, copy.index, words * shadow.timing.wordBytes);
      const atUs = momentLeft(shadow.flash, plan, shadow.timing, left) ?? -1;
      expect(contentAt(shadow, atUs).identity()).toBe(left.identity());
    }
  }
});

test("a flash that no operation of the boot leaves is told as such, and is no pass", async () => {
  const shadow = await requested();
  const left = cutAt(shadow, 20);
  const strange = shadow.build.images[0]?.secondary.offset ?? 0;
  left.load(strange + 1_000, Uint8Array.of(0x12));
  expect(momentLeft(shadow.flash, shadow.timeline(), shadow.timing, left)).toBeUndefined();
  const lost = { left: dump(left), offSentUs: 0, cutUs: 0, lastByteUs: 0, intoSwapUs: 0 };
  expect(cutsLeft(shadow, shadow.timeline(), [lost])?.fault).toMatch(/power loss 1 left a flash that no operation/);
});

test("cuts in boots in a row are judged from what each left", async () => {
  const shadow = await requested();
  const first = cutAt(shadow, 30);
  const second = first.snapshot();
  shadow.adopt(first);
  for (const { operation } of shadow.timeline().operations.slice(0, 5)) second.apply(operation);
  shadow.adopt((await requested()).flash);
  const lost = [first, second].map((flash) => ({
    left: dump(flash),
    offSentUs: 0,
    cutUs: 0,
    lastByteUs: undefined,
    intoSwapUs: undefined,
  }));
  const start = await requested();
  const known = cutsLeft(start, start.timeline(), lost);
  expect([known?.fault, known?.windows.length]).toEqual([undefined, 2]);
  expect(known?.allowed.map(({ flash }) => flash.identity())).toEqual([
    outcomeOf(second, start.build).flash.identity(),
  ]);
});

test("a board whose flash cannot be read is judged by time", async () => {
  const shadow = await requested();
  const lost = { offSentUs: 0, cutUs: 0, lastByteUs: 0, intoSwapUs: 0 };
  expect(cutsLeft(shadow, shadow.timeline(), [lost])).toBeUndefined();
});

test("how far a boot has come is counted in erases, and in words since the last of them", async () => {
  const shadow = await requested();
  const kinds = shadow.timeline().operations.map(({ operation }) => operation.kind);
  const erase = kinds.indexOf("erase", kinds.indexOf("erase") + 1);
  expect(progressBefore(shadow.flash, shadow, erase)).toEqual({ erases: 1, words: "all" });
  const write = kinds.indexOf("write", erase);
  const erases = kinds.slice(0, write).filter((kind) => kind === "erase").length;
  expect(progressBefore(shadow.flash, shadow, write)).toEqual({ erases, words: 0 });
  expect(progressBefore(shadow.flash, shadow, kinds.length)).toBeUndefined();
});

test("a board with the right slots and one wrong byte in its flash is no pass, and the byte is named", async () => {
  const shadow = await requested();
  const [outcome] = shadow.outcomes();
  if (outcome === undefined) throw new RangeError("no outcome");
  const pass = { ending: "upgraded", pass: true, outcome, found: "", because: "" } as const;
  expect(compareFlash(pass, shadow, [outcome], outcome.flash.snapshot())).toEqual(pass);
  const real = outcome.flash.snapshot();
  const { primary } = shadow.build.images[0] ?? { primary: { offset: 0 } };
  real.load(primary.offset + 2 * shadow.build.sectorBytes, Uint8Array.of(0));
  const at = `0x${(primary.offset + 2 * shadow.build.sectorBytes).toString(16)}`;
  expect(compareFlash(pass, shadow, [outcome], real)).toMatchObject({
    pass: false,
    because: expect.stringMatching(
      new RegExp(`^the flash differs from MCUboot's in slot 0, sector 2, byte ${at}: 0x00`),
    ),
  });
});
