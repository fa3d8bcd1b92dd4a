import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { mainIn } from "../src/cli/main.ts";
import type { CliIo } from "../src/cli/terminal/io.ts";
import { TLVS } from "../src/image/index.ts";
import { DEFECTS, GENERATIONS } from "../src/mcuboot/index.ts";
import { POWER_DRIVERS } from "../src/power/index.ts";
import { COMMANDS, type CommandRow } from "../src/smp/index.ts";
import type { Fields, Shape } from "../src/smp/packet/shape.ts";
import { MACHINE_FAULTS } from "../src/twin/index.ts";
import { type JsonField, kindOf, schemaRows } from "./schema-docs.ts";

/** docs/commands.md, made from the tables that the program itself reads: `npx tsx scripts/command-docs.ts`. */
export const DOCS_FILE = fileURLToPath(new URL("../docs/commands.md", import.meta.url));

const HEAD = `# Reference

Made from the program's own tables by \`npx tsx scripts/command-docs.ts\`; do not edit it by hand.
`;

const PROFILE_ABOUT =
  "What they mean on a bench: [profile.md](profile.md). A dot goes into a mapping; a star is any name that stands there.";
const SCENARIO_ABOUT =
  "How they work together: [scenario.md](scenario.md). A dot goes into a mapping; a star is any name that stands there.";

const ALL_COMMANDS = COMMANDS as unknown as Readonly<Record<string, CommandRow>>;

/** Commands with commands of their own, and how their help lists them. */
const INNER_COMMANDS: Readonly<Record<string, RegExp>> = {
  image: /^ {2}(\w+) {2}/gm,
  board: /^ {2}hil board (\w+) /gm,
};

/** The whole page. */
export async function commandDocs(): Promise<string> {
  const overview = await helpOf([]);
  const names = namesIn(overview, /^ {2}hil (\w+)/gm);
  const sections = ["## Commands\n", fenced(overview)];
  for (const name of names) {
    const help = await helpOf([name]);
    sections.push(`### hil ${name}\n`, fenced(help));
    const inner = INNER_COMMANDS[name];
    // imgtool calls sign by a second name: one entry is enough.
    for (const word of inner ? namesIn(help, inner).filter((entry) => entry !== "create") : []) {
      sections.push(`#### hil ${name} ${word}\n`, fenced(await helpOf([name, word])));
    }
  }
  sections.push(
    schemaSection("Fields of a profile", "boards/profile.schema.json", PROFILE_ABOUT),
    powerSection(),
    schemaSection("Fields of a scenario", "scenarios/scenario.schema.json", SCENARIO_ABOUT),
  );
  sections.push(faultSection(), generationSection(), smpSection(), tlvSection());
  return `${[HEAD, contentsOf(sections), ...sections].join("\n").trimEnd()}\n`;
}

