import { lstatSync, readlinkSync, rmSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Cleanup, ConfigurationError, makeFolder, messageOf } from "../../core/index.ts";

/**
 * Paths under which programs find the lines; with a folder, links that stay the same from run to run. A link of an
 * earlier twin is replaced; a file that is none is somebody's, and stays.
 */
export function linkedPaths<T extends Record<string, string>>(
  folder: string | undefined,
  cwd: string,
  paths: T,
  closing: Cleanup,
): T {
  if (folder === undefined) return paths;
  const absolute = resolve(cwd, folder);
  try {
    makeFolder(absolute);
    const links = Object.entries(paths).map(([name, target]) => {
      const link = join(absolute, name);
      if (lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink()) rmSync(link);
      symlinkSync(target, link);
      closing.add(`link ${name}`, () => removeLink(link, target));
      return [name, link];
    });
    return Object.fromEntries(links);
  } catch (error) {
    const hint = "Name a folder you may write to with --link DIR.";
    throw new ConfigurationError(`cannot make links in ${folder}: ${messageOf(error)}.`, hint, { cause: error });
  }
}

/** A twin that was started later with the same folder owns the link now: that one stays. */
function removeLink(link: string, target: string): void {
  try {
    if (readlinkSync(link) === target) rmSync(link, { force: true });
  } catch {
    // It is gone already.
  }
}
