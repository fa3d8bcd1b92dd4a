import type { z } from "zod";
import { nearest } from "../suggest.ts";

/** Where in a configuration: `["ports", "app", "baud_rate"]`, list items by number from 0. */
export type FieldPath = readonly PropertyKey[];

/** One thing that is wrong with a configuration file. */
export interface Problem {
  /** From 1. */
  readonly line: number;
  /** `ports.app.baud_rate`; empty for the file as a whole. */
  readonly field: string;
  readonly text: string;
}

/** `ports.app.baud_rate`, `faults[2].at`. */
export function fieldName(path: FieldPath): string {
  return path
    .map((step, index) => (typeof step === "number" ? `[${step}]` : `${index === 0 ? "" : "."}${String(step)}`))
    .join("");
}

/** Names whose values never go into a message. */
const SECRET = /pass(word|phrase)|token|secret|credential/i;
/** A key that was pasted where its file's name belongs, or named in place of a YAML file. */
const KEY_TEXT = /-----BEGIN|PRIVATE KEY/;
/** Who asks, in an address: a password may stand behind the colon. */
const ADDRESS_LOGIN = /^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i;
/** What is asked, in an address: a key of whoever asks, often. */
const ADDRESS_QUERY = /^([a-z][a-z0-9+.-]*:\/\/[^?#]*\?).*$/is;
const SHOWN_CHARACTERS_MAX = 60;
/** Nobody reads more, and to find the line of each takes time: a file may have a hundred thousand. */
export const PROBLEMS_MAX = 50;

const KINDS: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  object: "a mapping",
  record: "a mapping",
  array: "a list",
  null: "nothing",
};

interface Expectations {
  /** Zod's hook: what is expected, where a schema does not say it in its own words. */
  readonly text: z.core.$ZodErrorMap;
  /** The fields that the mapping knows which an "unrecognized_keys" issue is about, by that issue's own `keys` list. */
  readonly known: ReadonlyMap<readonly string[], readonly string[]>;
}

/**
 * Texts for zod's issues. The hook is also the only place that sees the schema an issue came from, hence the map of
 * known fields that it fills.
 */
export function expectations(): Expectations {
  const known = new Map<readonly string[], readonly string[]>();
  const text: z.core.$ZodErrorMap = (issue) => {
    if (issue.code === "unrecognized_keys" && isA(issue.inst, "ZodObject")) {
      known.set(issue.keys, Object.keys((issue.inst as z.ZodObject).shape));
    }
    return expected(issue);
  };
  return { text, known };
}

/** What `instanceof` asks of zod's classes, without loading zod for callers that read no configuration. */
function isA(schema: z.core.$ZodRawIssue["inst"], name: string): boolean {
  return schema !== undefined && "traits" in schema._zod && schema._zod.traits.has(name);
}

function expected(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case "invalid_type": {
      const wanted = isA(issue.inst, "ZodNumberFormat") ? "int" : String(issue["expected"]);
      const quotes =
        wanted === "string" && ["number", "boolean"].includes(typeof issue.input) ? ": put it in quotes" : "";
      return `expected ${KINDS[wanted] ?? wanted}${quotes}`;
    }
    case "too_small":
      return `expected ${limit("at least", issue.inclusive, "more than", issue.minimum, issue.origin)}`;
    case "too_big":
      return `expected ${limit("at most", issue.inclusive, "less than", issue.maximum, issue.origin)}`;
    case "not_multiple_of":
      return `expected a multiple of ${issue["divisor"]}`;
    case "invalid_format":
      return `expected text that matches ${issue["pattern"] ?? issue["format"]}`;
    case "invalid_value":
      return oneOf(issue["values"], issue.input);
    case "unrecognized_keys":
    case "invalid_union":
    case "invalid_key":
    case "invalid_element":
    case "custom":
    default:
      return issue.message ?? "is not valid";
  }
}

function limit(at: string, inclusive: unknown, beyond: string, bound: unknown, origin: unknown): string {
  const unit = { string: " characters", array: " items" }[String(origin)] ?? "";
  return `${inclusive === false ? beyond : at} ${String(bound)}${unit}`;
}

function oneOf(values: readonly unknown[], found: unknown): string {
  const near =
    typeof found === "string"
      ? nearest(
          found,
          values.filter((value) => typeof value === "string"),
        )
      : undefined;
  const list = values.map((value) => String(value)).join(", ");
  return `expected ${values.length > 1 ? "one of " : ""}${list}${near === undefined ? "" : ` (did you mean "${near}"?)`}`;
}

