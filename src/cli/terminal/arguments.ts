import yargs, { type Options } from "yargs";
import { nearest, UsageError } from "../../core/index.ts";
import type { CliIo, Offer } from "./io.ts";

/** The options of a command, as rows: yargs reads them, help prints them. */
export type OptionRows = Readonly<Record<string, Options>>;

interface WholeLimits {
  readonly least?: number;
  readonly most?: number;
}

/** What was asked for on a command line; `undefined` when help was printed instead. */
export interface Parsed {
  readonly positional: readonly string[];
  text(name: string): string | undefined;
  texts(name: string): readonly string[];
  number(name: string): number | undefined;
  /**
   * A whole number.
   * @param limits inclusive; default: from 0 to what a number holds exactly.
   * @throws UsageError for a number that is none, or outside.
   */
  whole(name: string, limits?: WholeLimits): number | undefined;
  flag(name: string): boolean;
}

/**
 * Parses the arguments of one command.
 * @param usage the first line of its help, with `<required>` and `[optional]` arguments.
 * @throws UsageError for an unknown or wrong option (with the nearest right one), and for too many arguments.
 */
export function parseArguments(
  io: CliIo,
  argv: readonly string[],
  usage: string,
  rows: OptionRows,
  positionalMax: number,
): Parsed | undefined {
  const parser = yargs([...argv])
    .scriptName("hil")
    .usage(usage)
    .options({ ...withoutDefaults(rows), debug: { type: "boolean", describe: "print the causes of an error" } })
    .detectLocale(false)
    .help(false)
    .version(false)
    .exitProcess(false)
    .showHelpOnFail(false)
    .parserConfiguration({
      "duplicate-arguments-array": true,
      "boolean-negation": false,
      "parse-positional-numbers": false,
      "dot-notation": false,
    })
    .wrap(Math.min(100, io.columns));
  if (argv.includes("--help") || argv.includes("-h")) {
    io.offers?.({ commands: wordsOffered(usage), options: optionsOffered(rows) });
    parser.showHelp((text) => io.out(`${withoutTypes(text)}\n`));
    return undefined;
  }
  const command = usage.split(/ [[<]/)[0] ?? "hil";
  const values = parser
    .fail((message, error) => {
      throw error ?? new UsageError(`${message}.`, `See ${command} --help.`);
    })
    .parseSync();
  refuseUnknown(Object.keys(values), rows, command);
  refuseEmpty(values, rows, command);
  const positional = values._.map(String);
  if (positional.length > positionalMax) {
    throw new UsageError(`"${positional[positionalMax]}" is one argument too many.`, `See ${command} --help.`);
  }
  return new Values(positional, values, command);
}

/** `hil lab [boards | reserve BOARD 2h | …]` and `hil board power <on|off>`: words that stand for themselves. */
function wordsOffered(usage: string): readonly { name: string; about: string }[] {
  const [choices = ""] = /(?<=[[<])[^\]>]*\|[^\]>]*/s.exec(usage.split("\n\n")[0] ?? "") ?? [];
  const words = choices.split("|").map((choice) => /^\s*([a-z][a-z-]*)(?=\s|$)/.exec(choice)?.[1]);
  return words.filter((name) => name !== undefined).map((name) => ({ name, about: "" }));
}

function optionsOffered(rows: OptionRows): Required<Offer>["options"] {
  return Object.entries(rows).map(([name, row]) => ({
    name,
    short: aliases(row).find((alias) => alias.length === 1),
    about: row.describe ?? "",
    takesValue: row.type !== "boolean",
    values: (row.choices ?? []).map(String),
  }));
}

/** Every value is text to yargs, numbers and files, too: its "[string]" says nothing. What is flush right stays there. */
function withoutTypes(help: string): string {
  return help.replaceAll(/ *\[string\]$/gm, "").replaceAll("[string] [default", `${" ".repeat(9)}[default`);
}

/** Defaults are for the help only: `--board` without its value is a mistake, not a wish for the default. */
function withoutDefaults(rows: OptionRows): OptionRows {
  return Object.fromEntries(
    Object.entries(rows).map(([name, { default: value, ...row }]) => [
      name,
      value === undefined ? row : { ...row, defaultDescription: String(value) },
    ]),
  );
}

function refuseUnknown(given: readonly string[], rows: OptionRows, command: string): void {
  const known = [...Object.entries(rows).flatMap(([name, row]) => [name, ...aliases(row)]), "debug"];
  const camel = (name: string) => name.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
  const spellings = new Set(["_", "$0", ...known, ...known.map(camel)]);
  for (const name of given) {
    if (spellings.has(name)) continue;
    const near = nearest(name, known);
    const dashes = (option: string) => (option.length === 1 ? `-${option}` : `--${option}`);
    const hint = near === undefined ? "" : `Did you mean ${dashes(near)}? `;
    throw new UsageError(`unknown option ${dashes(name)}.`, `${hint}See ${command} --help.`);
  }
}

/** An option without its value is found out before anything is done, not when the value is first needed. */
function refuseEmpty(values: Readonly<Record<string, unknown>>, rows: OptionRows, command: string): void {
  for (const [name, row] of Object.entries(rows)) {
    const given = values[name];
    const all: readonly unknown[] = Array.isArray(given) ? given : [given];
    if (row.type === "string" && all.includes("")) {
      throw new UsageError(`--${name} needs a value.`, `See ${command} --help.`);
    }
  }
}

function aliases(row: Options): readonly string[] {
  if (row.alias === undefined) return [];
  return typeof row.alias === "string" ? [row.alias] : row.alias;
}

class Values implements Parsed {
  readonly positional: readonly string[];
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #command: string;

  constructor(positional: readonly string[], values: Readonly<Record<string, unknown>>, command: string) {
    this.positional = positional;
    this.#values = values;
    this.#command = command;
  }

  text(name: string): string | undefined {
    return this.texts(name).at(-1);
  }

  texts(name: string): readonly string[] {
    const value = this.#values[name];
    if (value === undefined) return [];
    const all: readonly unknown[] = Array.isArray(value) ? value : [value];
    return all.map(String);
  }

  number(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (text.trim() !== "" && Number.isFinite(value)) return value;
    throw new UsageError(`--${name} wants a number, not "${text}".`, `See ${this.#command} --help.`);
  }

  whole(name: string, { least = 0, most = Number.MAX_SAFE_INTEGER }: WholeLimits = {}): number | undefined {
    const value = this.number(name);
    if (value === undefined || (Number.isSafeInteger(value) && value >= least && value <= most)) return value;
    const range = most === Number.MAX_SAFE_INTEGER ? `${least} on` : `${least} to ${most}`;
    throw new UsageError(
      `--${name} wants a whole number from ${range}, not "${this.text(name)}".`,
      `See ${this.#command} --help.`,
    );
  }

  flag(name: string): boolean {
    const value = this.#values[name];
    return value === true || (Array.isArray(value) && value.includes(true));
  }
}
