import { LruCache } from "../../core/index.ts";
import { type ImageEntry, imageListOf } from "../boot/image-state.ts";
import { contentBefore, type TimedOperation, type Timeline, timeline } from "../boot/timeline.ts";
import type { BootloaderBuild } from "../builds/build.ts";
import type { DefectName } from "../builds/defects.ts";
import type { FlashContent } from "../flash/flash-content.ts";
import type { Slot } from "../loader/loader-state.ts";
import type { BootResult } from "../steps/steps.ts";
import { bytesOfUnits, type FlashTiming, programUnits, timingAt } from "../steps/timing.ts";
import { CutFamily, type CutState, statesOf } from "./cut-family.ts";
import { type BootAsked, classify, isReverting, type ModelEnding } from "./ending.ts";
import { knownDefect, type Violation } from "./known-defects.ts";
import { everyWay, ReadingFlash } from "./readings.ts";
import { type Erase, erasedInBoot, type SettledBoots } from "./settled-boots.ts";

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
  readonly ending: ModelEnding;
  /** One sentence: trailer state, rule and source. */
  readonly because: string;
  readonly result: BootResult;
  /** What the image list shows after the next boot. */
  readonly images: readonly ImageEntry[];
  /** The flash after the next boot. */
  readonly flash: FlashContent;
  /** The rule that this breaks; undefined where MCUboot does right. */
  readonly violation?: Violation | undefined;
  /** Id of a defect of MCUboot itself: real, and still not right. */
  readonly knownDefect: string | undefined;
  /** Operations at which a cut comes to this. */
  readonly operations: readonly number[];
}

interface JudgeQuestion {
  /** The flash before the boot that was cut. */
  readonly flash: FlashContent;
  readonly build: BootloaderBuild;
  readonly timing: FlashTiming;
  /** Where images run in place: the slot of each that ran before; default: the primary one. */
  readonly ran?: readonly Slot[];
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
  const { flash, timing, window, ran } = question;
  const merged = new Map<string, LegalOutcome>();
  const seen = new Set<CutState>();
  for (const asked of bootsAsked(memory, build, flash, timing, ran)) {
    for (const { state, operation } of statesIn(memory, asked, timing, window)) {
      if (seen.has(state)) continue;
      seen.add(state);
      const outcome = outcomeOf(asked, state);
      const { ending, result, images, violation, flash: after } = outcome;
      const shown = `${ending} ${violation ?? ""} ${result.kind} ${JSON.stringify(images)}`;
      // What a defect leaves in trailers that nobody reads any more is of no interest.
      const name = outcome.knownDefect === undefined ? `${shown} ${after.identity()}` : shown;
      const known = merged.get(name) ?? outcome;
      merged.set(name, { ...known, operations: [...new Set([...known.operations, operation])] });
    }
  }
  return [...merged.values()];
}

function outcomeOf(asked: BootAsked, state: CutState): LegalOutcome {
  const { ending, because, violation } = classify(asked, state);
  const { result, images, flash } = state.outcome;
  const defect = knownDefect(asked.build, violation, isReverting(asked.build, asked.before));
  return { ending, because, result, images, flash, violation, knownDefect: defect, operations: [] };
}

/** The boot that is asked about; several where bits are in doubt before it begins. */
function bootsAsked(
  memory: JudgeCache,
  build: BootloaderBuild,
  flash: FlashContent,
  timing: FlashTiming,
  ran?: readonly Slot[],
): readonly BootAsked[] {
  const imagesBefore = imageListOf(flash.still(), build, ran);
  return memory.timelines(flash, timing).map((undisturbed) => ({ build, before: flash, imagesBefore, undisturbed }));
}

/** All that the flash may hold after a boot was cut somewhere in the window of a question; each content once. */
export function statesAfterCut(question: JudgeQuestion): readonly FlashContent[] {
  const build = withoutDefects(question.build);
  const memory = memoryOf(build);
  const { flash, timing, window } = question;
  const found = new Map<string, FlashContent>();
  for (const asked of bootsAsked(memory, build, flash, timing)) {
    for (const { state } of statesIn(memory, asked, timing, window)) found.set(state.left.identity(), state.left);
  }
  return [...found.values()];
}

/** What an undisturbed boot of a content does and says; several where bits are in doubt. */
export function timelinesOf({ flash, build, timing }: Omit<JudgeQuestion, "window">): readonly Timeline[] {
  return memoryOf(withoutDefects(build)).timelines(flash, timing);
}

/**
 * Offsets of all erases of an undisturbed boot of a content, in order. Bits in doubt read as they do at this moment;
 * faults that are switched on in `build` stay on.
 */
export function erasesOf(flash: FlashContent, build: BootloaderBuild): readonly Erase[] {
  return memoryOf(build).erases(flash);
}

interface StateAt {
  readonly state: CutState;
  readonly operation: number;
}

