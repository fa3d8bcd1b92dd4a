import { expect, test } from "@jest/globals";
import type { BootLine } from "../../board/index.ts";
import type { Timeline } from "../../mcuboot/index.ts";
import type { RecordedBoard } from "../bench/recorded-board.ts";
import type { BootSeen } from "../record/facts.ts";
import { measure } from "./reference.ts";

const BAUD = 115_200;
/** The model: a second of checks, ten of swap, half a second of checks. */
const MODEL = { startUs: 1_000_000, operationsUs: 10_000_000, totalUs: 11_500_000 } as Timeline;

function recorded(uncertaintyUs: number): RecordedBoard {
  const profile = { ports: { app: { baudRate: BAUD } }, bootloader: { generation: "current" } };
  return { board: { profile, cuts: { uncertaintyUs } } } as unknown as RecordedBoard;
}

const printingUs = (text: string): number => Math.ceil(((text.length + 2) * 10 * 1e6) / BAUD);

/** A boot of a board that takes these times, in microseconds, and prints by polling. */
function bootOf(beforeUs: number, insideUs: number, afterUs: number): BootSeen {
  let atUs = 0;
  const line = (event: string, text: string, sinceUs: number): BootLine => {
    atUs += sinceUs + printingUs(text);
    return { event, text, atUs } as unknown as BootLine;
  };
  const lines = [
    line("starting bootloader", "I: Starting bootloader", 0),
    line("swap type", "I: Image index: 0, Swap type: test", 0),
    line("starting swap", "I: Starting swap using move algorithm.", beforeUs),
    line("chainload", "I: Bootloader chainload address offset: 0x10000", insideUs + afterUs),
  ];
  return { ending: "up", lines, boots: 1, upUs: atUs + 100_000, because: "" };
}

const scaleOf = (seen: BootSeen, uncertaintyUs = 1_000): number =>
  measure(recorded(uncertaintyUs), seen, MODEL, 0, seen.upUs ?? 0).scale;

test("a board that computes five times faster and erases a tenth slower has the scale of its erases", () => {
  expect(scaleOf(bootOf(200_000, 11_000_000, 100_000))).toBeCloseTo(1.1, 3);
  expect(scaleOf(bootOf(1_000_000, 10_000_000, 500_000))).toBeCloseTo(1, 3);
});

test("a board that computes three times slower is not taken for one that erases slower", () => {
  expect(scaleOf(bootOf(3_000_000, 10_000_000, 1_500_000))).toBeCloseTo(1, 3);
});

test("the swap ends where it ended, not where the check of the new image did", () => {
  const seen = bootOf(200_000, 11_000_000, 100_000);
  const { window } = measure(recorded(1_000), seen, MODEL, 0, seen.upUs ?? 0);
  const spokenUs = seen.lines.slice(0, 3).reduce((sum, { text }) => sum + printingUs(text), 0);
  expect(Math.abs(window.endUs - spokenUs - 200_000 - 11_000_000)).toBeLessThan(1_000);
});

test("a bench without uncertainty goes by the model; without lines, one ratio stands for all", () => {
  expect(scaleOf(bootOf(200_000, 11_000_000, 100_000), 0)).toBe(1);
  const silent = { ...bootOf(0, 0, 0), lines: [] };
  const seen = { ...silent, upUs: 12_000_000 };
  expect(scaleOf(seen)).toBeGreaterThan(0);
});
