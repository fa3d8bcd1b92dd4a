import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import type * as Yaml from "yaml";
import type { Document, LineCounter, Node } from "yaml";
import type { z } from "zod";
import { hex } from "../bytes.ts";
import { ConfigurationError, hasCode, isKind, messageOf } from "../errors.ts";
import { expectations, type FieldPath, fieldName, PROBLEMS_MAX, type Problem, problemsOf } from "./config-problems.ts";
import { readInput } from "./input-file.ts";

const load = createRequire(import.meta.url);
/** The YAML library, loaded with the first file: `hil image` reads none, and starts twice as fast without. */
const yaml = (): typeof Yaml => load("yaml");

/** Largest configuration file that is read, in bytes. */
const FILE_BYTES_MAX = 1_048_576;
/** Deepest nesting of mappings and lists. */
const DEPTH_MAX = 64;
/** The same as the parser counts it: a level may be a mapping, its value, and a line that both stand on. */
const OPEN_MAX = 4 * DEPTH_MAX;
/** Words and marks of the language in one file, and anchors and tags among them: either makes the library slow. */
const PARTS_MAX = 150_000;
const PROPERTIES_MAX = 1_000;
/** How many nodes aliases may repeat: a limit on "billion laughs" files. */
const ALIASES_MAX = 100;

/** A configuration file that was read and found right. */
export interface ConfigFile<T> {
  /** The file as it was named. */
  readonly file: string;
  /** The text as it was read. */
  readonly text: string;
  readonly value: T;
  /** Line (from 1) of a field, or of the nearest field around it that the file spells out. */
  lineOf(this: void, path: FieldPath): number;
  /** An error about one field, for checks that a schema cannot make (a file that is not there, say). */
  wrong(this: void, path: FieldPath, text: string, hint?: string, options?: ErrorOptions): ConfigFileError;
}

/** Everything that is wrong with one configuration file, by line. Exit 2. */
export class ConfigFileError extends ConfigurationError {
  readonly file: string;
  readonly problems: readonly Problem[];

  constructor(file: string, problems: readonly Problem[], hint = "", options?: ErrorOptions) {
    super(listed(file, problems), hint, options);
    this.file = file;
    this.problems = problems;
  }
}

/** A path in a configuration file is relative to that file, wherever the command was started. */
export function resolveFrom(file: string, path: string): string {
  return resolve(dirname(file), path);
}

/** What a foreign format asks of YAML beyond its standard. */
export interface YamlDialect {
  /** Tags of scalars (`!template`), and what their text becomes. */
  readonly scalarTags?: Readonly<Record<string, (text: string) => unknown>>;
}

/**
 * Reads and checks a YAML 1.2 file.
 * @throws ConfigFileError with all problems; ConfigurationError when the file cannot be read.
 */
export async function loadYaml<S extends z.ZodType>(
  file: string,
  schema: S,
  dialect: YamlDialect = {},
): Promise<ConfigFile<z.output<S>>> {
  let bytes: Uint8Array;
  try {
    bytes = readInput(file, FILE_BYTES_MAX);
  } catch (error) {
    if (isKind(error, "configuration")) {
      throw new ConfigurationError(`${file}: ${error.message}`, error.hint, { cause: error });
    }
    const [what, hint] = hasCode(error, "ENOENT")
      ? ["there is no such file", "Check the path."]
      : hasCode(error, "EISDIR")
        ? ["this is a folder", "Name a YAML file in it."]
        : ["the file cannot be read", messageOf(error)];
    throw new ConfigurationError(`${file}: ${what}.`, hint, { cause: error });
  }
  return parseYaml(decoded(bytes, file), file, schema, dialect);
}

/**
 * Checks YAML 1.2 text that came from `file` (only named in errors).
 * @throws ConfigFileError with every problem: line, field, what was found, what is expected.
 */
export function parseYaml<S extends z.ZodType>(
  text: string,
  file: string,
  schema: S,
  { scalarTags = {} }: YamlDialect = {},
): ConfigFile<z.output<S>> {
  const lines = new (yaml().LineCounter)();
  const tokens = tokensOf(text, file, lines);
  const customTags = Object.entries(scalarTags).map(([tag, resolve]) => ({ tag, resolve }));
  const document = composed(tokens, text.length, customTags);
  const syntax = syntaxProblems(document, lines);
  if (syntax.length > 0) throw new ConfigFileError(file, syntax);
  const input = contentsOf(document, file);
  const lineOf = (path: FieldPath) => lineAt(document, lines, path);
  const expected = expectations();
  const parsed = schema.safeParse(input, { error: expected.text });
  if (!parsed.success) {
    const source = (path: FieldPath) => sourceAt(document, path);
    throw new ConfigFileError(file, problemsOf(parsed.error.issues, { input, lineOf, source, known: expected.known }));
  }
  return {
    file,
    text,
    value: parsed.data,
    lineOf,
    wrong: (path, message, hint, options) => {
      const text = /[.!?]$/.test(message) ? message : `${message}.`;
      return new ConfigFileError(file, [{ line: lineOf(path), field: fieldName(path), text }], hint, options);
    },
  };
}

