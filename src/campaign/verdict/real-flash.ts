import type { FlashProgress } from "../../board/index.ts";
import {
  type BootloaderBuild,
  type FlashContent,
  type FlashTiming,
  operationBytes,
  type Timeline,
  timeline,
} from "../../mcuboot/index.ts";
import type { ExpectedFlash } from "./expected-flash.ts";

/** A whole flash as the model sees it: the slots. */
export function asFlash({ flash, build }: Pick<ExpectedFlash, "flash" | "build">, content: Uint8Array): FlashContent {
  const real = flash.snapshot();
  for (const { offset, bytes } of areasOf(build)) real.load(offset, content.subarray(offset, offset + bytes));
  return real;
}

function areasOf({ images, scratch }: BootloaderBuild) {
  const areas = images.flatMap(({ primary, secondary }) => [primary, secondary]).filter(({ inRam }) => inRam !== true);
  return scratch === undefined ? areas : [...areas, scratch];
}

/** "slot 1, sector 3, byte 0x22c04: 0x00 instead of 0xff"; undefined when they are equal. */
export function firstDifference(
  build: BootloaderBuild,
  expected: FlashContent,
  real: FlashContent,
): string | undefined {
  for (const [order, { offset, bytes }] of areasOf(build).entries()) {
    const [want, have] = [expected.read(offset, bytes), real.read(offset, bytes)];
    const at = want.findIndex((byte, index) => byte !== have[index]);
    if (at < 0) continue;
    const text = (byte: number | undefined) => `0x${(byte ?? 0).toString(16).padStart(2, "0")}`;
    const place = `slot ${order}, sector ${Math.floor(at / build.sectorBytes)}, byte 0x${(offset + at).toString(16)}`;
    return `${place}: ${text(have[at])} instead of ${text(want[at])}`;
  }
  return undefined;
}

/**
 * The moment of a boot at which power went, by what it left in the flash: in the model's time, in microseconds from
 * the first operation. Undefined when no cut of this boot leaves that.
 */
export function momentLeft(before: FlashContent, plan: Timeline, timing: FlashTiming, left: FlashContent) {
  const wanted = left.identity();
  const flash = before.snapshot();
  for (const { operation, startUs } of plan.operations) {
    if (flash.identity() === wanted) return startUs;
    if (operation.kind === "write") {
      const words = wordsWritten(flash, operation, timing, left);
      if (words !== undefined) return startUs + words * timing.unitUs;
    }
    flash.apply(operation);
  }
  return flash.identity() === wanted ? plan.operationsUs : undefined;
}

type Write = Extract<Timeline["operations"][number]["operation"], { kind: "write" }>;

/** How many words of a write stand in a flash that differs in nothing else; undefined when it does, or none stands. */
function wordsWritten(flash: FlashContent, { offset, data }: Write, { wordBytes }: FlashTiming, left: FlashContent) {
  const mixed = flash.snapshot();
  mixed.load(offset, left.read(offset, data.length));
  if (mixed.identity() !== left.identity()) return undefined;
  const part = flash.snapshot();
  for (let at = 0; at < data.length; at += wordBytes) {
    part.apply({ kind: "write", offset: offset + at, data: data.subarray(at, at + wordBytes) });
    if (part.identity() === left.identity()) return at / wordBytes + 1;
  }
  return undefined;
}

/**
 * How far a boot has come with its flash before an operation, counted from 0; 6.5 is in the middle of number 6.
 * Undefined when the boot has no such operation.
 */
export function progressBefore(
  flash: FlashContent,
  { build, timing }: Pick<ExpectedFlash, "build" | "timing">,
  operation: number,
): FlashProgress | undefined {
  const { operations } = timeline(flash, build, timing);
  const target = operations[Math.floor(operation)]?.operation;
  if (target === undefined) return undefined;
  let [erases, words] = [0, 0];
  for (const { operation: done } of operations.slice(0, Math.floor(operation))) {
    if (done.kind === "write") words += operationBytes(done) / timing.wordBytes;
    else {
      erases += operationBytes(done) / build.sectorBytes;
      words = 0;
    }
  }
  const share = operation - Math.floor(operation);
  if (target.kind === "erase") return { erases, words: "all" };
  return { erases, words: words + Math.floor((share * operationBytes(target)) / timing.wordBytes) };
}
