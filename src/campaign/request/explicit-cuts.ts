import type { CutMoment, PlannedCut } from "../record/cut-moment.ts";

/** Cuts at moments after the answer to the reset command, in milliseconds (rounded to microseconds), in this order. */
export function cutsAt(momentsMs: readonly number[]): readonly PlannedCut[] {
  return momentsMs.map((ms, order) => ({ index: order + 1, kind: "time", afterResetUs: Math.round(ms * 1000) }));
}

/** What starts a cut, as a scenario says it; the delay is in milliseconds. */
export type GivenTrigger =
  | { readonly log: string; readonly delay_ms: number }
  | { readonly upload_bytes: number; readonly delay_ms: number }
  | { readonly smp: "request" | "reset"; readonly delay_ms: number }
  | { readonly current: "rise" | "fall"; readonly ma: number; readonly for_us: number; readonly delay_ms: number };

/** Cuts at triggers, in this order; a bare text is a log pattern with an optional delay, see `cutsOn`. */
export function cutsAtTriggers(triggers: readonly (string | GivenTrigger)[]): readonly PlannedCut[] {
  return triggers.flatMap((trigger, order) => {
    const cuts = typeof trigger === "string" ? cutsOn([trigger]) : [{ index: 0, ...momentOfTrigger(trigger) }];
    return cuts.map((cut) => ({ ...cut, index: order + 1 }));
  });
}

function momentOfTrigger(trigger: GivenTrigger): CutMoment {
  const delayUs = Math.round(trigger.delay_ms * 1000);
  if ("log" in trigger) return { kind: "log", pattern: trigger.log, delayUs };
  if ("upload_bytes" in trigger) return { kind: "upload", bytes: trigger.upload_bytes, delayUs };
  if ("current" in trigger) {
    const { current: edge, ma, for_us: forUs } = trigger;
    return { kind: "current", edge, microamps: ma * 1000, forUs, delayUs };
  }
  if (trigger.smp === "reset") return { kind: "time", afterResetUs: delayUs };
  return { kind: "smp", after: "request", delayUs };
}

/**
 * Cuts when the log matches, in this order: a regular expression, and after it, if wanted, a plus and a delay in
 * milliseconds: "Starting swap+250".
 * @throws SyntaxError for what is no regular expression.
 */
export function cutsOn(texts: readonly string[]): readonly PlannedCut[] {
  return texts.map((text, order) => {
    const parts = /^(.+?)(?:\+(\d+(?:\.\d+)?))?$/s.exec(text);
    const pattern = parts?.[1] ?? text;
    RegExp(pattern);
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
export function patternFault(text: string): string | undefined {
  try {
    cutsOn([text]);
    return text === "" ? "an empty pattern matches everything" : undefined;
  } catch (error) {
    return error instanceof SyntaxError ? error.message : String(error);
  }
}
