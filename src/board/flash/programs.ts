import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { resolveFrom } from "../../core/index.ts";
import { FLASH_TOOLS } from "../profile/flash-tools.ts";
import type { LoadedProfile } from "../profile/profile.ts";
import { switchesOf } from "../profile/recovery-schema.ts";

/** A program that a profile relies on. */
interface NeededProgram {
  /** As the profile, or the tool's table, names it. */
  readonly program: string;
  /** What it is there for: "flasher", "power", "emulated board". */
  readonly what: string;
}

/** The programs that a profile asks for: its flasher's, its switch's, its emulator, labgrid's. Each once. */
export function programsOf({ profile }: Pick<LoadedProfile, "profile">): readonly NeededProgram[] {
  const { flasher, qemu, labgrid } = profile;
  const found: NeededProgram[] = [];
  const add = (what: string, program: unknown) => {
    if (typeof program !== "string" || program === "") return;
    if (!found.some((entry) => entry.program === program)) found.push({ program, what });
  };
  if (flasher?.tool === "command") {
    for (const words of [flasher.write, flasher.recover, flasher.reset]) add("flasher", words?.[0]);
  } else if (flasher) add("flasher", flasher.executable ?? programOfTool(flasher.tool));
  add("emulated board", qemu?.program);
  add("labgrid place", labgrid?.program);
  for (const [index, { driver, options }] of switchesOf(profile).entries()) {
    const what = index === 0 ? "power" : "recovery";
    add(what, options["program"] ?? programOfTool(options["tool"]));
    if (driver !== "command") continue;
    const status: unknown = options["status"];
    for (const words of [options["on"], options["off"], isRunning(status) ? status.run : undefined]) {
      if (Array.isArray(words)) add(what, words[0]);
    }
  }
  return found;
}

function isRunning(value: unknown): value is { readonly run: unknown } {
  return typeof value === "object" && value !== null && "run" in value;
}

function programOfTool(tool: unknown): string | undefined {
  return FLASH_TOOLS.find(({ name }) => name === tool)?.program;
}

/** Those of them that cannot be run. @param env whose PATH is looked through. */
export async function missingPrograms(
  loaded: LoadedProfile,
  env: Readonly<Record<string, string | undefined>>,
): Promise<readonly NeededProgram[]> {
  const needed = programsOf(loaded);
  const paths = await Promise.all(needed.map(({ program }) => findProgram(program, env, loaded.file)));
  return needed.filter((_, index) => paths[index] === undefined);
}

/**
 * Where a program is; undefined when it cannot be run. A name with a slash starts at the profile, another is looked for
 * in PATH.
 */
export async function findProgram(
  program: string,
  env: Readonly<Record<string, string | undefined>>,
  profileFile?: string,
): Promise<string | undefined> {
  if (/[/\\]/.test(program)) {
    const path = profileFile === undefined ? program : resolveFrom(profileFile, program);
    return (await runs(path)) ? path : undefined;
  }
  const endings = process.platform === "win32" ? ["", ".exe", ".cmd", ".bat"] : [""];
  for (const folder of (env["PATH"] ?? "").split(delimiter)) {
    for (const ending of endings) {
      const path = join(folder, `${program}${ending}`);
      if (folder !== "" && (await runs(path))) return path;
    }
  }
  return undefined;
}

function runs(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
