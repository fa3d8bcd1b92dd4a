import { parseArgs } from "node:util";
import { isHilError, nearest, UsageError } from "../../../core/index.ts";
import type { Offer } from "../../terminal/io.ts";

/** An option that takes one value; of several, the last wins. */
interface ValueRow {
  readonly kind: "value";
  readonly short?: string;
  readonly metavar: string;
  readonly about: string;
  readonly required?: boolean;
  /** Makes the value of its text; what it throws becomes "Invalid value for …". */
  parse(text: string): unknown;
}

interface FlagRow {
  readonly kind: "flag";
  readonly short?: string;
  readonly about: string;
}

/** An option that takes two values and may be repeated. */
interface PairRow {
  readonly kind: "pairs";
  readonly short?: string;
  readonly metavar: string;
  readonly about: string;
}

type OptionRow = ValueRow | FlagRow | PairRow;
export type OptionTable = Readonly<Record<string, OptionRow>>;

type ValueOf<R> = R extends { kind: "flag" }
  ? boolean
  : R extends { kind: "pairs" }
    ? readonly (readonly [string, string])[]
    : R extends { kind: "value"; required: true; parse(text: string): infer T }
      ? T
      : R extends { kind: "value"; parse(text: string): infer T }
        ? T | undefined
        : never;

/** Values of a table's options by name. */
export type OptionValuesOf<T extends OptionTable> = { readonly [K in keyof T]: ValueOf<T[K]> };

/**
 * One subcommand's face: name, options, arguments in order. All are required but one in brackets; a last one that ends
 * in … may repeat.
 */
export interface Usage<T extends OptionTable> {
  readonly name: string;
  readonly about: string;
  readonly options: T;
  readonly positionals: readonly string[];
}

/** Options of every subcommand. */
const COMMON_OPTIONS = {
  json: { kind: "flag", about: "Print the result as JSON, and nothing else, on standard output." },
  "password-file": {
    kind: "value",
    metavar: "FILE",
    about: "First line: passphrase of protected keys. Else HIL_KEY_PASSPHRASE, else asked for on the terminal.",
    parse: String,
  },
} as const satisfies OptionTable;

type CommonValues = OptionValuesOf<typeof COMMON_OPTIONS>;

type ParsedOptions<T extends OptionTable> =
  | { readonly help: true }
  | {
      readonly help: false;
      readonly values: OptionValuesOf<T>;
      readonly common: CommonValues;
      readonly positionals: readonly string[];
    };

const PAIR_SEPARATOR = "\u0000";

/**
 * Parses arguments by a table of options, with imgtool's grammar and wording.
 * @throws UsageError for an unknown option, a value that cannot be parsed, a missing or surplus argument.
 */
