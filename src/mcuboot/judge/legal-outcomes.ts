import type { BootloaderBuild } from "../build.ts";
import type { DefectName } from "../defects.ts";
import type { FlashImage } from "../flash-image.ts";
import { type ImageEntry, imageState } from "../image-state.ts";
import { type BootOutcome, outcomeOf } from "../run-boot.ts";
import type { BootResult } from "../steps.ts";
import { type TimedOperation, type Timeline, timeline } from "../timeline.ts";
import type { FlashTiming } from "../timing.ts";
import { CutFamily, type CutState } from "./cut-family.ts";
import { type BootAsked, classify, type Ending } from "./ending.ts";
import { knownDefect } from "./known-defects.ts";

/**
 * When power may have gone. In time: microseconds from the start of the boot's first flash operation; negative is
 * before it, and the end may lie beyond the last one. By operation: at, or with `torn` also inside, each from first to
 * last.
 */
export type CutWindow =
  | { readonly fromUs: number; readonly toUs: number }
  | { readonly fromOperation: number; readonly toOperation: number; readonly torn: boolean };

/** One thing that MCUboot may make of a cut. */
export interface LegalOutcome {
  readonly ending: Ending;
  /** One sentence: trailer state, rule and source. */
  readonly because: string;
  readonly result: BootResult;
  /** What the image list shows after the next boot. */
  readonly images: readonly ImageEntry[];
  /** The flash after the next boot. */
  readonly flash: FlashImage;
  /** Id of a defect of MCUboot itself: real, and still not right. */
  readonly knownDefect: string | undefined;
  /** Operations at which a cut comes to this. */
  readonly operations: readonly number[];
}

export interface JudgeQuestion {
  /** The flash before the boot that was cut. */
  readonly flash: FlashImage;
  readonly build: BootloaderBuild;
  readonly timing: FlashTiming;
  /** Left out: the boot was not disturbed. */
  readonly window?: CutWindow;
}

/**
 * All that may be found after a boot was cut somewhere in a window, power came back, and the next boot was left alone.
 * Torn writes stop at any word; torn erases leave any pattern. Faults switched on in `build` are not legal: they are
 * switched off here.
 * @returns outcomes in the order of the operations that lead to them, equal ones once; never empty.
 */
export function legalOutcomes(question: JudgeQuestion): readonly LegalOutcome[] {
  const build = withoutDefects(question.build);
  const memory = memoryOf(build);
  const { flash, timing, window } = question;
  const undisturbed = memory.timeline(flash, timing);
  const asked: BootAsked = { build, before: flash, imagesBefore: imageState(flash, build), undisturbed };
  const merged = new Map<string, LegalOutcome>();
  const seen = new Set<CutState>();
  for (const { state, operation } of statesIn(memory, asked, timing, window)) {
    if (seen.has(state)) continue;
    seen.add(state);
    const { ending, because, violation } = classify(asked, state);
    const { result, images, flash: after } = state.outcome;
    const defect = knownDefect(build, violation);
    // What a defect leaves in trailers that nobody reads any more is of no interest.
    const name = `${ending} ${result.kind} ${defect === undefined ? after.identity() : JSON.stringify(images)}`;
    const known = merged.get(name) ?? {
      ending,
      because,
      result,
      images,
      flash: after,
      knownDefect: defect,
      operations: [],
    };
    merged.set(name, { ...known, operations: [...new Set([...known.operations, operation])] });
  }
  return [...merged.values()];
}

/** All that the flash may hold after a boot was cut somewhere in the window of a question; each content once. */
export function statesAfterCut(question: JudgeQuestion): readonly FlashImage[] {
  const build = withoutDefects(question.build);
  const memory = memoryOf(build);
  const { flash, timing, window } = question;
  const undisturbed = memory.timeline(flash, timing);
  const asked: BootAsked = { build, before: flash, imagesBefore: imageState(flash, build), undisturbed };
  const found = new Map<string, FlashImage>();
  for (const { state } of statesIn(memory, asked, timing, window)) found.set(state.content.identity(), state.content);
  return [...found.values()];
}

interface StateAt {
  readonly state: CutState;
  readonly operation: number;
}

