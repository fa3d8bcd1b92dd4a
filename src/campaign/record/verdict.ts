import type { CutTimes, SlotState } from "./facts.ts";
import { type Subject, subjectText } from "./subject.ts";

/** The ways an upgrade can end, in the field's words. */
export const ENDINGS = [
  { name: "upgraded", legal: true, text: "upgraded from the start" },
  { name: "resumed", legal: true, text: "resumed and upgraded" },
  { name: "kept", legal: true, text: "kept the old image" },
  { name: "reverted", legal: true, text: "reverted" },
  { name: "network core updated", legal: true, text: "network core updated" },
  { name: "bootloader updated", legal: true, text: "MCUboot itself updated" },
  { name: "in recovery", legal: true, text: "stayed in serial recovery" },
  { name: "nothing to boot", legal: true, text: "booted nothing, for lack of a whole image" },
  { name: "half an image", legal: false, text: "half an image runs" },
  { name: "wrong image", legal: false, text: "wrong image runs" },
  { name: "wrong slots", legal: false, text: "wrong image in the other slot" },
  { name: "wrong flags", legal: false, text: "wrong flags" },
  { name: "fallback lost", legal: false, text: "old image lost" },
  { name: "never reverts", legal: false, text: "unconfirmed image never taken back" },
  { name: "request lost", legal: false, text: "request lost" },
  { name: "request postponed", legal: false, text: "request taken a boot too late" },
  { name: "network core not told", legal: false, text: "network core not told" },
  { name: "bootloader not told", legal: false, text: "MCUboot's version not told" },
  { name: "wrong bootloader", legal: false, text: "wrong MCUboot runs" },
  { name: "wrong log", legal: false, text: "boot log says otherwise" },
  { name: "boot loop", legal: false, text: "boot loop" },
  { name: "no boot", legal: false, text: "no boot" },
  { name: "hangs", legal: false, text: "bootloader hangs" },
] as const;

export type Ending = (typeof ENDINGS)[number]["name"];

/** What one boot of the board came to, against what the model of MCUboot allows. */
export interface Verdict {
  readonly subject: Subject;
  readonly pass: boolean;
  readonly ending: Ending;
  readonly from: string;
  readonly to: string;
  readonly cut: CutTimes | undefined;
  /** Where in the swap the cut fell, for people: "operation 611, status of sector 48". */
  readonly where: string | undefined;
  /** What was allowed, one sentence each. */
  readonly allowed: readonly { readonly ending: Ending; readonly expects: string; readonly because: string }[];
  readonly expected: string;
  readonly found: string;
  readonly because: string;
  readonly slots: readonly SlotState[];
  /** Boots seen after power came back, and the boot log's own account. */
  readonly boots: number;
  readonly bootLog: readonly string[];
  readonly swapPhase: string | undefined;
}

/** A verdict as `events.jsonl`, `verdicts.jsonl` and `--json` have it: its subject is a text there. */
export type RecordedVerdict = { readonly check: string } & Omit<Verdict, "subject">;

export function recordedVerdict({ subject, ...rest }: Verdict): RecordedVerdict {
  return { check: subjectText(subject), ...rest };
}