export function parseOptions<T extends OptionTable>(usage: Usage<T>, argv: readonly string[]): ParsedOptions<T> {
  const options: OptionTable = { ...usage.options, ...COMMON_OPTIONS };
  const given = parseArgs({
    args: withJoinedPairs(options, argv),
    options: {
      ...Object.fromEntries(Object.entries(options).map(([name, row]) => [name, parserRow(row)])),
      help: { type: "boolean", short: "h" },
      debug: { type: "boolean" },
    },
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values: Record<string, unknown> = Object.fromEntries(
    Object.entries(options).flatMap(([name, row]) =>
      row.kind === "value" ? [] : [[name, row.kind === "pairs" ? [] : false]],
    ),
  );
  for (const token of given.tokens) {
    if (token.kind !== "option") continue;
    if (token.name === "help") return { help: true };
    if (token.name !== "debug") take(options, token, values);
  }
  for (const [name, row] of Object.entries(options)) {
    if (row.kind === "value" && row.required === true && !(name in values)) {
      throw new UsageError(`Missing option ${label(name, row)}.`);
    }
  }
  checkPositionals(usage, given.positionals);
  return {
    help: false,
    values: picked(values, usage.options) as OptionValuesOf<T>,
    common: picked(values, COMMON_OPTIONS) as CommonValues,
    positionals: given.positionals,
  };
}

function picked(values: Readonly<Record<string, unknown>>, options: OptionTable): unknown {
  return Object.fromEntries(Object.entries(values).filter(([name]) => name in options));
}

/** Help of one subcommand, from its table. */
export function helpOf(usage: Usage<OptionTable>): string {
  const rows = [
    ...Object.entries({ ...usage.options, ...COMMON_OPTIONS }).map(
      ([name, row]) => [spelling(name, row), row.about] as const,
    ),
    ["-h, --help", "Show this message and exit."] as const,
  ];
  const width = Math.max(...rows.map(([left]) => left.length));
  const lines = rows.map(([left, about]) => `  ${left.padEnd(width)}  ${about}`);
  return [usageLine(usage), "", `  ${usage.about}`, "", "Options:", ...lines, ""].join("\n");
}

/** The same for a shell's completion. */
export function optionsOffered(usage: Usage<OptionTable>): Required<Offer>["options"] {
  const options: OptionTable = { ...usage.options, ...COMMON_OPTIONS };
  return Object.entries(options).map(([name, row]) => ({
    name,
    short: row.short,
    about: row.about,
    takesValue: row.kind !== "flag",
    values: row.kind === "flag" ? [] : (/^\[(.*)\]$/.exec(row.metavar)?.[1]?.split("|") ?? []),
  }));
}

/** The first line of help and of complaints. */
export function usageLine(usage: Usage<OptionTable>): string {
  return ["Usage: hil image", usage.name, "[OPTIONS]", ...usage.positionals].join(" ");
}

type OptionToken = {
  readonly name: string;
  readonly rawName: string;
  readonly value?: string | undefined;
};

function take(options: OptionTable, token: OptionToken, values: Record<string, unknown>): void {
  const row = options[token.name];
  if (row === undefined) throw unknownOption(options, token.rawName);
  if (row.kind === "flag") {
    if (token.value !== undefined) throw new UsageError(`Option '${token.rawName}' does not take a value.`);
    values[token.name] = true;
    return;
  }
  if (token.value === undefined) {
    throw new UsageError(`Option '${token.rawName}' requires ${row.kind === "pairs" ? "2 arguments" : "an argument"}.`);
  }
  if (row.kind === "pairs") {
    const [first = "", second = ""] = token.value.split(PAIR_SEPARATOR);
    values[token.name] = [...(values[token.name] as unknown[]), [first, second]];
    return;
  }
  try {
    values[token.name] = row.parse(token.value);
  } catch (error) {
    if (!isHilError(error)) throw error;
    throw new UsageError(`Invalid value for ${label(token.name, row)}: ${error.paragraph()}`, "", { cause: error });
  }
}

function unknownOption(options: OptionTable, rawName: string): UsageError {
  const near = nearest(
    rawName,
    Object.keys(options).map((name) => `--${name}`),
  );
  return new UsageError(`No such option '${rawName}'.${near === undefined ? "" : ` Did you mean '${near}'?`}`);
}

function checkPositionals(usage: Usage<OptionTable>, given: readonly string[]): void {
  const missing = usage.positionals[given.length];
  if (missing !== undefined && !missing.startsWith("["))
    throw new UsageError(`Missing argument '${missing.replace("…", "")}'.`);
  if (usage.positionals.at(-1)?.endsWith("…") === true) return;
  const surplus = given.slice(usage.positionals.length);
  if (surplus.length > 0) {
    throw new UsageError(`Got unexpected extra argument${surplus.length > 1 ? "s" : ""} (${surplus.join(" ")})`);
  }
}

/** node's parser knows no options with two values: the two are joined before, and split after. */
function withJoinedPairs(options: OptionTable, argv: readonly string[]): string[] {
  const out: string[] = [];
  for (let index = 0; index < argv.length; index += 1) {
    const argument = argv[index] ?? "";
    const row = argument.startsWith("--") ? options[argument.slice(2)] : undefined;
    if (row?.kind !== "pairs") {
      out.push(argument);
      continue;
    }
    const [first, second] = [argv[index + 1], argv[index + 2]];
    if (first === undefined || second === undefined) throw new UsageError(`Option '${argument}' requires 2 arguments.`);
    out.push(`${argument}=${first}${PAIR_SEPARATOR}${second}`);
    index += 2;
  }
  return out;
}

function parserRow(row: OptionRow): { type: "string" | "boolean"; short?: string; multiple: true } {
  const type = row.kind === "flag" ? "boolean" : "string";
  return row.short === undefined ? { type, multiple: true } : { type, short: row.short, multiple: true };
}

function label(name: string, row: OptionRow): string {
  return row.short === undefined ? `'--${name}'` : `'-${row.short}' / '--${name}'`;
}

function spelling(name: string, row: OptionRow): string {
  const names = row.short === undefined ? `--${name}` : `-${row.short}, --${name}`;
  return row.kind === "flag" ? names : `${names} ${row.metavar}`;
}
