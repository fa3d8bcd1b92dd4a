import {
  type FlashContent,
  type LegalOutcome,
  legalOutcomes,
  outcomeOf,
  type Timeline,
  timeline,
} from "../../mcuboot/index.ts";
import type { CutSpan } from "../verdict/cut-window.ts";
import type { ExpectedFlash } from "../verdict/expected-flash.ts";
import { asFlash, momentLeft } from "../verdict/real-flash.ts";
import type { PowerLoss } from "./make-cuts.ts";

/** Cuts of a board whose flash can be read: what they left says where they fell, to the word. */
interface CutLocations {
  /** Of the cuts, one each, in the model's time. */
  readonly windows: readonly CutSpan[];
  /** What MCUboot makes of the last one. */
  readonly allowed: readonly LegalOutcome[];
  /** What a cut left is nothing that MCUboot's own operations pass through. */
  readonly fault: string | undefined;
}

/** Undefined for a board whose flash cannot be read. @param plan the boot of the first cut. */
export function locateCuts(
  expected: ExpectedFlash,
  plan: Timeline,
  lost: readonly PowerLoss[],
): CutLocations | undefined {
  const { build, timing } = expected;
  const windows: CutSpan[] = [];
  let [before, boot]: [FlashContent, Timeline] = [expected.flash, plan];
  let allowed: readonly LegalOutcome[] = [];
  for (const [order, { left }] of lost.entries()) {
    if (left === undefined) return undefined;
    const content = asFlash(expected, left);
    if (order > 0) boot = timeline(before, build, timing);
    const atUs = momentLeft(before, boot, timing, content);
    if (atUs === undefined) {
      const fault = `power loss ${order + 1} left a flash that no operation of MCUboot leaves there`;
      return { windows: [...windows, { fromUs: 0, toUs: boot.operationsUs }], allowed: expected.outcomes(), fault };
    }
    const window = { fromUs: atUs, toUs: atUs };
    windows.push(window);
    allowed = exactly(legalOutcomes({ flash: before, build, timing, window }), outcomeOf(content, build));
    before = content;
  }
  return { windows, allowed, fault: undefined };
}

/** Of the outcomes of a moment, which may have torn a word, the one that this content comes to. */
function exactly(outcomes: readonly LegalOutcome[], { images, result, flash }: ReturnType<typeof outcomeOf>) {
  const shown = `${result.kind} ${JSON.stringify(images)}`;
  const same = outcomes.filter((row) => `${row.result.kind} ${JSON.stringify(row.images)}` === shown);
  const exact = same.filter((row) => row.flash.identity() === flash.identity());
  // Outcomes of one defect are kept once, with the flash of the first.
  const defects = same.filter((row) => row.knownDefect !== undefined).map((row) => ({ ...row, flash }));
  if (exact.length > 0) return exact;
  return defects.length > 0 ? defects.slice(0, 1) : outcomes;
}
