import { resolve } from "node:path";
import { ConfigurationError, replacedYaml } from "../../core/index.ts";
import { type LoadedProfile, parseProfile } from "./profile.ts";

/**
 * A profile of an emulated board with other images: as if they stood in its file, so that a record names them.
 * @param firmware paths of the application core's images, relative to `cwd`; empty: the profile's own
 * @param network the same of the network core's
 * @param elf symbols of both
 * @throws ConfigurationError for a board that is not emulated
 */
export function withFirmware(
  loaded: LoadedProfile,
  {
    firmware,
    network,
    elf = [],
    cwd,
  }: { firmware: readonly string[]; network: readonly string[]; elf?: readonly string[]; cwd: string },
): LoadedProfile {
  if (firmware.length + network.length + elf.length === 0) return loaded;
  if (loaded.profile.provider !== "emulated") {
    throw new ConfigurationError(
      `--firmware and --net are for an emulated board; ${loaded.profile.name} is none.`,
      "Give --board emulated, or a profile with provider: emulated (docs/emulator.md).",
    );
  }
  const absolute = (files: readonly string[]) => files.map((file) => resolve(cwd, file));
  const fields = {
    ...(firmware.length > 0 && { firmware: absolute(firmware) }),
    ...(network.length > 0 && { network_firmware: absolute(network) }),
    ...(elf.length > 0 && { elf: absolute(elf) }),
  };
  const text = Object.entries(fields).reduce(
    (before, [field, files]) => replacedYaml(before, ["emulated", field], files),
    loaded.text,
  );
  return parseProfile(text, loaded.file);
}
