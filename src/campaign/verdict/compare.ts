import type { LegalOutcome } from "../../mcuboot/index.ts";
import { activeSlot, flagsOf, slotsOfImage } from "../bench/recorded-board.ts";
import type { BootSeen, SlotFacts } from "../record/facts.ts";
import type { Ending, Verdict } from "../record/verdict.ts";

/** "2.0.0 running, unconfirmed; 1.0.0 in slot 1". Of other images than the application's: "image 1: 9.9.9 in slot 0". */
export function describeSlots(slots: readonly SlotFacts[]): string {
  const own = slotsOfImage(slots);
  const running = activeSlot(slots);
  const others = own.filter((slot) => slot !== running);
  const parts = [running ? `${running.version} running, ${stateOf(running)}` : "no image is active"];
  for (const slot of others) parts.push(`${slot.version} in slot ${slot.slot}${extras(slot)}`);
  if (running && others.length === 0) parts.push(`slot ${running.slot === 0 ? 1 : 0} empty`);
  for (const slot of slots) {
    if (slot.image !== 0) parts.push(`image ${slot.image}: ${slot.version} in slot ${slot.slot}${extras(slot)}`);
  }
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
function slotsOf(outcome: LegalOutcome): readonly SlotFacts[] {
  return outcome.images.map((entry) => ({
    image: entry.image,
    slot: entry.slot,
    version: entry.version,
    hash: entry.hash,
    flags: flagsOf(entry),
  }));
}

/** What the board would show of an outcome of the model. */
function describeOutcome(outcome: LegalOutcome): string {
  const { kind } = outcome.result;
  const dead = kind === "hang" ? "the bootloader hangs" : "no image boots";
  const shown = kind === "run" ? describeSlots(slotsOf(outcome)) : dead;
  return outcome.knownDefect === undefined ? shown : `${shown} (known defect ${outcome.knownDefect})`;
}

/** MCUboot does this, and it is right: no defect that is known by its id, and an image that runs. */
function isRight(outcome: LegalOutcome): boolean {
  return outcome.knownDefect === undefined && outcome.ending !== "failed";
}

/** What may be expected, one sentence each; what MCUboot does wrong only where it can do nothing right. */
export function expectations(allowed: readonly LegalOutcome[]): Verdict["allowed"] {
  const right = allowed.filter(isRight);
  return (right.length > 0 ? right : allowed).map((outcome) => ({
    ending: endingOf(outcome),
    expects: describeOutcome(outcome),
    because: outcome.because,
  }));
}

/** The model's word for an ending, in the verdict's words. */
function endingOf(outcome: LegalOutcome): Ending {
  if (outcome.ending !== "failed") return outcome.ending;
  if (outcome.result.kind === "hang") return "hangs";
  return outcome.result.kind === "run" ? "wrong image" : "no boot";
}

/** What an upgrade was about, as far as it matters to what a log may say. */
export interface Sent {
  readonly encrypted: boolean;
}

interface LogSignature {
  /** Event of the boot-line tables. */
  readonly event: string;
  readonly defect: string;
  readonly because: (sent: Sent) => string;
}

/**
 * Lines that MCUboot prints only when it does what it should not, and what it is then known to have done. All images of
 * a campaign are images of the application core.
 */
export const LOG_SIGNATURES: readonly LogSignature[] = [
  {
    event: "net core update started",
    defect: "R35",
    because: ({ encrypted }) =>
      `the bootloader took the ${encrypted ? "encrypted " : ""}application image for a network-core image: ` +
      (encrypted
        ? "reset vector read from ciphertext; known defect R35, DevZone 78628"
        : "its reset vector lies beyond the application core's memory (a rule of nRF Connect SDK up to 2.7)"),
  },
];

function signatureOf(seen: BootSeen): LogSignature | undefined {
  return LOG_SIGNATURES.find((row) => seen.lines.some((line) => line.event === row.event));
}

export interface Comparison {
  readonly ending: Ending;
  readonly pass: boolean;
  /** The outcome that was met, or the one that comes nearest. */
  readonly outcome: LegalOutcome | undefined;
  readonly found: string;
  readonly because: string;
  /** The board shows exactly this outcome, right or wrong. */
  readonly isMatch?: boolean;
}

/**
 * Compares what a board showed with what the model says that MCUboot may do. A line that gives away a known defect
 * fails the board whatever its slots say, and says why.
 */
export function compare(
  seen: BootSeen,
  slots: readonly SlotFacts[],
  allowed: readonly LegalOutcome[],
  sent: Sent = { encrypted: false },
): Comparison {
  const comparison = compareSlots(seen, slots, allowed);
  const signature = signatureOf(seen);
  if (signature === undefined) return comparison;
  const ending = comparison.pass ? "wrong image" : comparison.ending;
  return { ...comparison, ending, pass: false, because: signature.because(sent) };
}

function compareSlots(seen: BootSeen, listed: readonly SlotFacts[], allowed: readonly LegalOutcome[]): Comparison {
  if (seen.ending !== "up") {
    const dead = allowed.find((outcome) => outcome.result.kind !== "run" && outcome.knownDefect !== undefined);
    const because = dead === undefined ? seen.because : `${seen.because}; ${becauseOf(dead)}`;
    const hangs = seen.ending === "no boot" && dead?.result.kind === "hang";
    const ending = hangs ? "hangs" : seen.ending;
    return { ending, pass: false, outcome: dead ?? allowed[0], found: found(seen), because };
  }
  // A board may list images that the model knows nothing of: nothing is said of them.
  const known = new Set([0, ...allowed.flatMap(({ images }) => images.map(({ image }) => image))]);
  const slots = listed.filter(({ image }) => known.has(image));
  const nearest = nearestTo(slots, allowed);
  const shown = { outcome: nearest?.outcome, found: describeSlots(slots) };
  if (nearest === undefined) {
    return {
      ...shown,
      ending: "wrong image",
      pass: false,
      because: "the model knows no outcome in which an image runs",
    };
  }
  const { outcome, wrong } = nearest;
  if (wrong !== undefined) return { ...shown, ending: wrong, pass: false, because: outcome.because };
  const pass = isRight(outcome);
  const ending = pass ? endingOf(outcome) : (outcome.violation ?? endingOf(outcome));
  return { ...shown, ending, pass, because: becauseOf(outcome), isMatch: true };
}

function becauseOf({ knownDefect, because }: LegalOutcome): string {
  return knownDefect === undefined ? because : `known defect ${knownDefect}: ${because}`;
}

function found(seen: BootSeen): string {
  const last = seen.lines.at(-1)?.text;
  const boots = `${seen.boots} ${seen.boots === 1 ? "boot" : "boots"} seen, no application answered`;
  return last === undefined ? `nothing came from the board` : `${boots}; last line "${last}"`;
}

/** What can be wrong, the worst first; the less is wrong, the nearer an outcome is. */
const WRONG = ["wrong image", "wrong slots", "wrong flags"] as const;
type Wrong = (typeof WRONG)[number];

/** The outcome that comes nearest to an image list, and what is wrong with it; of equals the first, a right one before. */
function nearestTo(
  slots: readonly SlotFacts[],
  allowed: readonly LegalOutcome[],
): { readonly outcome: LegalOutcome; readonly wrong: Wrong | undefined } | undefined {
  const running = allowed
    .filter((outcome) => outcome.result.kind === "run")
    .map((outcome) => ({ outcome, wrong: difference(slotsOf(outcome), slots) }));
  const distance = ({ outcome, wrong }: (typeof running)[number]) =>
    (wrong === undefined ? 0 : 2 * (WRONG.length - WRONG.indexOf(wrong))) + (isRight(outcome) ? 0 : 1);
  return running.toSorted((a, b) => distance(a) - distance(b))[0];
}

/** What is wrong first: the running image, the other slot, the flags. */
function difference(expected: readonly SlotFacts[], found: readonly SlotFacts[]): Wrong | undefined {
  if (activeSlot(expected)?.hash !== activeSlot(found)?.hash) return "wrong image";
  const differ = (what: (slot: SlotFacts) => string | undefined) => listOf(expected, what) !== listOf(found, what);
  if (differ((slot) => slot.hash)) return "wrong slots";
  return differ((slot) => slot.flags.join()) ? "wrong flags" : undefined;
}

/** One text of a fact of every slot, whatever order they were listed in. */
function listOf(slots: readonly SlotFacts[], what: (slot: SlotFacts) => string | undefined): string {
  return slots
    .map((slot) => `${slot.image}/${slot.slot} ${what(slot)}`)
    .toSorted()
    .join("; ");
}
