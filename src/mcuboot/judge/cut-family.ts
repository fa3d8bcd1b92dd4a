import { equalBytes } from "../../core/index.ts";
import { boot } from "../boot.ts";
import type { BootloaderBuild } from "../build.ts";
import type { FlashImage } from "../flash-image.ts";
import { afterOperation, ERASED, type Torn } from "../flash-rules.ts";
import { imageState } from "../image-state.ts";
import type { BootOutcome } from "../run-boot.ts";
import { type FlashOperation, isOperation, type LogLine, operationBytes } from "../steps.ts";
import { type Span, WatchedFlash } from "./footprint.ts";

/** A flash content that a cut may leave, and what the next boot makes of it. */
export interface CutState {
  readonly content: FlashImage;
  readonly outcome: BootOutcome;
}

interface Known extends CutState {
  readonly bytes: Uint8Array;
  readonly seen: readonly Span[];
  /** Equal in what the boot saw is equal in all that follows. */
  readonly spanGone: boolean;
}

/** Patterns of a torn erase are tried in all combinations of what the boot looks at, up to so many. */
const PATTERNS_MAX = 400;

/**
 * All contents that a cut at one operation of a boot may leave. They differ only in the bytes of that operation, so one
 * boot tells about all that agree in what it looked at.
 */
export class CutFamily {
  readonly #before: FlashImage;
  readonly #build: BootloaderBuild;
  readonly #operation: FlashOperation;
  readonly #span: Span;
  readonly #known: Known[] = [];
  #erase: readonly CutState[] | undefined;

  /** @param before the flash just before the operation. */
  constructor(before: FlashImage, build: BootloaderBuild, operation: FlashOperation) {
    this.#before = before;
    this.#build = build;
    this.#operation = operation;
    this.#span = { from: operation.offset, to: operation.offset + operationBytes(operation) };
  }

  notDone(): CutState {
    return this.#stateOf(this.#bytesBefore());
  }

  done(): CutState {
    return this.#stateOf(this.#after());
  }

  /** A write of which so many bytes were programmed. */
  prefix(prefixBytes: number): CutState {
    return this.#stateOf(this.#after({ prefixBytes }));
  }

  /**
   * An erase cut while it ran: bits on their way to one, in any pattern. What the next boot looks at is tried as it
   * was, erased, and in between; what it does not look at does not matter.
   */
  tornErase(): readonly CutState[] {
    this.#erase ??= this.#tornErase();
    return this.#erase;
  }

  #tornErase(): readonly CutState[] {
    const before = this.#bytesBefore();
    const variants = [before, ...(["head", "tail", "bits"] as const).map((torn) => this.#after(torn)), this.#after()];
    const states = variants.map((bytes) => this.#stateOf(bytes));
    for (const pattern of this.#patterns(before)) states.push(this.#stateOf(pattern));
    return states;
  }

  /** Combinations of kept, erased and garbled fields, by what the boots so far have looked at. */
  *#patterns(before: Uint8Array): Iterable<Uint8Array> {
    const fields = this.#fieldsSeen(before);
    const choices = GARBLES.length ** fields.length;
    for (let choice = 0; choice < Math.min(choices, PATTERNS_MAX); choice += 1) {
      const pattern = new Uint8Array(before.length).fill(ERASED);
      let rest = choice;
      for (const { from, to } of fields) {
        const garble = GARBLES[rest % GARBLES.length] ?? 0;
        rest = Math.floor(rest / GARBLES.length);
        for (let at = from; at < to; at += 1) pattern[at] = (before[at] ?? 0) | garble;
      }
      yield pattern;
    }
  }

  /**
   * Small parts that a boot looked at and that are not erased; offsets in the operation. Whole sectors are no fields.
   */
  #fieldsSeen(before: Uint8Array): readonly Span[] {
    const spans = new Map<string, Span>();
    for (const { seen } of this.#known) {
      for (const { from, to } of seen) {
        const span = { from: from - this.#span.from, to: to - this.#span.from };
        const blank = before.subarray(span.from, span.to).every((value) => value === ERASED);
        if (!blank && to - from <= FIELD_BYTES_MAX) spans.set(`${span.from} ${span.to}`, span);
      }
    }
    return [...spans.values()];
  }

  #bytesBefore(): Uint8Array {
    return this.#before.read(this.#span.from, this.#span.to - this.#span.from);
  }

  #after(torn?: Torn): Uint8Array {
    return afterOperation(this.#bytesBefore(), this.#operation, torn);
  }

  #stateOf(bytes: Uint8Array): CutState {
    const alike = this.#known.find((known) => this.#bootsAlike(known, bytes));
    if (alike !== undefined) return alike;
    const content = this.#before.snapshot();
    content.load(this.#span.from, bytes);
    const after = content.snapshot();
    const watched = new WatchedFlash(after, this.#span);
    const outcome = bootWatched(after, watched, this.#build);
    const known = { content, outcome, bytes, seen: watched.seen, spanGone: watched.gone };
    this.#known.push(known);
    return known;
  }

  #bootsAlike(known: Known, bytes: Uint8Array): boolean {
    if (!known.spanGone) return equalBytes(known.bytes, bytes);
    return known.seen.every(({ from, to }) => {
      const [start, end] = [from - this.#span.from, to - this.#span.from];
      return equalBytes(known.bytes.subarray(start, end), bytes.subarray(start, end));
    });
  }
}

/** What a field may have become: as it was, erased, or somewhere in between. */
const GARBLES = [0, 0xff, 0x0f, 0x81] as const;
const FIELD_BYTES_MAX = 64;

function bootWatched(after: FlashImage, watched: WatchedFlash, build: BootloaderBuild): BootOutcome {
  const log: LogLine[] = [];
  let operations = 0;
  const steps = boot(watched, build);
  for (;;) {
    const next = steps.next();
    if (next.done === true) {
      return { result: next.value, images: imageState(after, build), log, operations, flash: after };
    }
    if (next.value.kind === "log") log.push(next.value);
    if (!isOperation(next.value)) continue;
    operations += 1;
    watched.apply(next.value);
  }
}
