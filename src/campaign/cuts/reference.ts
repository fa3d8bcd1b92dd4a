import { generation, type Timeline } from "../../mcuboot/index.ts";
import { isBootSign } from "../bench/boot-watch.ts";
import type { RecordedBoard } from "../bench/recorded-board.ts";
import type { BootSeen } from "../record/facts.ts";
import { endsRefusal, UPGRADE_BEGINS } from "../verdict/cut-window.ts";
import { lineBytes, printingUs } from "./line-time.ts";
import type { SwapWindow } from "./plan.ts";

/** What the uninterrupted upgrade taught about this board. */
export interface Reference {
  readonly window: SwapWindow;
  /**
   * Measured time from the swap's first operation to its last over the model's; 1 where the bench claims no
   * uncertainty. What the bootloader computes before and after has a ratio of its own.
   */
  readonly scale: number;
  readonly bootloaderTalks: boolean;
  /** The bootloader says when it begins: without that line in a boot, the cut came before. */
  readonly announced: boolean;
  readonly timeline: Timeline;
  /**
   * By how much the true moment of an operation may lie to either side of where the window has it, in microseconds,
   * besides what the switch is uncertain by: of a bootloader that says nothing of its work. 0 of others.
   */
  readonly spreadUs: number;
  /** How long the copy to the network core took, by the log, in microseconds; undefined where it shows none. */
  readonly copyUs?: number | undefined;
}

/** What an undisturbed boot teaches about when its operations happen. */
export function measure(
  { board }: Pick<RecordedBoard, "board">,
  seen: BootSeen,
  timeline: Timeline,
  resetUs: number,
  upUs: number,
): Reference {
  const { baudRate } = board.profile.ports.app;
  const lineOf = (...events: string[]) => seen.lines.find(({ event = "" }) => events.includes(event));
  const last = lineOf("chainload") ?? lineOf("jumping");
  const begins = lineOf(...UPGRADE_BEGINS);
  if (last === undefined && begins === undefined) return measureSilent(seen, timeline, resetUs, upUs);
  const doneUs = last?.atUs ?? upUs;
  const begunUs = begins?.atUs;
  const modelUs = timeline.totalUs - timeline.startUs;
  // A bootloader that says nothing when an upgrade begins: the model's ends where the application starts, before that
  // line is printed.
  const lastUs = last === undefined ? 0 : printingUs(lineBytes(last.text), baudRate);
  const row = generation(board.profile.bootloader.generation);
  const refusedUs = seen.lines.find((line) => endsRefusal(row, line))?.atUs ?? doneUs;
  const spokenSince = (holds: (atUs: number) => boolean): number => {
    const lines = seen.lines.filter(({ atUs }) => holds(atUs) && atUs < doneUs);
    return printingUs(
      lines.reduce((sum, line) => sum + lineBytes(line.text), 0),
      baudRate,
    );
  };
  const refusalUs = spokenSince((atUs) => atUs >= refusedUs);
  const startUs = begunUs ?? Math.max(resetUs, doneUs - lastUs - refusalUs - modelUs);
  const spokenUs = spokenSince((atUs) => atUs > startUs);
  const exact = board.cuts.uncertaintyUs === 0;
  const scale = exact
    ? 1
    : scaleOf(doneUs - lastUs - startUs - spokenUs, checkedUs(seen, timeline, baudRate), timeline);
  const endUs = startUs + Math.round(timeline.operationsUs * scale) + spokenUs;
  return {
    window: { startUs: startUs - resetUs, endUs: endUs - resetUs, appUpUs: upUs - resetUs },
    scale,
    bootloaderTalks: seen.boots > 0,
    announced: begunUs !== undefined,
    timeline,
    spreadUs: 0,
    copyUs: copyTimeOf(seen),
  };
}

function copyTimeOf({ lines }: Pick<BootSeen, "lines">): number | undefined {
  const on = lines.find(({ event }) => event === "net core on");
  const off = on && lines.find(({ event, atUs }) => event === "net core off" && atUs > on.atUs);
  return on && off && off.atUs - on.atUs;
}

/**
 * The same of a bootloader that says neither when it begins nor when it is done: all that is known is that its work
 * lies between the reset (or its first line) and the first sign of the application.
 */
function measureSilent(seen: BootSeen, timeline: Timeline, resetUs: number, upUs: number): Reference {
  const modelUs = timeline.totalUs - timeline.startUs;
  const started = seen.lines.find(({ event }) => event === "starting bootloader");
  const sign = started === undefined ? seen.lines.find(isBootSign) : undefined;
  const earliestUs = started?.atUs ?? resetUs;
  const latestUs = (sign?.atUs ?? upUs) - modelUs;
  const startUs = Math.round((earliestUs + latestUs) / 2);
  return {
    window: { startUs: startUs - resetUs, endUs: startUs - resetUs + timeline.operationsUs, appUpUs: upUs - resetUs },
    scale: 1,
    bootloaderTalks: seen.boots > 0,
    announced: false,
    timeline,
    spreadUs: Math.ceil(Math.abs(latestUs - earliestUs) / 2),
  };
}

/** @param wholeUs from the first operation to the end of the boot, of which `checkedUs` came after the last one. */
function scaleOf(wholeUs: number, checkedUs: number, { startUs, operationsUs, totalUs }: Timeline): number {
  const insideUs = wholeUs - checkedUs;
  // Nothing to part, or times so short that they tell nothing: one ratio for all.
  if (operationsUs <= 0 || insideUs <= 0) return wholeUs / (totalUs - startUs);
  return insideUs / operationsUs;
}

/**
 * The check of the new image after the swap: no line parts it from the last operation. It is taken to be as much faster
 * or slower than the model's as what the bootloader computes before the swap, between lines that do part it.
 */
function checkedUs({ lines }: BootSeen, { startUs, operationsUs, totalUs }: Timeline, baudRate: number): number {
  const modelUs = totalUs - startUs - operationsUs;
  const begins = lines.findIndex(({ event = "" }) => UPGRADE_BEGINS.includes(event));
  const starts = lines.findIndex(({ event }) => event === "starting bootloader");
  const [first, last] = [lines[starts], lines[begins]];
  if (first === undefined || last === undefined || startUs <= 0) return modelUs;
  const bytes = lines.slice(starts + 1, begins + 1).reduce((sum, { text }) => sum + lineBytes(text), 0);
  const measuredUs = last.atUs - first.atUs - printingUs(bytes, baudRate);
  return measuredUs > 0 ? (modelUs * measuredUs) / startUs : modelUs;
}
