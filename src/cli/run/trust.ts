import { realpathSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type LoadedProfile, passwordWarnings, type Reach, reachOf } from "../../board/index.ts";
import { namedFiles, type ScenarioFile } from "../../campaign/index.ts";
import { ConfigurationError, isBelow, UsageError } from "../../core/index.ts";
import type { OptionRows, Parsed } from "../terminal/arguments.ts";
import type { CliIo } from "../terminal/io.ts";

/** Options that bound what a profile and a scenario of somebody else may do (docs/trust.md). */
export const TRUST_OPTIONS = {
  "no-programs": { type: "boolean", describe: "refuse a profile that starts programs (switch, flasher, emulator)" },
  within: { type: "string", describe: "refuse files of profile and scenario that lie outside this folder" },
  "own-profile": {
    type: "boolean",
    describe: "the profile is this host's own, only the scenario is somebody else's: --within holds for that alone",
  },
  "allow-env": {
    type: "string",
    describe: "a variable of the environment that a profile may read (repeatable; default: all; none: no variable)",
  },
} as const satisfies OptionRows;

/**
 * What boards and scenario reach, held against what the command line allows; before any file but theirs is read.
 * @throws ConfigurationError that names all that is not allowed.
 */
export function requireTrusted(
  boards: readonly LoadedProfile[],
  scenario: ScenarioFile,
  args: Pick<Parsed, "flag" | "text" | "texts">,
  io: Pick<CliIo, "cwd" | "err">,
): void {
  const within = args.text("within");
  const allowed = args.texts("allow-env");
  const isOwn = args.flag("own-profile");
  if (isOwn && within === undefined)
    throw new UsageError("--own-profile says what --within is not for.", "Add --within FOLDER: the scenario's.");
  const refused = boards.flatMap((board) => {
    const { programs, variables, files } = reachOf(board, namedFiles(scenario));
    const outside = (path: string) => within !== undefined && isOutside(path, resolve(io.cwd, within));
    const held = isOwn ? namedFiles(scenario) : [board.file, ...files];
    const all = [scenario.file, ...held].filter((path) => !isShipped(path));
    return [
      ...(args.flag("no-programs") ? programs.map((name) => `it starts ${name} (--no-programs)`) : []),
      ...(allowed.length === 0 ? [] : variables)
        .filter((name) => !allowed.includes(name))
        .map((name) => `it reads ${name} of the environment (--allow-env)`),
      ...all.filter(outside).map((path) => `it reads ${path} (--within ${within})`),
    ].map((text) => `${board.profile.name}: ${text}`);
  });
  if (refused.length > 0) {
    const list = [...new Set(refused)].map((text) => `\n  ${text}`).join("");
    throw new ConfigurationError(`this run was not allowed all that it wants:${list}\n`, "See docs/trust.md.");
  }
  for (const board of boards) {
    for (const text of passwordWarnings(board)) io.err(`hil: warning: ${text}\n`);
  }
}

/** What ships with the package is this program's own. */
function isShipped(path: string): boolean {
  return ["boards", "scenarios"].some((name) =>
    path.startsWith(fileURLToPath(new URL(`../../../${name}/`, import.meta.url))),
  );
}

/** True for a path that does not lead into a folder, links followed. */
export function isOutside(path: string, folder: string): boolean {
  return !isBelow(realPath(path), realPath(folder));
}

/** Links resolved: one that leads out of a folder is outside. A file that is not there is where its name says. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}

/** The same as lines of a dry run. */
export function reachLines({ programs, addresses, variables, files }: Reach): readonly string[] {
  return [
    ...programs.map((name) => `program   ${name}`),
    ...addresses.map((address) => `address   ${address}`),
    ...variables.map((name) => `variable  ${name}`),
    ...files.map((path) => `file      ${path}`),
  ];
}
