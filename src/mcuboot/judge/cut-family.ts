import { equalBytes } from "../../core/index.ts";
import { imageListOf, slotsThatRun } from "../boot/image-state.ts";
import type { BootOutcome } from "../boot/run-boot.ts";
import type { BootloaderBuild } from "../builds/build.ts";
import type { Unsettled } from "../flash/bits-in-doubt.ts";
import type { FlashContent } from "../flash/flash-content.ts";
import { afterOperation } from "../flash/flash-rules.ts";
import { type FlashOperation, operationBytes } from "../flash/operation.ts";
import { type FootprintSpan, WatchedFlash } from "./footprint.ts";
import { everyWay, ReadingFlash } from "./readings.ts";
import { bootWatched, type SettledBoots } from "./settled-boots.ts";

/** A flash content that a cut may leave, and what the next boot makes of it. */
export interface CutState {
  /** As the boot read it; where bits are in doubt, as it read them first. */
  readonly content: FlashContent;
  /** As the cut left it: with its bits in doubt. */
  readonly left: FlashContent;
  readonly outcome: BootOutcome;
}

interface Known {
  readonly states: readonly CutState[];
  readonly reading: Unsettled;
  readonly seen: readonly FootprintSpan[];
  /** Equal in what the boots saw is equal in all that follows. */
  readonly spanGone: boolean;
}

/** Ways of reading what is in doubt that are tried for one content, by a boot and by an application. */
const WAYS_MAX = 1_500;
const LISTS_MAX = 300;

/**
 * All contents that a cut at one operation of a boot may leave. They differ only in the bytes of that operation, so one
 * boot tells about all that agree in what it looked at.
 */
export class CutFamily {
  readonly #before: FlashContent;
  readonly #build: BootloaderBuild;
  readonly #operation: FlashOperation;
  readonly #span: FootprintSpan;
  readonly #settled: SettledBoots;
  readonly #known: Known[] = [];
  #erase: readonly CutState[] | undefined;

  /**
   * @param before the flash just before the operation.
   * @param settled boots of this build that are known.
   */
  constructor(before: FlashContent, build: BootloaderBuild, operation: FlashOperation, settled: SettledBoots) {
    this.#settled = settled;
    this.#before = before;
    this.#build = build;
    this.#operation = operation;
    this.#span = { from: operation.offset, to: operation.offset + operationBytes(operation) };
  }

  notDone(): readonly CutState[] {
    return this.#statesOf(this.#bytesBefore());
  }

  done(): readonly CutState[] {
    return this.#statesOf(this.#after());
  }

  /** A write of which so many bytes were programmed. */
  prefix(prefixBytes: number): readonly CutState[] {
    return this.#statesOf(this.#after(prefixBytes));
  }

  /** A write that was cut between these two: bits of what lies in between may read as programmed, or not. */
  tornWrite(fromBytes: number, toBytes: number): readonly CutState[] {
    return this.#statesOf({ first: lowest(this.#after(toBytes)), later: highest(this.#after(fromBytes)) });
  }

  /**
   * An erase cut while it ran: bits on their way to one, in any pattern, and on the edge, so that they may read
   * differently the next time.
   */
  tornErase(): readonly CutState[] {
    this.#erase ??= this.#statesOf({ first: lowest(this.#bytesBefore()), later: this.#after().first });
    return this.#erase;
  }

  /** How the bytes of the operation read before it; both readings are the same where nothing is in doubt. */
  #bytesBefore(): Unsettled {
    const bytes = this.#span.to - this.#span.from;
    const first = this.#before.read(this.#span.from, bytes);
    const mask = this.#before.doubt(this.#span.from, bytes);
    return { first, later: mask === undefined ? first : first.map((byte, at) => byte ^ (mask[at] ?? 0)) };
  }

  #after(prefixBytes?: number): Unsettled {
    const torn = prefixBytes === undefined ? undefined : { prefixBytes };
    const { first, later } = this.#bytesBefore();
    const after = afterOperation(first, this.#operation, torn);
    return { first: after, later: later === first ? after : afterOperation(later, this.#operation, torn) };
  }

  #statesOf(reading: Unsettled): readonly CutState[] {
    const alike = this.#known.find((known) => this.#bootsAlike(known, reading));
    if (alike !== undefined) return alike.states;
    const content = this.#before.snapshot();
    content.unsettle(this.#span.from, reading);
    const watched: WatchedFlash[] = [];
    const states = statesOf(content, this.#build, this.#settled, (view) => {
      const watch = new WatchedFlash(view.after, this.#span, view.flash);
      watched.push(watch);
      return watch;
    });
    const seen = watched.flatMap((watch) => watch.seen);
    this.#known.push({ states, reading, seen, spanGone: watched.every((watch) => watch.gone) });
    return states;
  }

  #bootsAlike({ reading, seen, spanGone }: Known, { first, later }: Unsettled): boolean {
    if (!spanGone) return equalBytes(reading.first, first) && equalBytes(reading.later, later);
    return seen.every(({ from, to }) => {
      const [start, end] = [from - this.#span.from, to - this.#span.from];
      const same = (a: Uint8Array, b: Uint8Array) => equalBytes(a.subarray(start, end), b.subarray(start, end));
      return same(reading.first, first) && same(reading.later, later);
    });
  }
}

/** Bits that are set in both readings. Nearly always they are one: a window has one for each word that was programmed. */
function lowest({ first, later }: Unsettled): Uint8Array {
  return first === later ? first : first.map((byte, at) => byte & (later[at] ?? 0));
}

/** Bits that are set in one of the readings. */
function highest({ first, later }: Unsettled): Uint8Array {
  return first === later ? first : first.map((byte, at) => byte | (later[at] ?? 0));
}

/** What a boot reads from, and the flash that its operations go to. */
interface View {
  readonly after: FlashContent;
  readonly flash: ReadingFlash;
}

/**
 * All that the next boot may make of a content, by how it reads what is in doubt there; each end once.
 * @param settled boots of this build that are known.
 * @param watch wraps what the boot reads from.
 */
export function statesOf(
  left: FlashContent,
  build: BootloaderBuild,
  settled: SettledBoots,
  watch: (view: View) => WatchedFlash = ({ after, flash }) => new WatchedFlash(after, { from: 0, to: 0 }, flash),
): readonly CutState[] {
  const ends = new Map<string, CutState>();
  everyWay((choose) => {
    const after = left.snapshot();
    const flash = new ReadingFlash(after, choose);
    const { outcome } = bootWatched(after, watch({ after, flash }), build, settled);
    for (const state of listedWays({ content: flash.resolved, left, outcome }, build)) {
      const { result, images, flash: end } = state.outcome;
      const name = `${end.identity()} ${JSON.stringify([result, images])}`;
      if (!ends.has(name)) ends.set(name, state);
    }
  }, WAYS_MAX);
  return [...ends.values()];
}

/** The same state once for every image list that an application may read out of what is still in doubt after the boot. */
function listedWays(state: CutState, build: BootloaderBuild): readonly CutState[] {
  const { flash, result } = state.outcome;
  const running = slotsThatRun(build, result);
  if (!flash.isDoubtful()) return [state];
  const lists = everyWay((choose) => imageListOf(new ReadingFlash(flash, choose), build, running), LISTS_MAX);
  const distinct = new Map(lists.map((images) => [JSON.stringify(images), images]));
  return [...distinct.values()].map((images) => ({ ...state, outcome: { ...state.outcome, images } }));
}
