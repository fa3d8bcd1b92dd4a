import { boot } from "../boot.ts";
import type { BootloaderBuild } from "../build.ts";
import type { FlashImage } from "../flash-image.ts";
import type { Torn } from "../flash-rules.ts";
import { imageState } from "../image-state.ts";
import { outcomeOf } from "../run-boot.ts";
import { isOperation } from "../steps.ts";
import { timeline } from "../timeline.ts";
import { NRF5340_INTERNAL } from "../timing.ts";
import { type BootAsked, type Classified, classify } from "./ending.ts";

/** One cut of a sequence: the boot went on to this operation, which was not done, or torn. */
export interface CutPoint {
  readonly operation: number;
  readonly torn: Torn | undefined;
}

/** A way in which a sequence of cuts can end, once power stays on. */
export interface ExploredEnd extends Classified {
  /** "run", "fail" or "panic". */
  readonly result: string;
  /** What the image list shows: "0:2.0.0 active". */
  readonly shows: string;
  /** The shortest sequence of cuts that leads here; one entry a boot. */
  readonly cuts: readonly CutPoint[];
  /** How many different flash contents end so. */
  readonly contents: number;
}

export interface Exploration {
  readonly ends: readonly ExploredEnd[];
  /** Different flash contents found; each was booted once. */
  readonly contents: number;
  /** True: no further sequence of cuts, however long, leads to a content not seen. */
  readonly complete: boolean;
}

export interface ExploreQuestion {
  /** The flash before the first boot. */
  readonly flash: FlashImage;
  readonly build: BootloaderBuild;
  /** How operations are torn besides not being done at all; none when left out. */
  readonly torn?: readonly Torn[];
  /** Longest sequence of cuts; any length when left out. */
  readonly cutsMax?: number;
  /** Give up after so many contents. */
  readonly contentsMax?: number;
}

interface Found {
  readonly content: FlashImage;
  readonly cuts: readonly CutPoint[];
}

const CONTENTS_MAX = 100_000;

/**
 * All sequences of power cuts. A cut state is a flash content; equal contents boot alike, so each is booted once, and
 * the contents that its boot goes through are where the next cut may fall. When nothing new appears, every sequence
 * has been seen, of any length.
 */
export function exploreCuts(question: ExploreQuestion): Exploration {
  const { flash, build, torn = [], cutsMax = Number.POSITIVE_INFINITY, contentsMax = CONTENTS_MAX } = question;
  const undisturbed = timeline(flash, build, NRF5340_INTERNAL);
  const asked: BootAsked = { build, before: flash, imagesBefore: imageState(flash, build), undisturbed };
  const known = new Set<string>([flash.identity()]);
  const ends = new Map<string, ExploredEnd>();
  let frontier: Found[] = [{ content: flash, cuts: [] }];
  let complete = true;
  while (frontier.length > 0) {
    const next: Found[] = [];
    for (const found of frontier) {
      note(ends, asked, found);
      if (found.cuts.length >= cutsMax) {
        complete = false;
        continue;
      }
      for (const further of cutsOf(found, build, torn)) {
        const name = further.content.identity();
        if (known.has(name)) continue;
        known.add(name);
        next.push(further);
      }
    }
    if (known.size > contentsMax) return { ends: [...ends.values()], contents: known.size, complete: false };
    frontier = next;
  }
  return { ends: [...ends.values()], contents: known.size, complete };
}

/** Boots a content without a cut and adds how that ends; the first to get there came by the fewest cuts. */
function note(ends: Map<string, ExploredEnd>, asked: BootAsked, { content, cuts }: Found): void {
  const outcome = outcomeOf(content, asked.build);
  const classified = classify(asked, { content, outcome });
  const shows = outcome.images.map((entry) => {
    const flags = (["active", "confirmed", "pending"] as const).filter((flag) => entry[flag]);
    return [`${entry.image}/${entry.slot}:${entry.version}`, ...flags].join(" ");
  });
  const name = `${classified.ending} ${classified.violation ?? ""} ${outcome.result.kind} ${shows.join(", ")}`;
  const known = ends.get(name);
  if (known !== undefined) ends.set(name, { ...known, contents: known.contents + 1 });
  else ends.set(name, { ...classified, result: outcome.result.kind, shows: shows.join(", "), cuts, contents: 1 });
}

/** All contents that one cut of the next boot may leave. */
function* cutsOf({ content, cuts }: Found, build: BootloaderBuild, torn: readonly Torn[]): Iterable<Found> {
  const flash = content.snapshot();
  let index = 0;
  for (const step of boot(flash, build)) {
    if (!isOperation(step)) continue;
    for (const kind of [undefined, ...torn]) {
      const cut = flash.snapshot();
      if (kind !== undefined) cut.apply(step, kind);
      yield { content: cut, cuts: [...cuts, { operation: index, torn: kind }] };
    }
    flash.apply(step);
    index += 1;
  }
}
