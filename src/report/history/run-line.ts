import { z } from "zod";
import { parseJson } from "../../core/index.ts";
import { quantile } from "../format.ts";
import { recordShapes } from "../page/record-shapes.ts";
import type { RunTold } from "../page/recorded-run.ts";
import type { TimesOf } from "../page/run-page.ts";

/** The index's own schema: a line of another one is made anew from its record. */
const LINE_SCHEMA = 2;
/** Cases of one run that a line holds, and how much of a failure's reason. */
const CASES_MAX = 10_000;
const REASON_CHARS = 300;

const text = z.string().max(500);
const { outcome } = recordShapes(text);
const amount = z.number().min(0).max(1e15);

const LINE = z.object({
  schema: z.literal(LINE_SCHEMA),
  /** Name of the record's folder. */
  id: text,
  /** When it began, ISO 8601 by the host's clock; empty where nothing says it. */
  began: text,
  scenario: text,
  /** The profile's name. */
  board: text,
  seed: z.number().nullable(),
  outcome,
  cutsPlanned: amount,
  labels: z.record(z.string().max(80), text),
  images: z.array(z.object({ role: text, version: text, hash: text })).max(16),
  /** Name of a case (the same every night), its ending, and why it failed: an empty text where it passed. */
  cases: z.array(z.tuple([text, text, text])).max(CASES_MAX),
  /** Medians, in microseconds; bytes a second of the slowest upload, and its share of what line and flash allow. */
  swapUs: amount.nullable(),
  latencyUs: amount.nullable(),
  uploadBytesPerS: amount.nullable(),
  uploadShare: amount.nullable(),
  wear: amount.nullable(),
  /** What the bench was tried again for, cuts that were void, and steps of recovery. */
  retries: amount,
  voidCuts: amount,
  recoveries: amount,
});

/** What a history keeps of one run. */
export type RunLine = z.output<typeof LINE>;

/** Reads a line of `index.jsonl`; undefined for one that another version wrote, or that is torn. */
export function readRunLine(line: string): RunLine | undefined {
  try {
    return LINE.safeParse(parseJson(line)).data;
  } catch {
    return undefined;
  }
}

/** The line of a run; undefined of one that has not ended. */
export function runLine(page: RunTold): RunLine | undefined {
  const { outcome } = page;
  if (outcome === "unfinished") return undefined;
  const fact = (name: string) => page.facts.find(([key]) => key === name)?.[1];
  const labels = page.facts.filter(([name]) => name.startsWith("label "));
  const slowest = page.uploads.at(-1);
  const rate =
    slowest === undefined || slowest.durationUs <= 0 ? null : (slowest.bytes * 1_000_000) / slowest.durationUs;
  const notes = (kind: string) => page.notes.filter((note) => note.kind === kind).length;
  const short = (value: string) => value.slice(0, REASON_CHARS);
  return {
    schema: LINE_SCHEMA,
    id: short(page.id),
    began: short(fact("began") ?? ""),
    scenario: short(page.scenario),
    board: short(page.profile ?? page.board),
    seed: page.seed ?? null,
    outcome,
    cutsPlanned: page.cutsPlanned,
    labels: Object.fromEntries(labels.map(([name, value]) => [name.slice("label ".length), short(value)])),
    images: page.images.map(({ role, version, hash }) => ({ role, version: short(version), hash: short(hash) })),
    cases: page.judged.slice(0, CASES_MAX).map(({ name, pass, ending, because }) => {
      const reason = short(page.texts[because] ?? "");
      return [short(name), short(page.texts[ending] ?? ""), pass ? "" : reason === "" ? "no reason" : reason];
    }),
    swapUs: medianOf(page.times, "swap without a cut"),
    latencyUs: medianOf(page.times, "power off to last byte"),
    uploadBytesPerS: rate,
    uploadShare:
      rate === null || slowest === undefined || slowest.limitBytesPerS <= 0 ? null : rate / slowest.limitBytesPerS,
    wear: page.wear?.spent ?? null,
    retries: notes("infra-retry"),
    voidCuts: notes("cut-void"),
    recoveries: notes("recovery"),
  };
}

function medianOf(times: readonly TimesOf[], name: string): number | null {
  return quantile(times.find((entry) => entry.name === name)?.valuesUs ?? [], 0.5) ?? null;
}
