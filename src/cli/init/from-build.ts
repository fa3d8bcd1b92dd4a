import { resolve } from "node:path";
import {
  type BuildText,
  buildProfileOf,
  buildText,
  type ProfileDraft,
  readBuildFolder,
  UNKNOWN_SWITCH,
} from "../../board/index.ts";
import { defined } from "../../core/index.ts";
import type { Parsed } from "../terminal/arguments.ts";
import type { CliIo } from "../terminal/io.ts";

/**
 * The sections of a profile that the build of --from-build decides; undefined without the option. @throws
 * ConfigurationError
 */
export async function builtText(args: Parsed, io: CliIo): Promise<BuildText | undefined> {
  const folder = args.text("from-build");
  if (folder === undefined) return undefined;
  const profile = await buildProfileOf(await readBuildFolder(resolve(io.cwd, folder)));
  const key = (option: "signing" | "encryption") => {
    const path = args.text(option);
    return path === undefined || path.startsWith("builtin:") ? path : resolve(io.cwd, path);
  };
  return buildText(profile, defined({ signing: key("signing"), encryption: key("encryption") }));
}

/** The draft of a simulated board as a build makes it. */
export function twinDraft(
  name: string,
  { lines, notes, appBaudRate, netBaudRate, hasNetworkCore }: BuildText,
): ProfileDraft {
  return {
    name,
    notes: ["Written by `hil init --from-build`: a simulated board with this build's bootloader.", ...notes],
    app: { ref: { path: "twin:app" }, baudRate: appBaudRate },
    net: hasNetworkCore ? { ref: { path: "twin:net" }, baudRate: netBaudRate } : undefined,
    power: UNKNOWN_SWITCH,
    sections: lines,
    simulated: true,
  };
}
