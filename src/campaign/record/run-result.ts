import type { RunResult } from "./facts.ts";
import type { RunEvent } from "./run-event.ts";

/** Counts a run as its events come: what a result says follows from them alone. */
export class ResultTally {
  #cutsPlanned = 0;
  #cutsJudged = 0;
  #passed = 0;
  #failed = 0;
  #cutsVoid = 0;
  #infraRetries = 0;
  #isDark = false;
  readonly #endings: Record<string, number> = {};

  add(event: RunEvent): void {
    switch (event.event) {
      case "plan":
        this.#cutsPlanned = event.cuts.length;
        break;
      case "cut-void":
        this.#cutsVoid += 1;
        break;
      case "power":
        this.#isDark = false;
        break;
      case "left":
        this.#isDark = true;
        break;
      case "infra-retry":
        this.#infraRetries += 1;
        break;
      case "verdict": {
        const { pass, subject, ending } = event.verdict;
        if (pass) this.#passed += 1;
        else this.#failed += 1;
        if (subject.kind !== "cut") break;
        this.#cutsJudged += 1;
        this.#endings[ending] = (this.#endings[ending] ?? 0) + 1;
        break;
      }
      default:
    }
  }

  /** @param outcome how the run ended; a pass with a failed verdict is a fail. */
  result(outcome: RunResult["outcome"]): RunResult {
    return {
      // A bench that was tried again takes nothing back of what was judged before.
      outcome: outcome === "pass" && this.#failed > 0 ? "fail" : outcome,
      cutsPlanned: this.#cutsPlanned,
      cutsJudged: this.#cutsJudged,
      passed: this.#passed,
      failed: this.#failed,
      endings: { ...this.#endings },
      ...(this.#cutsVoid > 0 && { cutsVoid: this.#cutsVoid }),
      ...(this.#infraRetries > 0 && { infraRetries: this.#infraRetries }),
      ...(this.#isDark && { powerLeft: "off" as const }),
    };
  }
}

/**
 * A result with what was left undone: a run that was to make forty cuts and made one has not passed, unless that is
 * allowed; nor has one with a planted fault that never acted, which nobody can allow.
 */
export function completed(counted: RunResult, allowIncomplete: boolean, idleFaults: readonly string[] = []): RunResult {
  const result = idleFaults.length === 0 ? counted : { ...counted, idleFaults };
  if (result.outcome === "pass" && idleFaults.length > 0) return { ...result, outcome: "incomplete" };
  if (result.outcome !== "pass" || result.cutsJudged >= result.cutsPlanned) return result;
  return allowIncomplete ? { ...result, incompleteAllowed: true } : { ...result, outcome: "incomplete" };
}