function* statesIn(
  memory: JudgeMemory,
  asked: BootAsked,
  timing: FlashTiming,
  window: CutWindow | undefined,
): Iterable<StateAt> {
  const { operations, operationsUs, flash: after } = asked.undisturbed;
  if (window === undefined) {
    yield { state: { content: asked.before, outcome: memory.outcome(asked.before) }, operation: 0 };
    return;
  }
  if ("fromOperation" in window) {
    for (const row of operations.slice(Math.max(0, window.fromOperation), window.toOperation + 1)) {
      const family = memory.family(asked, row);
      yield { state: family.notDone(), operation: row.index };
      if (window.torn) yield* at(row.index, tornStates(family, row, timing, 0, row.durationUs));
    }
    if (window.toOperation >= operations.length) yield ended(memory, after, operations.length);
    return;
  }
  const { fromUs, toUs } = window;
  if (fromUs < 0 || operations.length === 0) {
    yield { state: { content: asked.before, outcome: memory.outcome(asked.before) }, operation: 0 };
  }
  for (const row of operations) {
    const endUs = row.startUs + row.durationUs;
    // Between two operations nothing changes: a cut in that gap finds what the earlier one left.
    const gapEndUs = operations[row.index + 1]?.startUs ?? operationsUs;
    if (endUs > fromUs && row.startUs <= toUs) {
      const family = memory.family(asked, row);
      yield* at(row.index, tornStates(family, row, timing, fromUs - row.startUs, toUs - row.startUs));
    } else if (fromUs < gapEndUs && toUs >= endUs && toUs < gapEndUs) {
      yield { state: memory.family(asked, row).done(), operation: row.index };
    }
  }
  if (toUs >= operationsUs) yield ended(memory, after, operations.length);
}

function ended(memory: JudgeMemory, after: FlashImage, operation: number): StateAt {
  return { state: { content: after, outcome: memory.outcome(after) }, operation };
}

function* at(operation: number, states: Iterable<CutState>): Iterable<StateAt> {
  for (const state of states) yield { state, operation };
}

/** States of an operation cut between two moments, in microseconds from its start. */
function* tornStates(
  family: CutFamily,
  { operation, durationUs }: TimedOperation,
  timing: FlashTiming,
  fromUs: number,
  toUs: number,
): Iterable<CutState> {
  if (operation.kind === "erase") {
    if (fromUs <= 0) yield family.notDone();
    if (toUs > 0) yield* family.tornErase();
    if (toUs >= durationUs) yield family.done();
    return;
  }
  const words = Math.ceil(operation.data.length / timing.wordBytes);
  const first = Math.max(0, Math.floor(fromUs / timing.wordUs));
  const last = Math.min(words, Math.floor(toUs / timing.wordUs));
  for (let count = first; count <= last; count += 1) yield family.prefix(count * timing.wordBytes);
}

const NORMAL = new WeakMap<BootloaderBuild, BootloaderBuild>();

function withoutDefects(build: BootloaderBuild): BootloaderBuild {
  if (build.defects.size === 0) return build;
  const normal = NORMAL.get(build) ?? { ...build, defects: new Set<DefectName>() };
  NORMAL.set(build, normal);
  return normal;
}

const TIMELINES_MAX = 8;
const FAMILIES_MAX = 256;

/** What the judge has found out about one build, so that the next cut of the same boot costs little. */
class JudgeMemory {
  readonly #build: BootloaderBuild;
  readonly #timelines = new Map<string, Timeline>();
  readonly #families = new Map<string, CutFamily>();
  readonly #outcomes = new Map<string, BootOutcome>();

  constructor(build: BootloaderBuild) {
    this.#build = build;
  }

  timeline(flash: FlashImage, timing: FlashTiming): Timeline {
    const name = `${flash.identity()} ${timing.wordUs} ${timing.eraseUs}`;
    return kept(this.#timelines, name, TIMELINES_MAX, () => timeline(flash, this.#build, timing));
  }

  family(asked: BootAsked, row: TimedOperation): CutFamily {
    return kept(this.#families, `${asked.before.identity()} ${row.index}`, FAMILIES_MAX, () => {
      const content = asked.before.snapshot();
      for (const { operation } of asked.undisturbed.operations.slice(0, row.index)) content.apply(operation);
      return new CutFamily(content, this.#build, row.operation);
    });
  }

  outcome(content: FlashImage): BootOutcome {
    return kept(this.#outcomes, content.identity(), TIMELINES_MAX, () => outcomeOf(content, this.#build));
  }
}

/** The value of a name, made when it is not there; the oldest goes when there are too many. */
function kept<V>(map: Map<string, V>, name: string, limit: number, make: () => V): V {
  const known = map.get(name);
  if (known !== undefined) return known;
  const made = make();
  const [oldest] = map.keys();
  if (map.size >= limit && oldest !== undefined) map.delete(oldest);
  map.set(name, made);
  return made;
}

const MEMORIES = new WeakMap<BootloaderBuild, JudgeMemory>();

function memoryOf(build: BootloaderBuild): JudgeMemory {
  const memory = MEMORIES.get(build) ?? new JudgeMemory(build);
  MEMORIES.set(build, memory);
  return memory;
}
