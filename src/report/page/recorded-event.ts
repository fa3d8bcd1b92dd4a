import { z } from "zod";
import { PLANNED_CUT_SCHEMA } from "../../campaign/index.ts";
import { jsonIn, terminalText } from "../../core/index.ts";
import { recordShapes } from "./record-shapes.ts";

/** Longer texts of a record end in "…": nobody reads them, and a board may send what it likes. */
const TEXT_CHARS_MAX = 2_000;

/** A run says the same few hundred texts thousands of times: so many of them, none longer, are looked at once. */
const KNOWN_TEXTS_MAX = 4_000;
const KNOWN_CHARS_MAX = 200;
const known = new Map<string, string>();

/** A text of a record, harmless: control characters and those that turn or hide text are escaped, and it is bounded. */
const text = z.string().transform(harmless);

function harmless(value: string): string {
  if (value.length > KNOWN_CHARS_MAX) return escaped(value);
  const before = known.get(value);
  if (before !== undefined) return before;
  if (known.size >= KNOWN_TEXTS_MAX) known.clear();
  const now = escaped(value);
  known.set(value, now);
  return now;
}

function escaped(value: string): string {
  return terminalText(value.length > TEXT_CHARS_MAX ? `${value.slice(0, TEXT_CHARS_MAX)}…` : value, undefined);
}

const us = z.number().min(-1e15).max(1e15);
const whole = z.int().min(0);

const SLOT = z.object({
  image: whole,
  slot: whole,
  version: text,
  hash: text.optional(),
  flags: z.array(text).max(16),
});
const { outcome, phase, check, image, reference, calibration, wear } = recordShapes(text);

const CUT = z.object({
  planned: PLANNED_CUT_SCHEMA,
  resetAnsweredUs: us,
  offSentUs: us,
  cutUs: us,
  lastByteUs: us.optional(),
  onSentUs: us,
  firstByteUs: us.optional(),
  intoSwapUs: us.optional(),
  own: z.object({ cutUs: us, uncertaintyUs: us, lateUs: us }).optional(),
});

const ALLOWED = z.object({ ending: text, expects: text, because: text });

const VERDICT = z.object({
  check: text,
  pass: z.boolean(),
  ending: text,
  from: text,
  to: text,
  cut: CUT.optional(),
  where: text.optional(),
  swapPhase: text.optional(),
  allowed: z.array(ALLOWED).max(64),
  expected: text,
  found: text,
  because: text,
  slots: z.array(SLOT).max(16),
  boots: whole,
});

const RESULT = z.object({
  outcome,
  cutsPlanned: whole,
  cutsJudged: whole,
  passed: whole,
  failed: whole,
  endings: z.record(z.string(), whole),
  incompleteAllowed: z.literal(true).optional(),
  idleFaults: z.array(text).max(100).optional(),
  cutsVoid: whole.optional(),
  infraRetries: whole.optional(),
});

const of = <N extends string, S extends z.ZodRawShape>(event: N, shape: S) =>
  z.object({ atUs: us, event: z.literal(event), ...shape });

/**
 * What a history asks of a verdict: how it ended and why, and what its case is called. Its texts are made harmless
 * after the check: schemas with steps behind them are checked three times as slowly, and a lab has a quarter of a
 * million verdicts.
 */
const SHORT_VERDICT = z.object({
  check: z.string(),
  pass: z.boolean(),
  ending: z.string(),
  from: z.string(),
  to: z.string(),
  cut: CUT.optional(),
  swapPhase: z.string().optional(),
  because: z.string(),
});

function shortVerdict(short: z.output<typeof SHORT_VERDICT>): z.output<typeof VERDICT> {
  const { check, pass, ending, from, to, cut, swapPhase, because } = short;
  return {
    check: harmless(check),
    pass,
    ending: harmless(ending),
    from: harmless(from),
    to: harmless(to),
    cut,
    swapPhase: swapPhase === undefined ? undefined : harmless(swapPhase),
    because: harmless(because),
    where: undefined,
    allowed: [],
    expected: "",
    found: "",
    slots: [],
    boots: 0,
  };
}

