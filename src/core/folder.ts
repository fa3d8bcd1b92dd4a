import { existsSync, mkdirSync, type Stats, statSync } from "node:fs";
import { dirname, isAbsolute, relative, resolve } from "node:path";
import { hasCode } from "./errors.ts";

/**
 * Makes a folder and those above it that are missing, one by one: Node's own recursive mkdir never comes back from
 * places like /proc that say "no such file" to every attempt (measured, Node 20).
 * @throws what the system says of the first folder that cannot be made.
 */
export function makeFolder(path: string): void {
  const missing: string[] = [];
  for (let at = resolve(path); !existsSync(at); at = dirname(at)) missing.unshift(at);
  if (missing.length === 0 && !statSync(path).isDirectory()) missing.push(path);
  for (const folder of missing) {
    try {
      mkdirSync(folder);
    } catch (error) {
      // Somebody else was faster.
      if (hasCode(error, "EEXIST") && entryAt(folder)?.isDirectory()) continue;
      throw hasCode(error, "EEXIST") || hasCode(error, "ENOTDIR") ? inTheWay(folder, error) : error;
    }
  }
}

/** A file where a folder is to be, by its name; the code stays what the system said. */
function inTheWay(folder: string, cause: unknown): Error {
  let at = folder;
  while (entryAt(at) === undefined && dirname(at) !== at) at = dirname(at);
  const code = hasCode(cause, "EEXIST") ? "EEXIST" : "ENOTDIR";
  const text = entryAt(at)?.isDirectory() ? `${folder} is a link to nowhere` : `${at} is a file, and no folder`;
  return Object.assign(new Error(text, { cause }), { code });
}

/** Whether a path leads into a folder, or is the folder, by their names: links are not followed. */
export function isBelow(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return !isAbsolute(way) && !/^\.\.(?:$|[\\/])/.test(way);
}

/**
 * What lies at a path, links followed; undefined where there is nothing to be seen. That is also a path through a file
 * (ENOTDIR), a link to itself, a name too long: what `throwIfNoEntry: false` of Node throws for (measured, Node 20).
 */
export function entryAt(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}
