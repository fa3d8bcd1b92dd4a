import type { LegalOutcome } from "../mcuboot/index.ts";
import type { SlotFacts } from "./run-event.ts";
import { type BootSeen, flagsOf } from "./session.ts";
import type { Ending } from "./verdict.ts";

/** "2.0.0 running, unconfirmed; 1.0.0 in slot 1". */
export function describeSlots(slots: readonly SlotFacts[]): string {
  const running = slots.find((slot) => slot.flags.includes("active"));
  const others = slots.filter((slot) => slot !== running);
  const parts = [running ? `${running.version} running, ${stateOf(running)}` : "no image is active"];
  for (const slot of others) parts.push(`${slot.version} in slot ${slot.slot}${extras(slot)}`);
  if (running && others.length === 0) parts.push(`slot ${running.slot === 0 ? 1 : 0} empty`);
  return parts.join("; ");
}

function stateOf(slot: SlotFacts): string {
  return slot.flags.includes("confirmed") ? "confirmed" : "unconfirmed";
}

/** What deserves a word in the slot that does not run: it is pending. (Confirmed there only says: it may come back.) */
function extras(slot: SlotFacts): string {
  if (slot.flags.includes("permanent")) return ", pending for good";
  return slot.flags.includes("pending") ? ", pending a test" : "";
}

/** The image list that an outcome of the model would show. */
export function slotsOf(outcome: LegalOutcome): readonly SlotFacts[] {
  return outcome.images.map((entry) => ({
    image: entry.image,
    slot: entry.slot,
    version: entry.version,
    hash: entry.hash,
    flags: flagsOf(entry),
  }));
}

export interface Comparison {
  readonly ending: Ending;
  readonly pass: boolean;
  /** The legal outcome that was met, or the one that comes nearest. */
  readonly outcome: LegalOutcome | undefined;
  readonly found: string;
  readonly because: string;
}

/** Compares what a board showed with what the model allows. */
export function compare(seen: BootSeen, slots: readonly SlotFacts[], allowed: readonly LegalOutcome[]): Comparison {
  const nearest = allowed[0];
  if (seen.ending !== "up") {
    return { ending: seen.ending, pass: false, outcome: nearest, found: found(seen), because: seen.because };
  }
  const met = allowed.find((outcome) => outcome.result.kind === "run" && sameSlots(slotsOf(outcome), slots));
  if (met) {
    const defect = met.knownDefect;
    const pass = defect === undefined && (met.ending as string) !== "failed";
    return {
      ending: pass ? (met.ending as Ending) : "wrong slots",
      pass,
      outcome: met,
      found: describeSlots(slots),
      because: defect === undefined ? met.because : `known defect ${defect}: ${met.because}`,
    };
  }
  const expected = nearest ? slotsOf(nearest) : [];
  return {
    ending: difference(expected, slots),
    pass: false,
    outcome: nearest,
    found: describeSlots(slots),
    because: nearest?.because ?? "the model allows no outcome here",
  };
}

function found(seen: BootSeen): string {
  const last = seen.lines.at(-1)?.text;
  const boots = `${seen.boots} ${seen.boots === 1 ? "boot" : "boots"} seen, no application answered`;
  return last === undefined ? `nothing came from the board` : `${boots}; last line "${last}"`;
}

function sameSlots(a: readonly SlotFacts[], b: readonly SlotFacts[]): boolean {
  return difference(a, b) === "upgraded";
}

/** What is wrong first: the running image, the other slot, the flags. "upgraded" stands for nothing. */
function difference(expected: readonly SlotFacts[], found: readonly SlotFacts[]): Ending {
  const running = (slots: readonly SlotFacts[]) => slots.find((slot) => slot.flags.includes("active"))?.hash;
  if (running(expected) !== running(found)) return "wrong image";
  const content = (slots: readonly SlotFacts[]) =>
    slots.map((slot) => `${slot.image}/${slot.slot} ${slot.hash}`).join();
  if (content(expected) !== content(found)) return "wrong slots";
  const flags = (slots: readonly SlotFacts[]) =>
    slots.map((slot) => `${slot.image}/${slot.slot} ${slot.flags.join()}`).join();
  return flags(expected) === flags(found) ? "upgraded" : "wrong flags";
}
