import type { LruCache } from "../../core/index.ts";
import { boot } from "../boot/boot.ts";
import { imageListOf, slotsThatRun } from "../boot/image-state.ts";
import type { BootOutcome } from "../boot/run-boot.ts";
import type { BootloaderBuild } from "../builds/build.ts";
import type { FlashContent } from "../flash/flash-content.ts";
import { operationBytes } from "../flash/operation.ts";
import { type LoaderState, memoryText } from "../loader/loader-state.ts";
import { isOperation, type LogLine } from "../steps/steps.ts";
import { WatchedFlash } from "./footprint.ts";

/** A range of pages that a boot erased; device offset and length in bytes. */
export interface Erase {
  readonly offset: number;
  readonly bytes: number;
}

/** A boot, and what it erased, in order. */
interface WatchedBoot {
  readonly outcome: BootOutcome;
  readonly erases: readonly Erase[];
}

/** A moment of a boot that is known to its end. */
interface Settled extends WatchedBoot {
  /** So many of its erases came before this moment. */
  readonly erasesBefore: number;
}

/**
 * Ends of boots by what they held in mid-run, where nothing was in doubt any more: flash, RAM and next operation. Boots
 * that agree in these go on alike.
 */
export type SettledBoots = LruCache<Settled>;

/** Boots are compared where nothing is in doubt for the first time, and before each erase: a sector is begun anew. */
export function bootWatched(
  after: FlashContent,
  watched: WatchedFlash,
  build: BootloaderBuild,
  settled: SettledBoots,
): WatchedBoot {
  const log: LogLine[] = [];
  const erases: Erase[] = [];
  const moments: { readonly name: string; readonly erasesBefore: number }[] = [];
  let operations = 0;
  // What a cut left may be what a boot in mid-run comes by, too, and the program is at another place.
  let written: number | undefined;
  let memory: LoaderState | undefined;
  const ended = (end: WatchedBoot): WatchedBoot => {
    for (const { name, erasesBefore } of moments) settled.set(name, { ...end, erasesBefore });
    return end;
  };
  const steps = boot(watched, build, (loader) => {
    memory = loader;
  });
  for (;;) {
    const next = steps.next();
    if (next.done === true) {
      const images = imageListOf(after.still(), build, slotsThatRun(build, next.value));
      return ended({ outcome: { result: next.value, images, log, operations, flash: after }, erases });
    }
    if (next.value.kind === "log") log.push(next.value);
    if (!isOperation(next.value)) continue;
    const { kind, offset } = next.value;
    const bytes = operationBytes(next.value);
    // An erase of what is erased changes nothing: a later moment of the boot would have the same name.
    const isMoment = kind === "erase" ? !after.isBlank(offset, bytes) : moments.length === 0;
    if (isMoment && !after.isDoubtful()) {
      const place = `${written} ${kind} ${offset} ${bytes}`;
      const name = `${after.identity()} ${memoryText(memory)} ${place}`;
      const known = settled.get(name);
      if (known !== undefined) {
        return ended({ outcome: known.outcome, erases: [...erases, ...known.erases.slice(known.erasesBefore)] });
      }
      moments.push({ name, erasesBefore: erases.length });
    }
    operations += 1;
    if (next.value.kind === "erase") erases.push(next.value);
    else written = offset;
    watched.apply(next.value);
  }
}

/**
 * What an undisturbed boot of a content erases, in order. Bits in doubt read as they do at this moment.
 * @param settled boots of this build that are known.
 */
export function erasedInBoot(flash: FlashContent, build: BootloaderBuild, settled: SettledBoots): readonly Erase[] {
  const after = flash.snapshot();
  return bootWatched(after, new WatchedFlash(after, { from: 0, to: 0 }), build, settled).erases;
}
