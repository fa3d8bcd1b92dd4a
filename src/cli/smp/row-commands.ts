import { isKind, messageOf, UsageError } from "../../core/index.ts";
import type { CborMap, CborValue, CommandRow, Shape } from "../../smp/index.ts";
import type { OptionRows, Parsed } from "../terminal/arguments.ts";
import { exactJson } from "./more-commands.ts";
import { bytesOf, type SmpSubcommand, wordsOf } from "./subcommand.ts";
import { fieldLines } from "./text.ts";

/**
 * A command of `hil smp` for each row that no written one is there for: its words are the row's name, its options the
 * fields of the request. A name that is taken stands behind "row"; an option that is taken has "field-" before it.
 */
export function rowSubcommands(
  rows: Readonly<Record<string, CommandRow>>,
  written: readonly SmpSubcommand[],
  options: readonly string[],
): SmpSubcommand[] {
  const sent = new Set<string>(written.flatMap(({ sends = [] }) => sends));
  const taken = new Set(written.flatMap((row) => [wordsOf(row).join(" "), ...(row.known ?? [])]));
  return Object.entries(rows)
    .filter(([key]) => !sent.has(key))
    .map(([, row]) => rowSubcommand(row, taken.has(row.name) ? `row ${row.name}` : row.name, options));
}

interface Field {
  readonly key: string;
  readonly shape: Shape;
  readonly isRequired: boolean;
}

function rowSubcommand(row: CommandRow, usage: string, taken: readonly string[]): SmpSubcommand {
  const fields = Object.entries(row.request).map(([key, shape]): [string, Field] => {
    const name = key.replaceAll("_", "-");
    const inner = shape.kind === "optional" ? shape.of : shape;
    return [taken.includes(name) ? `field-${name}` : name, { key, shape: inner, isRequired: inner === shape }];
  });
  const request = (given: Parsed): CborMap => {
    const entries = fields.map(([name, field]) => [field.key, valueOf(name, field, given)] as const);
    return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
  };
  return {
    usage,
    about: `group ${row.group}, command ${row.id}, ${row.op}: its fields as options, its answer as it comes`,
    fields: Object.fromEntries(fields.map(([name, field]) => [name, optionOf(field)])),
    check: async (_, __, given) => void request(given),
    run: async ({ client, options, io }) => {
      const answer = await client.session.request(row, request(options), { signal: io.signal });
      return { json: answer, text: fieldLines(answer) };
    },
  };
}

function optionOf({ key, shape, isRequired }: Field): OptionRows[string] {
  const need = isRequired ? ", required" : "";
  if (shape.kind === "bool") return { type: "boolean", describe: `field ${key}${need}` };
  return { type: "string", describe: `field ${key}: ${wantedOf(shape)}${need}` };
}

function wantedOf(shape: Shape): string {
  switch (shape.kind) {
    case "uint":
      return "a whole number from 0 to 2^53 - 1";
    case "wide uint":
      return "a whole number from 0 to 2^64 - 1";
    case "int":
      return "a whole number between -2^53 and 2^53";
    case "text":
      return "text";
    case "bytes":
      return "hex digits, two a byte";
    default:
      return "JSON";
  }
}

function isInteger({ kind }: Shape): boolean {
  return kind === "int" || kind === "uint" || kind === "wide uint";
}

/** Whole, not below 0 unless it may be, and within 2^53 unless the row says that a board counts further. */
function fitsInteger({ kind }: Shape, value: unknown): boolean {
  if (typeof value === "bigint") return kind === "wide uint" && value >= 0n;
  return Number.isSafeInteger(value) && (kind === "int" || Number(value) >= 0);
}

/** @throws UsageError for a field that is missing, and for a value that does not fit it. */
function valueOf(name: string, { shape, isRequired }: Field, given: Parsed): CborValue {
  if (shape.kind === "bool") return given.flag(name) ? true : isRequired ? false : undefined;
  const text = given.text(name);
  if (text === undefined && isRequired) throw new UsageError(`--${name} is missing.`, `It wants ${wantedOf(shape)}.`);
  if (text === undefined || shape.kind === "text") return text;
  if (shape.kind === "bytes") return bytesOf(text);
  let value: unknown;
  try {
    value = exactJson(text);
  } catch (error) {
    if (isKind(error, "usage") && !isInteger(shape)) throw error;
    const why = isInteger(shape) ? "" : `: ${messageOf(error)}`;
    throw new UsageError(`--${name} wants ${wantedOf(shape)}, not "${text}"${why}.`, "", { cause: error });
  }
  if (isInteger(shape) && !fitsInteger(shape, value))
    throw new UsageError(`--${name} wants ${wantedOf(shape)}, not "${text}".`);
  return value as CborValue;
}
