import { z } from "zod";
import { ConfigurationError, patternFault } from "../../core/index.ts";
import type { CutPlace } from "./subject.ts";

interface MomentRow {
  readonly kind: string;
  /** As records and replays have it; times in microseconds. */
  readonly fields: z.ZodRawShape;
  /** What such a cut can be made in. */
  readonly in: { readonly [P in CutPlace]?: true };
  /** It can be waited for as it is; an operation must be given the log line and the delay that the model knows for it. */
  readonly isHeard: boolean;
  /** For people. */
  readonly text: string;
}

/** Records come from strangers: a pattern must be one, and nothing lies before the beginning. */
const pattern = z.string().refine((text) => patternFault(text) === undefined, { error: "expected a log pattern" });
const delayUs = z.int().min(0).max(1e12);
const operation = z.number().min(0).max(1e9);

/** Every kind of moment at which a cut can be made. */
const MOMENTS = [
  {
    kind: "time",
    /** After the answer to the reset command; in an upload or a request, after its start. */
    fields: { afterResetUs: z.int() },
    in: { boot: true, upload: true, request: true },
    isHeard: true,
    text: "at a time",
  },
  {
    kind: "log",
    /** A regular expression, and the delay after the log first matches it. */
    fields: { pattern, delayUs },
    in: { boot: true },
    isHeard: true,
    text: "at a line of the log",
  },
  {
    kind: "operation",
    /** A flash operation of the boot, counted from 0 by the model; 6.5 is in the middle of number 6. */
    fields: { operation },
    in: { boot: true, upload: true },
    isHeard: false,
    text: "at a flash operation",
  },
  {
    kind: "upload",
    /** The board has taken so many bytes of an upload. */
    fields: { bytes: z.int().min(0), delayUs },
    in: { upload: true },
    isHeard: true,
    text: "at an upload's offset",
  },
  {
    kind: "smp",
    /** The request for the next boot was answered. */
    fields: { after: z.literal("request"), delayUs },
    in: { request: true },
    isHeard: true,
    text: "at an SMP answer",
  },
  {
    kind: "current",
    /** The supply current has crossed a threshold, and has stayed on the other side for a while. */
    fields: { edge: z.enum(["rise", "fall"]), microamps: z.number(), forUs: z.int().min(0), delayUs },
    in: { boot: true },
    isHeard: true,
    text: "at a current",
  },
] as const satisfies readonly MomentRow[];

type Row = (typeof MOMENTS)[number];
type FieldsOf<R extends Row> = Readonly<z.output<z.ZodObject<R["fields"]>>>;
type MomentOf<R extends Row> = R extends Row ? { readonly kind: R["kind"] } & FieldsOf<R> : never;

/** Where a cut is to fall. */
export type CutMoment = MomentOf<Row>;

/** A moment of a boot that can be waited for. */
export type BootMoment = MomentOf<Extract<Row, { in: { boot: true }; isHeard: true }>>;

/** A line of the log and a delay that the model worked out, and how long after the boot's first flash operation that is. */
export type ModelMoment = Extract<CutMoment, { kind: "log" }> & { readonly intoSwapUs: number };

const NEXT_CUT = z.union([
  z.strictObject({ operation }),
  z.strictObject({ share: z.number().min(0).max(1) }),
  z.strictObject({ pattern, delayUs }),
]);

/** A cut in a boot that goes on with what an earlier cut left: an operation of it, a share of its duration, or a line of its log. */
export type NextCut = Readonly<z.output<typeof NEXT_CUT>>;

const OF_EVERY_CUT = { index: z.int(), following: z.array(NEXT_CUT).readonly().optional() };

interface OfEveryCut {
  /** From 1: the number that reports and `--cut` know a cut by. */
  readonly index: number;
  /** Cuts in the boots that follow, one each. */
  readonly following?: readonly NextCut[] | undefined;
}

/** A cut as it was planned. */
export type PlannedCut = CutMoment & OfEveryCut;

/** A planned cut that can be made in a boot, in an upload, or in a request. */
export type CutIn<P extends CutPlace> = MomentOf<Extract<Row, { in: { [K in P]: true } }>> & OfEveryCut;

/** A cut that a boot, or the model for it, has given its moment. */
export type BootCut = (BootMoment | ModelMoment) & OfEveryCut;

const schemaOf = ({ kind, fields }: Row) => z.strictObject({ ...OF_EVERY_CUT, kind: z.literal(kind), ...fields });
type MomentSchema = ReturnType<typeof schemaOf>;

/** Reads a planned cut of a record or a replay. */
export const PLANNED_CUT_SCHEMA = z.discriminatedUnion(
  "kind",
  MOMENTS.map(schemaOf) as [MomentSchema, ...MomentSchema[]],
) as z.ZodType<PlannedCut>;

/**
 * The cuts of a plan as cuts in a boot, an upload or a request.
 * @throws ConfigurationError for one that cannot be made there.
 */
export function cutsIn<P extends CutPlace>(place: P, cuts: readonly PlannedCut[]): readonly CutIn<P>[] {
  for (const { index, kind } of cuts) {
    const row: MomentRow | undefined = MOMENTS.find((candidate) => candidate.kind === kind);
    if (row?.in[place]) continue;
    const others = (["boot", "upload", "request"] as const).filter((other) => row?.in[other]);
    const where = { boot: "an upgrade or a revert", upload: "an upload", request: "a request" };
    throw new ConfigurationError(
      `cut ${index} is ${row?.text ?? kind}, which comes in ${others.map((other) => where[other]).join(" or ")}, ` +
        `and ${where[place]} is cut.`,
      "Say what is cut: cuts.in of the scenario.",
    );
  }
  return cuts;
}
