import { compilePattern, patternFault } from "../../core/index.ts";
import type { PlannedCut } from "../record/cut-moment.ts";

/** Cuts at moments after the answer to the reset command, in milliseconds (rounded to microseconds), in this order. */
export function cutsAt(momentsMs: readonly number[]): readonly PlannedCut[] {
  return momentsMs.map((ms, order) => ({ index: order + 1, kind: "time", afterResetUs: Math.round(ms * 1000) }));
}

/** A pattern, and perhaps a plus and milliseconds. */
const DELAYED = /^(.+?)(?:\+(\d+(?:\.\d+)?))?$/s;

/**
 * Cuts when the log matches, in this order: a regular expression, and after it, if wanted, a plus and a delay in
 * milliseconds: "Starting swap+250".
 * @throws ConfigurationError for what is no pattern.
 */
export function cutsOn(texts: readonly string[]): readonly PlannedCut[] {
  return texts.map((text, order) => {
    const parts = DELAYED.exec(text);
    const pattern = parts?.[1] ?? text;
    compilePattern(pattern);
    return { index: order + 1, kind: "log", pattern, delayUs: Math.round(Number(parts?.[2] ?? 0) * 1000) };
  });
}

/** Cuts at flash operations: the first of a list in the upgrade's boot, the others in the boots that follow. */
export function cutsInOperations(sequences: readonly (readonly number[])[]): readonly PlannedCut[] {
  return sequences.map(([operation = 0, ...rest], order) => {
    const following = rest.map((next) => ({ operation: next }));
    return { index: order + 1, kind: "operation", operation, ...(following.length > 0 ? { following } : {}) };
  });
}

/** Why a text is no pattern for `cutsOn`; undefined when it is one. */
export function triggerFault(text: string): string | undefined {
  return patternFault(DELAYED.exec(text)?.[1] ?? text);
}
