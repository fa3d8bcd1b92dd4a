import type { PlannedCut, RunEvent, Verdict } from "../campaign/index.ts";
import { subjectText } from "../campaign/index.ts";

/** The window is told in so many equal parts: a place that a history can be kept of. */
const PARTS = 20;

type Reference = Pick<Extract<RunEvent, { event: "reference" }>, "startAfterResetUs" | "swapUs">;

/** What of a run's events names its cases: of a run that goes on, or of its record. */
type Naming =
  | { readonly event: "images-built"; readonly images: readonly { readonly role: string; readonly version: string }[] }
  | ({ readonly event: "reference" } & Reference)
  | { readonly event: Exclude<RunEvent["event"], "images-built" | "reference"> };

/** What of a verdict names its case. */
interface Judged extends Pick<Verdict, "subject" | "from" | "to"> {
  readonly swapPhase?: string | undefined;
  readonly cut?: { readonly planned: PlannedCut; readonly intoSwapUs?: number | undefined } | undefined;
}

/**
 * Names of a run's test cases, that mean the same in every run of its scenario on its board, whatever the seed: what
 * was cut, the phase of the swap, the twentieth of the window, the direction. Numbers, moments and versions change from
 * night to night, so they are properties. Several of one name get a number behind it, in the order they were judged.
 */
export class CaseNames {
  readonly #times = new Map<string, number>();
  readonly #cutNames = new Map<number, string>();
  #roles = new Map<string, string>();
  #reference: Reference | undefined;

  /** Takes the events of the run in order; `next` names a verdict by what came before it. */
  take(event: Naming): void {
    if (event.event === "images-built") {
      const versions = event.images.map(({ version }) => version);
      const isTold = new Set(versions).size === versions.length;
      this.#roles = new Map(isTold ? event.images.map(({ version, role }) => [version, role]) : []);
    }
    if (event.event === "reference") this.#reference = event;
  }

  /** The name of the next case. */
  next(verdict: Judged): string {
    const name = this.#nameOf(verdict);
    const time = (this.#times.get(name) ?? 0) + 1;
    this.#times.set(name, time);
    return time === 1 ? name : `${name} (${time})`;
  }

  #nameOf(verdict: Judged): string {
    const { subject, cut } = verdict;
    const direction = this.#direction(verdict);
    if (subject.kind === "later boot")
      return `boot ${subject.boot} after ${this.#cutNames.get(subject.cut) ?? "a cut"}`;
    if (subject.kind === "cut" && subject.in !== "boot") return `cut in the ${subject.in}${direction}`;
    if (cut === undefined) return `${subjectText(subject)}${direction}`;
    const name = `cut${this.#place(verdict, cut.planned)}${direction}`;
    this.#cutNames.set(cut.planned.index, name);
    return name;
  }

  /** ", old to new": versions of a nightly build are others each night. */
  #direction({ from, to }: Judged): string {
    const [before, after] = [this.#roles.get(from), this.#roles.get(to)];
    return before === undefined || after === undefined ? "" : `, ${before} to ${after}`;
  }

  #place({ cut, swapPhase }: Judged, planned: PlannedCut): string {
    if (swapPhase === "before" || swapPhase === "after") return ` ${swapPhase} the swap`;
    const phase = swapPhase === undefined ? "" : ` in ${swapPhase}`;
    const share = this.#share(planned, cut?.intoSwapUs);
    if (share === undefined) return `${phase}${triggerText(planned)}`;
    // On a board the phase that was met may be the one beside the moment that was planned.
    const part = Math.min(PARTS - 1, Math.max(0, Math.floor(share * PARTS)));
    return `${phase}, ${(part * 100) / PARTS}-${((part + 1) * 100) / PARTS} % of the window`;
  }

  /** Where in the window of the swap, from 0 to 1: as planned where that is known, as a board takes its own time. */
  #share(planned: PlannedCut, intoSwapUs: number | undefined): number | undefined {
    const reference = this.#reference;
    if (reference === undefined || reference.swapUs <= 0) return undefined;
    const { startAfterResetUs, swapUs } = reference;
    if (planned.kind === "time") return (planned.afterResetUs - startAfterResetUs) / swapUs;
    return intoSwapUs === undefined ? undefined : intoSwapUs / swapUs;
  }
}

/** What started a cut whose place in the swap is not known. */
function triggerText(planned: PlannedCut): string {
  switch (planned.kind) {
    case "time":
      return "";
    case "log":
      return `, at the log line ${planned.pattern}`;
    case "operation":
      return `, at operation ${planned.operation}`;
    case "upload":
      return `, after ${planned.bytes} bytes`;
    case "smp":
      return `, after the ${planned.after}`;
    case "current":
      return `, at a ${planned.edge} of the current`;
  }
}

/** When a cut was to be made, for a property. */
export function momentText(planned: PlannedCut): string {
  if (planned.kind === "time") return `${(planned.afterResetUs / 1000).toFixed(3)} ms after the reset`;
  const delayUs = "delayUs" in planned ? planned.delayUs : 0;
  const text = triggerText(planned).replace(/^, /, "");
  return delayUs === 0 ? text : `${text} + ${(delayUs / 1000).toFixed(3)} ms`;
}