/** Links to the sections, and to each command. */
function contentsOf(sections: readonly string[]): string {
  const links = sections.flatMap((section) => {
    const [, marks = "", title = ""] = /^(##+) (.+)$/m.exec(section) ?? [];
    if (marks === "" || marks.length > 3) return [];
    return [`${"  ".repeat(marks.length - 2)}- [${title}](#${title.toLowerCase().replaceAll(" ", "-")})`];
  });
  return `${links.join("\n")}\n`;
}

async function helpOf(words: readonly string[]): Promise<string> {
  let text = "";
  const io: CliIo = {
    out: (more) => void (text += more),
    err: (more) => void (text += more),
    env: {},
    cwd: "/",
    signal: new AbortController().signal,
    isTty: false,
    columns: 100,
  };
  const code = await mainIn(io, [...words, "--help"]);
  if (code !== 0) throw new Error(`hil ${words.join(" ")} --help ended with exit code ${code}: ${text}`);
  return text;
}

function namesIn(text: string, line: RegExp): readonly string[] {
  return [...text.matchAll(line)].map((match) => match[1] ?? "");
}

function fenced(text: string): string {
  const lines = text.trim().split("\n");
  return `\`\`\`text\n${lines.map((line) => line.trimEnd()).join("\n")}\n\`\`\`\n`;
}

/** A table of Markdown; bars inside cells are escaped. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line), ""].join("\n");
}

function powerSection(): string {
  const parts = POWER_DRIVERS.map(({ name, options }) => {
    const made: unknown = z.toJSONSchema(options, { target: "draft-7", io: "input", unrepresentable: "any" });
    const { properties = {}, required = [] } = made as {
      properties?: Record<string, JsonField>;
      required?: readonly string[];
    };
    const rows = Object.entries(properties).map(([field, schema]) => [
      `\`${field}\``,
      kindOf(schema),
      required.includes(field) ? "required" : schema.default === undefined ? "" : JSON.stringify(schema.default),
      schema.description ?? "",
    ]);
    return `### ${name}\n\n${table(["field", "what it may be", "default", "what it says"], rows)}`;
  });
  return `## Power drivers\n\nFields of \`power:\` in a board profile, besides those of every driver.\n\n${parts.join("\n")}`;
}

function schemaSection(title: string, file: Parameters<typeof schemaRows>[0], about: string): string {
  const rows = schemaRows(file);
  return `## ${title}\n\n${about}\n\n${table(["field", "what it may be", "default", "what it says"], rows)}`;
}

function faultSection(): string {
  const rows = [
    ...MACHINE_FAULTS.map((row) => [`\`${row.name}\``, "the machine", row.what]),
    ...DEFECTS.map((row) => [`\`${row.name}\``, "the bootloader", row.what]),
  ];
  const about = "For `hil run --fault NAME`, `hil twin --fault NAME`, and `twin.faults` of a profile.";
  return `## Faults of the twin\n\n${about}\n\n${table(["name", "in", "what goes wrong"], rows)}`;
}

function generationSection(): string {
  const rows = GENERATIONS.map((row) => [`\`${row.name}\``, row.ncs, row.banner.join("<br>"), row.source]);
  const head = ["`bootloader.generation`", "nRF Connect SDK", "what it prints first", "source"];
  return `## Generations of MCUboot\n\n${table(head, rows)}`;
}

/** @param commands another table than ours; a test adds a row. */
export function smpSection(commands: Readonly<Record<string, CommandRow>> = ALL_COMMANDS): string {
  const rows = Object.values(commands).map((row) => {
    const fields = [fieldsText(row.request), fieldsText(row.response)];
    return [row.name, `${row.group}`, `${row.id}`, row.op, ...fields, `${row.retries}`, row.source];
  });
  const head = ["command", "group", "id", "op", "request", "answer", "repeats", "source"];
  return `## SMP commands\n\nA question mark: the field may be missing.\n\n${table(head, rows)}`;
}

function fieldsText(fields: Fields): string {
  return Object.entries(fields)
    .map(([name, shape]) => `${name}${shape.kind === "optional" ? "?" : ""}: ${shapeText(shape)}`)
    .join(", ");
}

function shapeText(shape: Shape): string {
  switch (shape.kind) {
    case "optional":
      return shapeText(shape.of);
    case "list":
      return `list of ${shapeText(shape.of)}`;
    case "dictionary":
      return `map of ${shapeText(shape.of)}`;
    case "map":
      return `{ ${fieldsText(shape.fields)} }`;
    default:
      return shape.kind;
  }
}

function tlvSection(): string {
  const rows = TLVS.map((row) => [
    `0x${row.type.toString(16).padStart(2, "0")}`,
    row.name,
    row.area,
    "bytes" in row ? row.bytes.join(", ") : "any",
    row.source,
  ]);
  return `## TLV types\n\n${table(["type", "name", "area", "bytes", "source"], rows)}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const before = await readFile(DOCS_FILE, "utf8").catch(() => "");
  const text = await commandDocs();
  if (text !== before) await writeFile(DOCS_FILE, text);
  process.stdout.write(`${text === before ? "up to date" : "written   "}  docs/commands.md\n`);
}
