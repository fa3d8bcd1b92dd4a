import { type Action, actionRow, tells, willText } from "./actions.ts";

/** A line that says so. */
interface QuotedLine {
  /** Number in the file, from 1. */
  readonly line: number;
  /** Escaped, and cut where it is long. */
  readonly text: string;
}

/** What is told of one image, whatever it was read from. */
export interface Told {
  readonly image: number;
  /** What the last boot did, where its end was seen. */
  readonly did?: string;
  readonly when: "in this boot" | "at the next boot";
  /** After "MCUboot": what comes. */
  readonly next: string;
  /** The same as words of a list, the likeliest first; one alone is sure. */
  readonly may: readonly Action[];
  /** True when it comes to one decision; whether slot 1 holds a fit image is left to the bootloader. */
  readonly tells: boolean;
  /** Does an application start then? Undefined: nothing tells. */
  readonly starts?: boolean;
  readonly because: string;
  /** What the boot after that one does, when nobody confirms or asks for anything. */
  readonly after: string;
  readonly afterMay: readonly Action[];
  /** When power goes where the log stops: what the boot after that may do. */
  readonly ifCut?: readonly Action[];
  /** What is left open, a sentence each. */
  readonly open: readonly string[];
  readonly lines: readonly QuotedLine[];
  readonly source: string;
}

/** What follows from what comes. */
const THEN: Readonly<Record<Action, string>> = {
  stays: "nothing: the image stays",
  test: "swaps back (revert), unless the application confirms",
  perm: "nothing: the image stays",
  revert: "nothing: the old image runs, confirmed",
  resume: "if it was a test: takes the image back unless it is confirmed",
  copy: "nothing: the image stays",
  network: "nothing more, when the network core has taken it",
  refused: "nothing: slot 0 stays",
  "runs slot 0": "the same, unless a slot is changed",
  "runs slot 1": "the same, unless a slot is changed",
  "runs the only slot": "the same, unless serial recovery or a debugger brings another image",
  recovery: "what the slots then ask for",
  stops: "the same",
};

/** What it was read from: as it is called in a sentence. */
type ReadFrom = "log" | "list" | "slot";

/** The headline of a set of actions, and what comes after. */
export function toldNext(
  may: readonly Action[],
  from: ReadFrom,
): { readonly next: string; readonly after: string; readonly source: string } {
  const [first] = may;
  const wide = may.filter((action) => action !== "refused").length > 3;
  if (first === undefined || wide) {
    const rest = may.length === 0 ? "" : `: ${may.map((action) => SHORT[action]).join(", or ")}`;
    const source = actionRow(first ?? "stays").source;
    return { next: `the ${from} does not tell${rest}`, after: "that is not told either", source };
  }
  const next = isXipSet(may) ? actionRow(first).will : willText(may);
  return { next, after: THEN[first], source: actionRow(first).source };
}

/** What is told from what may come, where nothing is known of a boot before. */
export function toldOf(image: number, may: readonly Action[], from: ReadFrom, because: string): Told {
  return {
    image,
    when: "at the next boot",
    ...toldNext(may, from),
    may,
    tells: tells(may),
    because,
    afterMay: [],
    open: openOf(may),
    lines: [],
  };
}

function isXipSet(may: readonly Action[]): boolean {
  return may.every((action) => action === "runs slot 0" || action === "runs slot 1");
}

/** An action in a list of several. */
export const SHORT: Readonly<Record<Action, string>> = {
  stays: "runs slot 0 as it is",
  test: "a swap for a test",
  perm: "a swap for good",
  revert: "a swap back",
  resume: "a swap is gone on with",
  copy: "slot 1 is copied over slot 0",
  network: "slot 1 goes to the network core",
  refused: "slot 1 is not taken",
  "runs slot 0": "slot 0 runs",
  "runs slot 1": "slot 1 runs",
  "runs the only slot": "slot 0 runs, if its image is whole",
  recovery: "serial recovery",
  stops: "panic",
};

/** Open as long as nobody has looked at the image. */
export const WHETHER_FIT = "whether slot 1 holds an image that is fit";

/** What is open in a set, a sentence each. */
export function openOf(may: readonly Action[]): readonly string[] {
  const [first, second] = may;
  if (first === undefined) return ["what the next boot does"];
  if (second !== undefined && isXipSet(may)) {
    return [`whether images that are not confirmed are taken back (MCUBOOT_DIRECT_XIP_REVERT): then ${SHORT[second]}`];
  }
  const asks = may.some((action) => action === "test" || action === "perm" || action === "copy" || action === "revert");
  const fit = asks && may.includes("refused") ? [WHETHER_FIT] : [];
  return tells(may) ? fit : [`which of them: ${may.map((action) => SHORT[action]).join(", ")}`];
}
