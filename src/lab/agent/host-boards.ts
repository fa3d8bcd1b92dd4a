import { hostname } from "node:os";
import { findLocks, healthMark, type LoadedProfile, ownerText, resourcesOf, wearFile } from "../../board/index.ts";
import { ConfigurationError, messageOf } from "../../core/index.ts";
import type { DeclaredBoard } from "../wire/messages.ts";

/** What a tag cannot hold. */
const NO_TAG = /[^\w.:+-]+/g;
const WHY_CHARS_MAX = 400;

/** The boards of an agent's host, by its own profiles. */
export class HostBoards {
  readonly #profiles: ReadonlyMap<string, LoadedProfile>;
  readonly #tags: readonly string[];
  readonly #locks: string;

  /**
   * @param tags of all these boards, besides those that come from their profiles.
   * @throws ConfigurationError for two profiles of one name.
   */
  constructor(profiles: readonly LoadedProfile[], tags: readonly string[], locks: string) {
    const byName = new Map<string, LoadedProfile>();
    for (const loaded of profiles) {
      const { name } = loaded.profile;
      const other = byName.get(name);
      if (other !== undefined) {
        const text = `${other.file} and ${loaded.file} are both of a board "${name}".`;
        throw new ConfigurationError(text, "A lab knows boards by their names: give each its own.");
      }
      byName.set(name, loaded);
    }
    this.#profiles = byName;
    this.#tags = tags;
    this.#locks = locks;
  }

  get names(): readonly string[] {
    return [...this.#profiles.keys()];
  }

  /** The profile of a board's name. @throws ConfigurationError for a board that is not this host's. */
  profileOf(board: string): LoadedProfile {
    const loaded = this.#profiles.get(board);
    if (loaded === undefined) throw new ConfigurationError(`this host has no board "${board.slice(0, 80)}".`);
    return loaded;
  }

  /** @param own boards on which this agent's own attempts run: their locks are no news. */
  async declared(own: ReadonlySet<string>): Promise<readonly DeclaredBoard[]> {
    return Promise.all(
      [...this.#profiles].map(async ([name, loaded]) => {
        const { state, why } = own.has(name) ? ({ state: "free", why: "" } as const) : await this.#stateOf(loaded);
        const lane = laneOf(loaded);
        const tags = [...tagsOf(loaded), ...this.#tags];
        return { name, tags, state, why, wear: wearOf(loaded), ...(lane !== undefined && { lane }) };
      }),
    );
  }

  /** The host's own word: the board's mark on disk, and who holds its locks. */
  async #stateOf(loaded: LoadedProfile): Promise<Pick<DeclaredBoard, "state"> & { readonly why: string }> {
    try {
      const health = healthMark(loaded)?.load();
      if (health?.state === "bad") return { state: "bad", why: health.because.slice(0, WHY_CHARS_MAX) };
      const held = findLocks(this.#locks, await resourcesOf(loaded)).find(({ life }) => life !== "dead");
      if (held === undefined) return { state: "free", why: "" };
      const why = held.owner === "unknown" ? `the lock ${held.path}` : `in use by ${ownerText(held.owner)}`;
      return { state: "busy", why: why.slice(0, WHY_CHARS_MAX) };
    } catch (error) {
      return { state: "bad", why: messageOf(error).slice(0, WHY_CHARS_MAX) };
    }
  }
}

/** Erase cycles of the page that has spent most; a ledger that cannot be read is the run's to complain about. */
function wearOf({ file }: LoadedProfile): number {
  try {
    return Math.max(0, ...Object.values(wearFile(file).load()));
  } catch {
    return 0;
  }
}

/** What a board can be asked for by. */
function tagsOf({ profile }: LoadedProfile): readonly string[] {
  const { name, provider, bootloader, ports, power } = profile;
  const words = [
    ...[name, provider, hostname()],
    ...[bootloader.generation, bootloader.mode],
    ...(ports.net ? ["net"] : []),
    ...(provider === "hardware" ? [power.driver] : []),
  ];
  return [...new Set(words.map((word) => word.replaceAll(NO_TAG, "-").slice(0, 60)))];
}

/** Boards whose switches are on one card take turns: each run is a process, and the card's port has one owner. */
function laneOf({ profile }: LoadedProfile): string | undefined {
  const { port } = profile.power.options as { readonly port?: unknown };
  return profile.provider === "hardware" && port !== undefined ? JSON.stringify(port).slice(0, 200) : undefined;
}
