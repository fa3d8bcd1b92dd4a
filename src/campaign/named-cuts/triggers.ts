import { z } from "zod";
import type { CutMoment, PlannedCut } from "../record/cut-moment.ts";
import type { CutPlace } from "../record/subject.ts";
import { cutsOn, triggerFault } from "./explicit-cuts.ts";

const pattern = z.string().superRefine((text, context) => {
  const fault = triggerFault(text);
  if (fault !== undefined) context.addIssue({ code: "custom", message: `expected a log pattern: ${fault}.` });
});

const delay_ms = z.number().min(0).max(500_000).default(0).describe("From there to the cut, in milliseconds.");

/** A way to start a cut, as a scenario writes it, and the moment that it stands for. */
function trigger<S extends z.ZodType>(fields: S, momentOf: (written: z.output<S>) => CutMoment) {
  return { fields, read: (written: unknown) => momentOf(written as z.output<S>) };
}

const us = (ms: number) => Math.round(ms * 1000);

/** By the field that tells them apart. */
const TRIGGERS = {
  log: trigger(
    z.strictObject({ log: pattern.describe("Regular expression, without a delay in it."), delay_ms }),
    (written) => ({ kind: "log", pattern: written.log, delayUs: us(written.delay_ms) }),
  ),
  upload_bytes: trigger(
    z.strictObject({
      upload_bytes: z.int().min(1).describe("The board has taken so many bytes of an upload; with in: upload."),
      delay_ms,
    }),
    (written) => ({ kind: "upload", bytes: written.upload_bytes, delayUs: us(written.delay_ms) }),
  ),
  smp: trigger(
    z.strictObject({
      smp: z.enum(["request", "reset"]).describe("The request (with in: request), or the reset, was answered."),
      delay_ms,
    }),
    ({ smp, delay_ms: delayMs }) =>
      smp === "reset"
        ? { kind: "time", afterResetUs: us(delayMs) }
        : { kind: "smp", after: "request", delayUs: us(delayMs) },
  ),
  current: trigger(
    z.strictObject({
      current: z.enum(["rise", "fall"]).describe("The supply current crosses a threshold; needs a PPK2 that records."),
      ma: z.number().min(0).max(1000).describe("The threshold, in milliamperes."),
      for_us: z.int().min(0).max(10_000_000).default(0).describe("How long it stays beyond it, in microseconds."),
      delay_ms,
    }),
    ({ current: edge, ma, for_us: forUs, delay_ms: delayMs }) => {
      return { kind: "current", edge, microamps: ma * 1000, forUs, delayUs: us(delayMs) };
    },
  ),
} as const;

/** What starts a cut: a log pattern with an optional delay, see `cutsOn`, or an object. */
export const TRIGGER = z.union(
  [pattern, TRIGGERS.log.fields, TRIGGERS.upload_bytes.fields, TRIGGERS.smp.fields, TRIGGERS.current.fields],
  { error: "expected a log pattern, or an object with one of log, upload_bytes, smp and current." },
);

type Trigger = z.output<typeof TRIGGER>;

/** The moment of a trigger. */
function momentOf(written: Trigger): CutMoment | undefined {
  if (typeof written === "string") return cutsOn([written])[0];
  return Object.entries(TRIGGERS)
    .find(([field]) => field in written)?.[1]
    .read(written);
}

/** Cuts at triggers, in this order. */
export function cutsAtTriggers(triggers: readonly Trigger[]): readonly PlannedCut[] {
  return triggers.flatMap((written, order) => {
    const moment = momentOf(written);
    if (moment === undefined) return [];
    // The number stands first in a record.
    const cut = { index: 0, ...moment };
    return [{ ...cut, index: order + 1 }];
  });
}

/** What a trigger is seen in when its scenario says nothing of it: an upload, a request, or a boot. */
function placeOf(written: Trigger): CutPlace {
  // A pattern may be none yet: what is wrong with it is said elsewhere.
  const kind = typeof written === "string" ? "log" : momentOf(written)?.kind;
  if (kind === "upload") return "upload";
  return kind === "smp" ? "request" : "boot";
}

/** Whether the triggers of a scenario come while what it cuts goes on. */
export function triggersFit(cuts: {
  readonly in?: string | undefined;
  readonly on?: readonly Trigger[] | undefined;
}): boolean {
  const cut = cuts.in === "upload" || cuts.in === "request" ? cuts.in : "boot";
  return (cuts.on ?? []).every((written) => placeOf(written) === cut);
}
