import { newestRuns } from "../builds/boot-mode.ts";
import type { Area, BootloaderBuild, NsibAreas } from "../builds/build.ts";
import type { FlashContent } from "../flash/flash-content.ts";
import type { Flash, FlashOperation } from "../flash/operation.ts";
import type { ImageRefusal } from "../loader/loader-state.ts";
import { decodeCommandBlock } from "../steps/command-block.ts";
import { type BootResult, isOperation, type LogLine } from "../steps/steps.ts";
import { type FlashTiming, operationDurationUs, workDurationUs } from "../steps/timing.ts";
import { boot } from "./boot.ts";
import { type ImageEntry, imageListOf, slotsThatRun } from "./image-state.ts";
import { entryMeaning, nameOperation, type OperationName, type Phase } from "./operation-names.ts";
import { runSteps } from "./run-boot.ts";

/** One flash operation of a boot and when it happens. */
export interface TimedOperation {
  readonly index: number;
  /** Microseconds from the start of the boot's first flash operation. */
  readonly startUs: number;
  readonly durationUs: number;
  readonly phase: Phase;
  /** For people: "erase primary sector 3". */
  readonly description: string;
  readonly operation: FlashOperation;
}

/** An uninterrupted boot, operation by operation. */
export interface Timeline {
  readonly operations: readonly TimedOperation[];
  /** From the start of the bootloader to its first flash operation, in microseconds; `totalUs` when there is none. */
  readonly startUs: number;
  /** From the start of the first operation to the end of the last, in microseconds. */
  readonly operationsUs: number;
  /** The whole boot, in microseconds. */
  readonly totalUs: number;
  readonly log: readonly LogLine[];
  readonly result: BootResult;
  readonly images: readonly ImageEntry[];
  /** When the network core copies an image, as startUs of operations: also before the first, or behind the last. */
  readonly netCopies: readonly { readonly startUs: number; readonly endUs: number }[];
  /** Images that the boot turned away, and why. */
  readonly refusals: readonly ImageRefusal[];
  /** The flash as the boot left it. */
  readonly flash: FlashContent;
  /** The flash before the first operation, and again after every `MARK_OPERATIONS`; none where bits were in doubt. */
  readonly marks: readonly FlashContent[];
}

/** Between two marks of a timeline: what a cut left is worked out from the one before it. */
const MARK_OPERATIONS = 32;

/** The flash as it was when so many operations of a boot of `before` were done. */
export function contentBefore(before: FlashContent, { operations, marks }: Timeline, done: number): FlashContent {
  const mark = Math.min(Math.floor(done / MARK_OPERATIONS), marks.length - 1);
  const content = (marks[mark] ?? before).snapshot();
  for (let at = Math.max(0, mark) * MARK_OPERATIONS; at < done; at += 1) {
    const row = operations[at];
    if (row !== undefined) content.apply(row.operation);
  }
  return content;
}

/**
 * What an uninterrupted boot would do to a flash, and when. Times count flash operations and image checks; what the
 * bootloader spends on printing and copying in RAM is small beside them and left out.
 * @param view how the boot reads the flash, where that is not plain.
 */
export function timeline(
  flash: FlashContent,
  build: BootloaderBuild,
  timing: FlashTiming,
  view: (after: FlashContent) => Flash = (after) => after,
): Timeline {
  const after = flash.snapshot();
  const log: LogLine[] = [];
  const found: { operation: FlashOperation; atUs: number; durationUs: number }[] = [];
  const copies: [number, number][] = [];
  const marks: FlashContent[] = [];
  const isPlain = !flash.isDoubtful();
  let nowUs = 0;
  let refusals: readonly ImageRefusal[] = [];
  const steps = boot(view(after), build, (loader) => {
    refusals = loader.refusals;
  });
  const result = runSteps(steps, after, (step) => {
    if (step.kind === "log") log.push(step);
    if (step.kind === "work") nowUs += workDurationUs(step, timing);
    if (step.kind === "net core") {
      if (step.does === "start" && decodeCommandBlock(step.block).status === "copy") copies.push([nowUs, nowUs]);
      nowUs += step.durationUs ?? 0;
      const copy = copies.at(-1);
      if (copy !== undefined && step.does === "wait") copy[1] = nowUs;
    }
    if (!isOperation(step)) return;
    if (isPlain && found.length % MARK_OPERATIONS === 0) marks.push(after.snapshot());
    const durationUs = operationDurationUs(step, timing);
    found.push({ operation: step, atUs: nowUs, durationUs });
    nowUs += durationUs;
  });
  const startUs = found[0]?.atUs ?? nowUs;
  const names = found.map(({ operation }) => nameOperation(build, operation));
  const phases = phasesOf(build, names);
  const operations = found.map(({ operation, atUs, durationUs }, index) => ({
    index,
    startUs: atUs - startUs,
    durationUs,
    phase: phases[index] ?? "prepare",
    description: names[index]?.description ?? "",
    operation,
  }));
  const last = operations.at(-1);
  const operationsUs = last === undefined ? 0 : last.startUs + last.durationUs;
  return {
    operations,
    startUs,
    operationsUs,
    totalUs: nowUs,
    log,
    result,
    images: imageListOf(after, build, slotsThatRun(build, result)),
    netCopies: copies.map(([fromUs, toUs]) => ({ startUs: fromUs - startUs, endUs: toUs - startUs })),
    refusals,
    flash: after,
    marks,
  };
}

/**
 * Phases of operations, one each: trailers are prepared first, then a copy belongs to the status entry that follows.
 */
function phasesOf(build: BootloaderBuild, names: readonly OperationName[]): readonly Phase[] {
  if (build.mode === "overwrite" || newestRuns(build.mode) || build.mode === "single")
    return names.map((name) => copyPhase(build, name));
  if (isOwnUpdate(build, names)) return names.map((name) => ownPhase(build, name));
  const firstStatus = names.findIndex((name) => name.kind === "status");
  if (firstStatus < 0) return names.map(() => "clean");
  const isTrailer = (name: OperationName): boolean => name.kind === "field" || name.kind === "erase trailer";
  const lastPrepared = names.slice(0, firstStatus).findLastIndex(isTrailer);
  const phases: Phase[] = [];
  let following: Phase = "finish";
  for (const name of names.slice(lastPrepared + 1).toReversed()) {
    if (name.entry !== undefined) following = entryMeaning(build, name.entry).phase;
    phases.push(following);
  }
  return [...names.slice(0, lastPrepared + 1).map((): Phase => "prepare"), ...phases.toReversed()];
}

/** MCUboot is moved to its other half. */
function isOwnUpdate({ nsib }: BootloaderBuild, names: readonly OperationName[]): boolean {
  return nsib !== undefined && names.some(({ area, kind }) => kind === "erase" && isHalf(nsib, area));
}

function ownPhase({ nsib }: BootloaderBuild, { area, kind }: OperationName): Phase {
  if (!nsib || !isHalf(nsib, area)) return "finish";
  return kind === "erase" ? "erase" : "copy";
}

function isHalf({ s0, s1 }: NsibAreas, area: Area | undefined): boolean {
  return area === s0 || area === s1;
}

function copyPhase(build: BootloaderBuild, name: OperationName): Phase {
  if (name.kind === "copy") return "copy";
  const isPrimary = build.images.some(({ primary }) => primary === name.area);
  if (name.kind === "field") return "finish";
  return isPrimary && build.mode === "overwrite" ? "erase" : "finish";
}
