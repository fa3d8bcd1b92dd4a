import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..");

/** An import, export-from, or dynamic import of a file of ours. */
export interface SourceImport {
  readonly specifier: string;
  /** The file meant, as a path from the root; undefined for a package. */
  readonly target: string | undefined;
}

export interface SourceFile {
  /** From the root, with slashes: "src/power/relays/lcus.ts". */
  readonly path: string;
  readonly lines: readonly string[];
  /** Without comments; line numbers are kept. */
  readonly code: string;
  readonly imports: readonly SourceImport[];
  readonly isTest: boolean;
}

/** All TypeScript files below a folder of the project, sorted by path; none when it is not there. */
export function sourceFiles(folder: string): SourceFile[] {
  if (!existsSync(join(ROOT, folder))) return [];
  const found = readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).split(sep).join("/"));
  return found.toSorted().map((path) => parsed(path, readFileSync(join(ROOT, path), "utf8")));
}

/** A file's facts from its text; for the checker's own tests too. */
export function parsed(path: string, text: string): SourceFile {
  const code = withoutComments(text);
  return {
    path,
    lines: text.replace(/\n$/, "").split("\n"),
    code,
    imports: importsOf(path, code),
    isTest: path.endsWith(".test.ts") || path.includes("/testing/"),
  };
}

/** The room of a file of src; "" for the files that lie in src itself; undefined outside src. */
export function roomOf(path: string): string | undefined {
  const [top, room, ...rest] = path.split("/");
  if (top !== "src" || room === undefined) return undefined;
  return rest.length === 0 ? "" : room;
}

/**
 * The folder of a file inside its room: "relays", "image/options"; "." for a file on the room's own floor; undefined for
 * a room's index and main, which stand above its folders, and for files of no room.
 */
export function innerRoomOf(path: string): string | undefined {
  const [top, room, ...rest] = path.split("/");
  if (top !== "src" || room === undefined || rest.length === 0) return undefined;
  if (rest.length > 1) return rest.slice(0, -1).join("/");
  return rest[0] === "index.ts" || (room === "cli" && rest[0] === "main.ts") ? undefined : ".";
}

const IMPORT = /\b(?:import|export)\b(?:\s+type\b)?(?:[\s\w$,*{}]*?\bfrom)?\s*\(?\s*"([^"\n]+)"/g;

function importsOf(path: string, code: string): SourceImport[] {
  return [...code.matchAll(IMPORT)].map((match) => {
    const specifier = match[1] ?? "";
    const isOurs = specifier.startsWith(".");
    return {
      specifier,
      target: isOurs ? posix.join(posix.dirname(path), specifier) : undefined,
    };
  });
}

function withoutComments(text: string): string {
  const blank = (comment: string) => comment.replaceAll(/[^\n]/g, " ");
  return text.replaceAll(/\/\*[^]*?\*\//g, blank).replaceAll(/(^|\s)\/\/.*$/gm, blank);
}

/** One ring of files that import each other at run time; undefined when there is none. */
export function ringOf(next: ReadonlyMap<string, readonly string[]>): readonly string[] | undefined {
  const done = new Set<string>();
  const visit = (name: string, trail: readonly string[]): readonly string[] | undefined => {
    if (trail.includes(name)) return [...trail.slice(trail.indexOf(name)), name];
    if (done.has(name)) return undefined;
    for (const target of next.get(name) ?? []) {
      const ring = visit(target, [...trail, name]);
      if (ring) return ring;
    }
    done.add(name);
    return undefined;
  };
  for (const name of next.keys()) {
    const ring = visit(name, []);
    if (ring) return ring;
  }
  return undefined;
}
