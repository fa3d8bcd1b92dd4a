import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { hasCode } from "../errors.ts";

/**
 * Writes a text file whole: an old one is replaced in one step, or stays as it is. The new one is made beside it as
 * `<path>.new`, and is on the disk, not in some cache, before it takes the old one's place. What lies there under that
 * name (left by a process that was killed, or laid there as a link to be written through) is taken away, never opened.
 * @throws what the system says.
 */
export function replaceFileAt(path: string, text: string): void {
  const fresh = `${path}.new`;
  const file = makeAnew(fresh);
  try {
    try {
      writeFileSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(fresh, path);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw error;
  }
}

/** Opens a file for writing that was not there a moment ago: "wx" follows no link and opens nothing that is there. */
export function makeAnew(path: string): number {
  try {
    return openSync(path, "wx");
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error;
    rmSync(path, { force: true });
    return openSync(path, "wx");
  }
}