/** The events of `events.jsonl` that a page is made of, as a reader may rely on them (docs/record.md, Events). */
const EVENT = z.discriminatedUnion("event", [
  of("run-started", { scenario: text, board: text, profile: text.optional(), seed: z.number() }),
  of("calibration", calibration.shape),
  of("images-built", {
    images: z.array(image.extend({ role: z.enum(["old", "new"]), core: z.literal("network").optional() })).max(16),
  }),
  of("preflight", { checks: z.array(check).max(64) }),
  of("upload-started", { version: text, totalBytes: whole }),
  of("upload-progress", { sentBytes: whole, totalBytes: whole }),
  of("upload-finished", { version: text, bytes: whole, durationUs: us, limitBytesPerS: z.number().min(0) }),
  of("image-state", { images: z.array(SLOT).max(16) }),
  of("reset", { answeredUs: us }),
  of("power", { state: z.enum(["on", "off"]), sentAtUs: us }),
  of("boot-log", { name: text, text }),
  of("boot-seen", { ending: text, boots: whole, evidence: text, text }),
  of("reference", { ...reference.shape, endAfterResetUs: us }),
  // The first records have the number of the cuts only.
  of("plan", { cuts: z.union([z.array(PLANNED_CUT_SCHEMA).max(100_000), whole]), phases: z.array(phase).max(10_000) }),
  of("cut-started", { planned: PLANNED_CUT_SCHEMA, from: text, to: text }),
  of("cut-void", { index: whole, reason: text, again: z.boolean() }),
  of("verdict", { verdict: VERDICT }),
  of("wear", wear.shape),
  of("recovery", { found: text, step: text, worked: z.boolean(), outcome: text }),
  of("infra-retry", { retry: whole, of: whole, kind: text, text }),
  of("warning", { text }),
  of("failure", { kind: text, text }),
  of("run-finished", { result: RESULT }),
]);

const SHORT_VERDICT_EVENT = of("verdict", { verdict: SHORT_VERDICT });

/** An event of a record that may be a stranger's: checked, bounded, its texts harmless. */
export type ReadEvent = z.output<typeof EVENT>;
export type ReadVerdict = z.output<typeof VERDICT>;
export type ReadCut = z.output<typeof CUT>;
export type ReadSlot = z.output<typeof SLOT>;
export type ReadResult = z.output<typeof RESULT>;

const KINDS: ReadonlySet<string> = new Set(EVENT.options.map(({ shape }) => shape.event.value));
/** Events that a page is not made of. Each other kind is of a later version, or of nobody. */
const NOT_ASKED: ReadonlySet<string> = new Set(["baseline", "confirmed", "cut", "left", "set-pending"]);

const EXCHANGE = z.object({
  atUs: us,
  smp: text,
  command: text,
  op: text.optional(),
  sequence: whole.optional(),
  bytes: whole.optional(),
  tookUs: us.optional(),
  waitedUs: us.optional(),
  attempt: whole.optional(),
  why: text.optional(),
  requests: whole.optional(),
  answers: whole.optional(),
  off: z.object({ from: whole, to: whole }).optional(),
  body: z.unknown().optional(),
});

/** A line of `smp.jsonl`. */
export type ReadExchange = z.output<typeof EXCHANGE>;

/**
 * A line of a record: what it says, "other" for a kind that is not asked for, "unknown" for one that this version does
 * not know, undefined when it cannot be read.
 * @param options.short of a verdict, what a history asks for: the rest is empty.
 */
export function readEvent(line: string, { short = false } = {}): ReadEvent | "other" | "unknown" | undefined {
  const value = jsonIn(line);
  if (typeof value !== "object" || value === null || !("event" in value)) return undefined;
  if (typeof value.event === "string" && NOT_ASKED.has(value.event)) return "other";
  if (typeof value.event === "string" && !KINDS.has(value.event)) return "unknown";
  if (!short || value.event !== "verdict") return EVENT.safeParse(value).data;
  const { data } = SHORT_VERDICT_EVENT.safeParse(value);
  return data && { ...data, verdict: shortVerdict(data.verdict) };
}

/** As `readEvent`, of `smp.jsonl`. */
export function readExchange(line: string): ReadExchange | undefined {
  return EXCHANGE.safeParse(jsonIn(line)).data;
}
