import { dirname, relative, resolve } from "node:path";
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

/** The draft of a simulated board as a build makes it: the twin with its bootloader's rules. */
export function twinDraft(name: string, build: BuildText): ProfileDraft {
  const notes = ["Written by `hil init --from-build`: a simulated board with this build's bootloader.", ...build.notes];
  return { ...simulatedDraft(name, build, build.hasNetworkCore), notes, simulated: { provider: "twin" } };
}

/** The draft of an emulated nRF5340 that executes what the build left behind. */
export function emulatedDraft(name: string, build: BuildText, file: string): ProfileDraft {
  const { firmware, network } = build.images;
  const shown = (paths: readonly string[]) => JSON.stringify(paths.map((path) => relative(dirname(file), path)));
  const lines = [
    "emulated:",
    "  chip: nrf5340",
    ...(firmware.length > 0 ? [`  firmware: ${shown(firmware)}`] : ["  # firmware: name it here, or with --firmware"]),
    ...(network.length > 0 ? [`  network_firmware: ${shown(network)}`] : []),
    "",
  ];
  const notes = ["Written by `hil init --from-build`: this build, executed on an emulated nRF5340.", ...build.notes];
  const draft = simulatedDraft(name, build, true);
  return {
    ...draft,
    net: draft.net && { ...draft.net, version: build.netVersion },
    notes,
    simulated: { provider: "emulated", lines },
  };
}

function simulatedDraft(name: string, { lines, appBaudRate, netBaudRate }: BuildText, hasNet: boolean): ProfileDraft {
  return {
    name,
    notes: [],
    app: { ref: { path: "" }, baudRate: appBaudRate },
    net: hasNet ? { ref: { path: "" }, baudRate: netBaudRate } : undefined,
    power: UNKNOWN_SWITCH,
    sections: lines,
  };
}