function* statesIn(
  memory: JudgeCache,
  asked: BootAsked,
  timing: FlashTiming,
  window: CutWindow | undefined,
): Iterable<StateAt> {
  const { operations, operationsUs, flash: after } = asked.undisturbed;
  if (window === undefined) {
    yield* at(0, memory.states(asked.before));
    return;
  }
  if ("fromOperation" in window) {
    for (const row of operations.slice(Math.max(0, window.fromOperation), window.toOperation + 1)) {
      const family = memory.family(asked, row);
      yield* at(row.index, family.notDone());
      if (window.torn) yield* at(row.index, tornStates(family, row, timing, 0, row.durationUs));
    }
    if (window.toOperation >= operations.length) yield* at(operations.length, memory.states(after));
    return;
  }
  const { fromUs, toUs } = window;
  if (fromUs < 0 || operations.length === 0) yield* at(0, memory.states(asked.before));
  for (const row of operations) {
    const endUs = row.startUs + row.durationUs;
    // Between two operations nothing changes: a cut in that gap finds what the earlier one left.
    const gapEndUs = operations[row.index + 1]?.startUs ?? operationsUs;
    if (endUs > fromUs && row.startUs <= toUs) {
      const family = memory.family(asked, row);
      yield* at(row.index, tornStates(family, row, timing, fromUs - row.startUs, toUs - row.startUs));
    } else if (fromUs < gapEndUs && toUs >= endUs && toUs < gapEndUs) {
      yield* at(row.index, memory.family(asked, row).done());
    }
  }
  if (toUs >= operationsUs) yield* at(operations.length, memory.states(after));
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
  const { unitUs, keepsPower = false } = timingAt(timing, operation.offset);
  if (operation.kind === "erase") {
    if (fromUs <= 0) yield* family.notDone();
    // A device that keeps its power ends what it was told.
    if (toUs > 0) yield* keepsPower ? family.done() : family.tornErase();
    if (toUs >= durationUs) yield* family.done();
    return;
  }
  const units = programUnits(operation, timing);
  const first = Math.max(0, Math.floor(fromUs / unitUs));
  const last = Math.min(units, Math.floor(toUs / unitUs) + (keepsPower ? 1 : 0));
  const bytesOf = (count: number) => bytesOfUnits(operation, timing, count);
  for (let count = first; count <= last; count += 1) {
    yield* family.prefix(bytesOf(count));
    if (count < units && !keepsPower) yield* family.tornWrite(bytesOf(count), bytesOf(count + 1));
  }
}

const NORMAL = new WeakMap<BootloaderBuild, BootloaderBuild>();

function withoutDefects(build: BootloaderBuild): BootloaderBuild {
  if (build.defects.size === 0) return build;
  const normal = NORMAL.get(build) ?? { ...build, defects: new Set<DefectName>() };
  NORMAL.set(build, normal);
  return normal;
}

const TIMELINES_MAX = 8;
/** Ways of reading what is in doubt that are tried for the operations they come to. */
const TIMELINE_WAYS_MAX = 200;
const FAMILIES_MAX = 32;
const SETTLED_MAX = 1024;

/** What the judge has found out about one build, so that the next cut of the same boot costs little. */
class JudgeCache {
  readonly #build: BootloaderBuild;
  readonly #timelines = new LruCache<readonly Timeline[]>(TIMELINES_MAX);
  readonly #families = new LruCache<CutFamily>(FAMILIES_MAX);
  readonly #states = new LruCache<readonly CutState[]>(TIMELINES_MAX);
  readonly #settled: SettledBoots = new LruCache(SETTLED_MAX);

  constructor(build: BootloaderBuild) {
    this.#build = build;
  }

  /** The boot of a content; where bits are in doubt, every boot that does or says something else. */
  timelines(flash: FlashContent, timing: FlashTiming): readonly Timeline[] {
    const name = `${flash.identity()} ${JSON.stringify(timing)}`;
    return this.#timelines.of(name, () => {
      const read = everyWay((choose) => {
        return timeline(flash, this.#build, timing, (after) => new ReadingFlash(after, choose));
      }, TIMELINE_WAYS_MAX);
      const shown = (line: Timeline) => [
        ...line.operations.map((row) => row.description),
        ...line.log.map((row) => row.text),
      ];
      return [...new Map(read.map((line) => [shown(line).join("\n"), line])).values()];
    });
  }

  family({ before, undisturbed }: BootAsked, row: TimedOperation): CutFamily {
    const way = this.#wayOf(before, undisturbed);
    return this.#families.of(`${before.identity()} ${way} ${row.index}`, () => {
      const content = contentBefore(before, undisturbed, row.index);
      return new CutFamily(content, this.#build, row.operation, this.#settled);
    });
  }

  /** All that a boot may make of a content when it is undisturbed. */
  states(content: FlashContent): readonly CutState[] {
    return this.#states.of(content.identity(), () => statesOf(content, this.#build, this.#settled));
  }

  /** See `erasesOf`. */
  erases(content: FlashContent): readonly Erase[] {
    return erasedInBoot(content, this.#build, this.#settled);
  }

  /** Which of the boots of a content this is: one, unless bits are in doubt. */
  #wayOf(before: FlashContent, undisturbed: Timeline): string {
    return before.isDoubtful() ? undisturbed.operations.map((row) => row.description).join() : "";
  }
}

const MEMORIES = new WeakMap<BootloaderBuild, JudgeCache>();

function memoryOf(build: BootloaderBuild): JudgeCache {
  const memory = MEMORIES.get(build) ?? new JudgeCache(build);
  MEMORIES.set(build, memory);
  return memory;
}
