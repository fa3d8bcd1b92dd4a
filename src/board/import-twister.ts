import { z } from "zod";
import { loadYaml } from "../core/index.ts";
import { canonicalSerial, type PortInfo } from "../serial/index.ts";
import { FLASH_TOOLS } from "./flash/tools.ts";
import { portFromPath, unknownPort } from "./import-port.ts";
import { type ProfileDraft, UNKNOWN_SWITCH } from "./profile-draft.ts";

/** What came out of a lab's own file: drafts, and what was left out and why. */
export interface Imported {
  readonly drafts: readonly ProfileDraft[];
  readonly skipped: readonly string[];
}

const text = z.union([z.string(), z.number()]).transform(String);

/** One board of a hardware map; fields that say nothing of a profile pass. Source: Zephyr, hwmap-schema.yaml. */
const ENTRY = z.looseObject({
  connected: z.boolean().optional(),
  id: text.optional(),
  probe_id: text.optional(),
  platform: z.union([z.string(), z.array(z.string())]).optional(),
  product: z.string().optional(),
  runner: z.string().optional(),
  serial: z.string().nullish(),
  serial_pty: z.string().nullish(),
  baud: z.int().optional(),
  serial_baud: z.int().optional(),
  fixtures: z.array(z.string()).optional(),
  notes: z.string().optional(),
});
type Entry = z.output<typeof ENTRY>;

/** Scripts that a lab hangs on a board; where it switches power, a relay is often called in one of them. */
const SCRIPTS = ["pre_script", "post_script", "post_flash_script"] as const;

/**
 * Drafts of profiles from a Twister hardware map, one for each nRF5340 in it. Scripts are named, never run.
 * @throws ConfigFileError when the file is no hardware map.
 */
export async function importTwister(file: string, ports: readonly PortInfo[]): Promise<Imported> {
  const { value } = await loadYaml(file, z.array(ENTRY).min(1));
  const skipped: string[] = [];
  const drafts: ProfileDraft[] = [];
  for (const [index, entry] of value.entries()) {
    const platforms = typeof entry.platform === "string" ? entry.platform.split(/\s+/) : (entry.platform ?? []);
    const title = `entry ${index + 1} (${entry.id ?? "no id"}, ${platforms.join(", ") || "no platform"})`;
    if (!platforms.some((platform) => /nrf5340/i.test(platform))) skipped.push(`${title}: no nRF5340`);
    else drafts.push(draftOf(entry, file, platforms, ports));
  }
  return { drafts, skipped };
}

function draftOf(entry: Entry, file: string, platforms: readonly string[], ports: readonly PortInfo[]): ProfileDraft {
  const probe = entry.probe_id ?? entry.id;
  const serial = probe !== undefined && /^\d{1,12}$/.test(probe) ? canonicalSerial(probe) : undefined;
  const baudRate = entry.serial_baud ?? entry.baud;
  const tool = FLASH_TOOLS.find(({ name }) => name === entry.runner)?.name;
  const app =
    typeof entry.serial === "string" && entry.serial !== ""
      ? portFromPath(entry.serial, baudRate, ports)
      : unknownPort(entry.serial_pty ? `the map opens it with "${entry.serial_pty}".` : "the map names no port.");
  return {
    name: `dk-${serial ?? (entry.id ?? "unknown").toLowerCase()}`,
    notes: [
      `From ${file} (Twister hardware map): ${platforms.join(", ")}.`,
      ...(entry.connected === false ? ["The map says that it is not connected."] : []),
      ...(entry.fixtures ? [`Fixtures: ${entry.fixtures.join(", ")}.`] : []),
      ...SCRIPTS.flatMap((name) =>
        typeof entry[name] === "string" ? [`${name}: ${entry[name]}. Does it switch power?`] : [],
      ),
      ...(entry.notes === undefined ? [] : [`Its notes: ${entry.notes}`]),
      ...(entry.runner !== undefined && tool === undefined
        ? [`Its runner ${entry.runner} has no counterpart here.`]
        : []),
    ],
    app,
    power: { ...UNKNOWN_SWITCH, change: `a hardware map knows no power switch; ${UNKNOWN_SWITCH.change}` },
    ...(tool === undefined || serial === undefined ? {} : { flasher: { tool, serial } }),
  };
}