/**
 * Checks a value that did not come from a file (or came from a checked one), with the same texts.
 * @param what the value as a noun, for the error: `power driver "lcus"`.
 * @throws ConfigurationError with every problem.
 */
export function parseValue<S extends z.ZodType>(value: unknown, schema: S, what: string): z.output<S> {
  const expected = expectations();
  const parsed = schema.safeParse(value, { error: expected.text });
  if (parsed.success) return parsed.data;
  const facts = { input: value, lineOf: () => 0, source: () => undefined, known: expected.known };
  const texts = problemsOf(parsed.error.issues, facts).map(({ field, text }) => `${field} ${text}`.trim());
  throw new ConfigurationError(`${what}: ${texts.join(" ")}`);
}

function listed(file: string, problems: readonly Problem[]): string {
  const lines = problems.map(({ line, field, text }) => `line ${line}: ${field === "" ? "" : `${field} `}${text}`);
  if (lines.length === 1) return `${file}, ${lines[0]}`;
  return `${file}: ${lines.length} problems.\n${lines.map((line) => `  ${line}`).join("\n")}`;
}

/** What people hand over in place of a YAML file, by its first bytes. */
const OTHER_FILES = [
  { what: "a ZIP archive", begins: [0x50, 0x4b, 0x03, 0x04] },
  { what: "an MCUboot image", begins: [0x3d, 0xb8, 0xf3, 0x96] },
  { what: "an ELF file", begins: [0x7f, 0x45, 0x4c, 0x46] },
  { what: "a binary file", begins: [] },
] as const;

function decoded(bytes: Uint8Array, file: string): string {
  const isUtf16 = /^(fffe|feff)/.test(hex(bytes.subarray(0, 2)));
  if (bytes.includes(0) && !isUtf16) {
    const { what } = OTHER_FILES.find((row) => row.begins.every((byte, at) => bytes[at] === byte)) ?? OTHER_FILES[3];
    const hint = "Name a YAML file; images and packages are named in a scenario: images.new.payload.";
    throw new ConfigurationError(`${file}: this is ${what}, not YAML.`, hint);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new ConfigurationError(`${file}: the file is not UTF-8 text.`, "Save it as UTF-8.", { cause: error });
  }
}

/** What the parser's codes mean for someone who edits a file by hand; other codes speak for themselves. */
const SYNTAX_HELP: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: "a tab cannot indent YAML; use blanks.",
  DUPLICATE_KEY: "this field stands twice in its mapping; keep one.",
  MULTIPLE_DOCS: 'a second document begins here ("---"); one file holds one.',
};

function syntaxProblems(document: Document.Parsed, lines: LineCounter): Problem[] {
  const found = [...document.errors, ...document.warnings].map((fault) => ({
    line: lines.linePos(fault.pos[0]).line,
    field: "",
    // The parser appends the place and a drawing of it after "at line".
    text: SYNTAX_HELP[fault.code] ?? `${fault.message.split(/ at line \d/)[0]}.`,
  }));
  const version = document.directives.yaml;
  if (version.version !== "1.2") {
    found.unshift({ line: 1, field: "", text: `YAML ${version.version} is asked for; write YAML 1.2.` });
  }
  return [...found, ...twice(document, lines)].slice(0, PROBLEMS_MAX);
}

/** Fields that stand twice in a mapping. The library's own check looks at every pair of fields: 20,000 took it 7 s. */
function twice(document: Document.Parsed, lines: LineCounter): Problem[] {
  const { isScalar, visit } = yaml();
  const found: Problem[] = [];
  visit(document, {
    Map(_, { items }) {
      const seen = new Set<string>();
      for (const { key } of items) {
        if (!isScalar(key) || key.value === "<<") continue;
        const name = String(key.value);
        const line = lines.linePos(key.range?.[0] ?? 0).line;
        if (seen.has(name)) found.push({ line, field: "", text: SYNTAX_HELP["DUPLICATE_KEY"] ?? "" });
        seen.add(name);
      }
    },
  });
  return found;
}

function contentsOf(document: Document.Parsed, file: string): unknown {
  if (document.contents === null || (yaml().isScalar(document.contents) && document.contents.value === null)) {
    throw new ConfigFileError(file, [{ line: 1, field: "", text: "the file is empty." }]);
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: ALIASES_MAX });
  } catch (error) {
    const text = `its anchors and aliases cannot be resolved: ${messageOf(error)}.`;
    throw new ConfigFileError(file, [{ line: 1, field: "", text }], "", { cause: error });
  }
  // Aliases nest, too.
  if (deeperThan(value, DEPTH_MAX)) throw tooDeep(file);
  return value;
}

