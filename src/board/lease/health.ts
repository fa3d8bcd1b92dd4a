import { rmSync } from "node:fs";
import { z } from "zod";
import {
  BenchError,
  ConfigurationError,
  hasCode,
  messageOf,
  parseJson,
  parseValue,
  readInputText,
  replaceFileAt,
  wallTime,
} from "../../core/index.ts";
import type { LoadedProfile } from "../profile/profile.ts";

const MARK = z.strictObject({
  schema: z.literal(1),
  /** dirty: somebody is, or was, in the middle of something. bad: nothing that hil can do brought it back. */
  state: z.enum(["dirty", "bad"]),
  since: z.string(),
  because: z.string(),
});

/** What is known of a board between runs. */
export type Health = { readonly state: "good" } | z.output<typeof MARK>;

/**
 * A board's mark on disk. It is written before power moves and taken away when the board is known to be good again, so
 * whatever kills a run, the next one knows. All throw a BenchError when the mark cannot be kept.
 */
export interface HealthMark {
  /** @throws ConfigurationError when the file is not what was written. */
  load(): Health;
  markDirty(because: string): void;
  markBad(because: string): void;
  /** The board is good: also what a person says who has repaired it. */
  clear(): void;
}

/** The mark of a board that lives on between runs: `lab-07.health.json` beside `lab-07.yaml`; a twin in process has none. */
export function healthMark({ profile, file }: LoadedProfile): HealthMark | undefined {
  return profile.provider === "hardware" ? healthFile(file) : undefined;
}

/** The mark beside a profile. */
export function healthFile(profileFile: string): HealthMark {
  const path = profileFile.replace(/\.ya?ml$/i, "").concat(".health.json");
  const write = (state: "dirty" | "bad", because: string) => {
    const mark = { schema: 1, state, since: wallTime().toISOString(), because };
    kept(path, () => replaceFileAt(path, `${JSON.stringify(mark, undefined, 1)}\n`));
  };
  return {
    load() {
      try {
        return parseValue(parseJson(readInputText(path)), MARK, "its content");
      } catch (error) {
        if (hasCode(error, "ENOENT")) return { state: "good" };
        const text = `the mark ${path} cannot be read: ${messageOf(error).replace(/\.?$/, ".")}`;
        throw new ConfigurationError(text, "Delete it if the board is good.", { cause: error });
      }
    },
    markDirty: (because) => write("dirty", because),
    markBad: (because) => write("bad", because),
    clear: () => kept(path, () => rmSync(path, { force: true })),
  };
}

function kept(path: string, act: () => void): void {
  try {
    act();
  } catch (error) {
    const text = `the board's mark cannot be kept in ${path}: ${messageOf(error)}.`;
    throw new BenchError(text, "Make the folder of the profile writable.", { cause: error });
  }
}

/**
 * Refuses a board that is marked bad.
 * @throws BenchError that says what happened, when, and how to clear the mark.
 */
export function requireFit(loaded: LoadedProfile): void {
  const health = healthMark(loaded)?.load();
  if (health?.state !== "bad") return;
  const since = health.since.slice(0, 16).replace("T", " ");
  throw new BenchError(
    `${loaded.profile.name} is marked bad since ${since} UTC: ${health.because.replace(/\.?$/, ".")}`,
    `Look at it. Then \`hil board recover --board ${loaded.file}\` flashes its baseline and clears the mark; ` +
      "`hil run --recover` tries once more what the last run tried.",
  );
}
