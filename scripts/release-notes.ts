/**
 * Change notes to release notes: `npx tsx scripts/release-notes.ts 0.2.0` prints them; `--write` puts them at the head of
 * CHANGELOG.md and takes the notes out of `changes/`.
 */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** What a note may be about, in the order of the release notes, with their headings. */
const KINDS = { added: "New", changed: "Changed", fixed: "Mended", removed: "Gone" } as const;

export interface ChangeNote {
  readonly file: string;
  readonly kind: keyof typeof KINDS;
  readonly text: string;
}

/** The notes of a folder. @throws Error for a name without a kind, and for a note without a text. */
export function changeNotes(folder: string): readonly ChangeNote[] {
  const files = readdirSync(folder).filter((name) => name.endsWith(".md") && name !== "README.md");
  return files.toSorted().map((file) => {
    const kind = Object.keys(KINDS).find((known) => file.startsWith(`${known}-`)) as ChangeNote["kind"] | undefined;
    const text = readFileSync(join(folder, file), "utf8").trim();
    if (kind === undefined) throw new Error(`${file}: begins with none of ${Object.keys(KINDS).join(", ")}.`);
    if (text === "") throw new Error(`${file}: is empty.`);
    return { file, kind, text };
  });
}

/** The section of a release. @param day `2026-11-30`. */
export function releaseNotes(version: string, day: string, notes: readonly ChangeNote[]): string {
  const parts = Object.entries(KINDS).flatMap(([kind, heading]) => {
    const own = notes.filter((note) => note.kind === kind);
    if (own.length === 0) return [];
    const items = own.map(({ text }) => `- ${text.replaceAll(/\s*\n\s*/g, " ")}`);
    return [`### ${heading}\n\n${items.join("\n")}\n`];
  });
  return [`## ${version}, ${day}\n`, ...parts].join("\n");
}

/** The whole file with a new section at its head. @throws Error for a version that it has already. */
export function withRelease(before: string, section: string): string {
  const title = section.split(",")[0] ?? "";
  if (before.includes(`${title},`)) throw new Error(`CHANGELOG.md has "${title}" already.`);
  const head = "# Releases\n";
  const rest = before.startsWith(head) ? before.slice(head.length).trimStart() : before;
  return `${[head, section, ...(rest === "" ? [] : [rest.trimEnd(), ""])].join("\n").trimEnd()}\n`;
}

function main(argv: readonly string[]): void {
  const { values, positionals } = parseArgs({
    args: [...argv],
    options: { write: { type: "boolean", default: false } },
    allowPositionals: true,
  });
  const [version] = positionals;
  if (version === undefined || !/^\d+\.\d+\.\d+$/.test(version))
    throw new Error("which version? Say 0.2.0, for example.");
  const folder = join(ROOT, "changes");
  const notes = changeNotes(folder);
  const section = releaseNotes(version, new Date().toISOString().slice(0, 10), notes);
  if (!values.write) return void process.stdout.write(section);
  const file = join(ROOT, "CHANGELOG.md");
  writeFileSync(file, withRelease(existsSync(file) ? readFileSync(file, "utf8") : "", section));
  for (const note of notes) rmSync(join(folder, note.file));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main(process.argv.slice(2));