interface CheckedFile extends Pick<Expectations, "known"> {
  readonly input: unknown;
  lineOf(path: FieldPath): number;
  /** The text of a number as the file spells it. */
  source(path: FieldPath): string | undefined;
}

/** Zod's issues as sentences with their lines, in the order of the file. */
export function problemsOf(issues: readonly z.core.$ZodIssue[], facts: CheckedFile): Problem[] {
  const all = issues.slice(0, PROBLEMS_MAX).flatMap((issue) => described(issue, [], facts));
  return all.toSorted((a, b) => a.line - b.line);
}

function described(issue: z.core.$ZodIssue, base: FieldPath, facts: CheckedFile): Problem[] {
  const path = [...base, ...issue.path];
  const at = (where: FieldPath, text: string): Problem => ({
    line: facts.lineOf(where),
    field: fieldName(where),
    text,
  });
  if (issue.code === "unrecognized_keys") {
    const known = facts.known.get(issue.keys) ?? [];
    const first = issue.keys.slice(0, PROBLEMS_MAX).map((key) => at([...path, key], unknownField(key, known)));
    const more = issue.keys.length - first.length;
    return more === 0 ? first : [...first, at(path, `has ${more} fields more that are none.`)];
  }
  const found = valueAt(facts.input, path);
  if (issue.code === "invalid_union") {
    if (issue.errors.length > 0 && found !== undefined) {
      return bestOf(issue.errors).flatMap((inner) => described(inner, path, facts));
    }
    const options = "options" in issue && Array.isArray(issue.options) ? (issue.options as unknown[]) : undefined;
    const wanted = options ? oneOf(options, found) : "no form of it fits";
    return [at(path, `${is(found, path, facts)}; ${wanted}.`)];
  }
  const sentence = `${issue.message}${issue.message.endsWith(".") ? "" : "."}`;
  if (issue.code === "custom" && (found === undefined || typeof found === "object")) return [at(path, sentence)];
  return [at(path, `${is(found, path, facts)}; ${sentence}`)];
}

/** Of the forms a union allows, the one that the value comes nearest to: fewest complaints, the first of equals. */
function bestOf(branches: readonly (readonly z.core.$ZodIssue[])[]): readonly z.core.$ZodIssue[] {
  const weight = (issue: z.core.$ZodIssue) =>
    issue.code === "unrecognized_keys" ? 2 * issue.keys.length : issue.path.length === 0 ? 10 : 1;
  const total = (branch: readonly z.core.$ZodIssue[]) => branch.reduce((sum, issue) => sum + weight(issue), 0);
  return branches.toSorted((a, b) => total(a) - total(b))[0] ?? [];
}

function unknownField(key: string, known: readonly string[]): string {
  const near = nearest(key, known);
  if (near !== undefined) return `is not a field; did you mean "${near}"?`;
  return known.length === 0 ? "is not a field." : `is not a field here; the fields are ${known.join(", ")}.`;
}

function is(found: unknown, path: FieldPath, facts: CheckedFile): string {
  if (found === undefined) return "is missing";
  if (SECRET.test(fieldName(path))) return "is wrong (its value is not shown)";
  if (found === null) return "is empty";
  if (Array.isArray(found)) return `is a list of ${found.length}`;
  if (typeof found === "object") return "is a mapping";
  if (typeof found === "string" && KEY_TEXT.test(found)) return "is the text of a key (not shown)";
  if (typeof found === "string")
    return `is "${shortened(found.replace(ADDRESS_LOGIN, "$1…@").replace(ADDRESS_QUERY, "$1…"))}"`;
  return `is ${facts.source(path) ?? JSON.stringify(found)}`;
}

function shortened(text: string): string {
  return text.length > SHOWN_CHARACTERS_MAX ? `${text.slice(0, SHOWN_CHARACTERS_MAX)}…` : text;
}

function valueAt(input: unknown, path: FieldPath): unknown {
  return path.reduce<unknown>(
    (value, step) =>
      typeof value === "object" && value !== null && Object.hasOwn(value, step)
        ? (value as Record<PropertyKey, unknown>)[step]
        : undefined,
    input,
  );
}
