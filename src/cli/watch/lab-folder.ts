import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { ConfigurationError, entryAt, isHilError, messageOf } from "../../core/index.ts";
import { type LabPage, labPage, runsIn } from "../../report/index.ts";

/** A run that has written nothing for so long, in milliseconds, was killed before anybody looked. */
const QUIET_MS = 15 * 60_000;
/** Nights that the page of a watched lab shows. */
const NIGHTS = 30;

/** A folder of records in which runs begin while somebody looks. */
export class LabFolder {
  readonly #folder: string;
  readonly #path: string;
  readonly #known = new Set<string>();

  /**
   * @param folder as it was named.
   * @param path the folder itself.
   */
  constructor(folder: string, path: string) {
    this.#folder = folder;
    this.#path = path;
  }

  /**
   * Names of the runs that have begun since this was asked last; the first time, of those that go on.
   * @param nowMs time of day, in milliseconds since 1970.
   * @throws ConfigurationError when the folder cannot be read.
   */
  begun(nowMs: number): readonly string[] {
    let names: readonly string[];
    try {
      names = readdirSync(this.#path).toSorted();
    } catch (error) {
      throw new ConfigurationError(`${this.#folder}: ${messageOf(error)}.`, "Name a folder of records.", {
        cause: error,
      });
    }
    return names.filter((name) => {
      if (this.#known.has(name)) return false;
      const events = entryAt(join(this.#path, name, "events.jsonl"));
      if (events === undefined) return false;
      this.#known.add(name);
      // What a run keeps free for its end is there while it goes on, and stays where it was killed.
      return existsSync(join(this.#path, name, ".reserve")) && nowMs - events.mtimeMs < QUIET_MS;
    });
  }

  /** The lab's page by the runs that have ended; undefined while there is none. */
  page(): LabPage | undefined {
    try {
      const { lines, unfinished, unread } = runsIn(this.#path);
      if (lines.length === 0) return undefined;
      const ids = unread.map(({ id }) => id);
      return labPage(lines, {
        folder: this.#folder,
        nights: NIGHTS,
        pageOf: () => undefined,
        unfinished,
        unread: ids,
      });
    } catch (error) {
      if (!isHilError(error)) throw error;
      return undefined;
    }
  }
}