/**
 * The syntax of a text, held to limits before anything is made of it: the library composes level by level, each in a
 * call of its own, and 50,000 levels end the process (measured, yaml 2.9.1: no exception, V8 gives up). The syntax
 * itself is no such danger.
 * @throws ConfigFileError for more than people write.
 */
function tokensOf(text: string, file: string, lines: LineCounter): readonly Yaml.CST.Token[] {
  const { Lexer, Parser } = yaml();
  const tooMuch = (what: string) =>
    new ConfigFileError(file, [{ line: 1, field: "", text: `it has more than ${what}.` }]);
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  const tokens: Yaml.CST.Token[] = [];
  let [parts, properties] = [0, 0];
  for (const part of new Lexer().lex(text)) {
    parts += 1;
    if (parts > PARTS_MAX) throw tooMuch(`${PARTS_MAX} words and marks`);
    if (part.startsWith("!") || part.startsWith("&") || part.startsWith("*")) properties += 1;
    if (properties > PROPERTIES_MAX) throw tooMuch(`${PROPERTIES_MAX} anchors, aliases and tags`);
    tokens.push(...parser.next(part));
    // What is open: the parser closes it in calls within calls, and thousands of them end in no error of ours.
    if (parser.stack.length > OPEN_MAX) throw tooDeep(file);
  }
  tokens.push(...parser.end());
  if (nestsTooDeep(tokens)) throw tooDeep(file);
  return tokens;
}

function nestsTooDeep(tokens: readonly Yaml.CST.Token[]): boolean {
  const { CST } = yaml();
  const rest: { token: Yaml.CST.Token | null | undefined; depth: number }[] = tokens.map((token) => ({
    token: token.type === "document" ? token.value : token,
    depth: 0,
  }));
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    const { token, depth } = next;
    if (!CST.isCollection(token)) continue;
    if (depth === DEPTH_MAX) return true;
    for (const { key, value } of token.items)
      rest.push({ token: key, depth: depth + 1 }, { token: value, depth: depth + 1 });
  }
  return false;
}

/** What `parseDocument` of the library makes of a text, made of its tokens: a text is gone through once. */
function composed(tokens: readonly Yaml.CST.Token[], chars: number, customTags: Yaml.Tags): Document.Parsed {
  const { Composer, YAMLParseError } = yaml();
  const composer = new Composer({ version: "1.2", stringKeys: true, logLevel: "error", uniqueKeys: false, customTags });
  // Forced: there is always a first one.
  const [document, second] = [...composer.compose(tokens, true, chars)] as [Document.Parsed, Document.Parsed?];
  if (second !== undefined)
    document.errors.push(new YAMLParseError([second.range[0], second.range[1]], "MULTIPLE_DOCS", "Several documents"));
  return document;
}

function tooDeep(file: string): ConfigFileError {
  return new ConfigFileError(file, [{ line: 1, field: "", text: `it nests deeper than ${DEPTH_MAX} levels.` }]);
}

function deeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((child) => deeperThan(child, levels - 1));
}

/** The node of a field and the offset where its key (or, in a list, the item itself) begins; undefined when absent. */
function place(document: Document.Parsed, path: FieldPath): { node: Node | null; offset: number } | undefined {
  const { isAlias, isMap, isScalar, isSeq } = yaml();
  let node: Node | null = document.contents;
  let offset = node?.range?.[0] ?? 0;
  for (const step of path) {
    const container: Node | null | undefined = isAlias(node) ? node.resolve(document) : node;
    if (isMap(container)) {
      const pair = container.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
      if (!pair) return undefined;
      offset = (pair.key as Node).range?.[0] ?? offset;
      node = pair.value as Node | null;
    } else if (isSeq(container)) {
      const item = container.items[Number(step)] as Node | undefined;
      if (!item) return undefined;
      offset = item.range?.[0] ?? offset;
      node = item;
    } else {
      return undefined;
    }
  }
  return { node, offset };
}

function lineAt(document: Document.Parsed, lines: LineCounter, path: FieldPath): number {
  for (let length = path.length; length >= 0; length -= 1) {
    const found = place(document, path.slice(0, length));
    if (found) return lines.linePos(found.offset).line;
  }
  return 1;
}

/** A scalar as the file spells it (`0x10000`, not 65536). */
function sourceAt(document: Document.Parsed, path: FieldPath): string | undefined {
  const node = place(document, path)?.node;
  return yaml().isScalar(node) && typeof node.value === "number" ? node.source : undefined;
}
