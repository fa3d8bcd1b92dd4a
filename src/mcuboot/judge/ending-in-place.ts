import { slotsThatRun } from "../boot/image-state.ts";
import type { BootOutcome } from "../boot/run-boot.ts";
import type { BootloaderBuild } from "../builds/build.ts";
import { PRIMARY } from "../loader/loader-state.ts";
import { readTrailer, type TrailerState } from "../trailer/trailer.ts";
import type { Violation } from "./known-defects.ts";

/** What runs, each as one text: before the boot that was cut, after it and the next one, and if it is not cut at all. */
interface Running {
  readonly ran: string;
  readonly runs: string;
  readonly should: string;
}

interface InPlace {
  readonly ending: "upgraded" | "kept" | "reverted";
  readonly because: string;
  readonly violation: Violation | undefined;
}

const SELECT = "MCUboot loader.c boot_select_or_erase";

/**
 * What became of a cut where images run in place: nothing is swapped; one that nobody confirmed is erased by the boot
 * after its first. Undefined where an image runs that should not.
 */
export function endingInPlace(
  build: BootloaderBuild,
  outcome: BootOutcome,
  { ran, runs, should }: Running,
): InPlace | undefined {
  const slot = slotsThatRun(build, outcome.result)[0] ?? PRIMARY;
  const areas = build.images[0];
  const area = slot === PRIMARY ? areas?.primary : areas?.secondary;
  const trailer = area && readTrailer(outcome.flash.still(), build, area);
  const says = trailer === undefined ? "" : `, its trailer says ${textOf(trailer)}`;
  const place = `slot ${slot} runs${build.xipRevert ? says : ""}`;
  if (runs === should) {
    // What ran before and runs again; the newest that may run; or, with reverts, what an unconfirmed image gave way to.
    if (runs === ran) return { ending: "kept", because: `${place}: no newer image may run.`, violation: undefined };
    const because = `${place}: it is the newest image that may run (${SELECT}).`;
    const isLasting = trailer?.magic === "good" && trailer.copyDone === "bad" && trailer.imageOk !== "set";
    const violation = build.xipRevert && isLasting ? ("never reverts" as const) : undefined;
    return { ending: wasTakenBack(outcome) ? "reverted" : "upgraded", because, violation };
  }
  if (runs !== ran || !build.xipRevert) return undefined;
  const because = `${place}: the other image had been started once, and nobody confirmed it, so it was erased (${SELECT}).`;
  return { ending: "reverted", because, violation: undefined };
}

/** The image that ran before is gone: a boot erases what it takes back, and nothing else that is whole. */
function wasTakenBack({ images }: BootOutcome): boolean {
  return images.filter(({ image }) => image === 0).length === 1;
}

function textOf({ magic, copyDone, imageOk }: TrailerState): string {
  return `magic ${magic}, copy_done ${copyDone}, image_ok ${imageOk}`;
}
