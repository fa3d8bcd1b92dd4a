import { z } from "zod";
import { loadYaml } from "../../core/index.ts";
import { canonicalSerial, type PortInfo } from "../../serial/index.ts";
import { type DraftPort, type ProfileDraft, UNKNOWN_SWITCH } from "../profile/draft.ts";
import { FLASH_TOOLS } from "../profile/flash-tools.ts";
import { baudRateFor, portFromPath, unknownPort } from "./port.ts";

/** What came out of a lab's own file: drafts, and what was left out and why. */
export interface Imported {
  readonly drafts: readonly ProfileDraft[];
  readonly skipped: readonly string[];
}

const text = z.union([z.string(), z.number()]).transform(String);

/** One row of a hardware map; what is not named here comes along as a comment. Source: Zephyr, hwmap-schema.yaml. */
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
});
type Entry = z.output<typeof ENTRY>;

/** Scripts that a lab hangs on a board; where it switches power, a relay is often called in one of them. */
const SCRIPTS = ["pre_script", "post_script", "post_flash_script"] as const;
/** Fields that a profile needs, that are said in words of their own, or that say nothing (`product: J-Link`). */
const USED = [
  ...["connected", "available", "id", "probe_id", "platform", "product", "runner", "serial", "serial_pty", "baud"],
  ...["serial_baud", "hooks", "fixtures", "notes", ...SCRIPTS],
];

/**
 * Drafts of profiles from a Twister hardware map, one for each nRF5340 in it: rows of one id are one board, whose cores
 * have a port each. Scripts and hooks are named, never run; nothing is dropped in silence.
 * @throws ConfigFileError when the file is no hardware map.
 */
export async function importTwister(file: string, ports: readonly PortInfo[]): Promise<Imported> {
  const { value } = await loadYaml(file, z.array(ENTRY).min(1));
  const skipped: string[] = [];
  const drafts: ProfileDraft[] = [];
  for (const rows of boardsOf(value)) {
    if (rows.some(isNrf5340)) drafts.push(draftOf(rows, file, ports, drafts));
    else skipped.push(...rows.map((row) => `${titleOf(row, value.indexOf(row))}: no nRF5340`));
  }
  return { drafts, skipped };
}

/** Rows that share an id, in the order in which it first appears; a row that nothing tells apart is its own board. */
function boardsOf(rows: readonly Entry[]): readonly (readonly Entry[])[] {
  const groups = new Map<string, Entry[]>();
  for (const [index, row] of rows.entries()) {
    const id = probeOf(row);
    const key = id === undefined || id === "unknown" ? `row ${index}` : (jlinkOf(id) ?? id.toLowerCase());
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()];
}

const probeOf = ({ probe_id, id }: Entry) => probe_id ?? id;
const jlinkOf = (id: string | undefined) =>
  id !== undefined && /^\d{1,12}$/.test(id) ? canonicalSerial(id) : undefined;
const platformsOf = ({ platform = [] }: Entry) => (typeof platform === "string" ? platform.split(/\s+/) : platform);
const isNrf5340 = (row: Entry) => platformsOf(row).some((platform) => /nrf5340/i.test(platform));
/** A row of the network core alone; one that names both cores is the application's. */
const isNet = (row: Entry) => isNrf5340(row) && platformsOf(row).every((platform) => /cpunet/i.test(platform));

function titleOf(row: Entry, index: number): string {
  return `entry ${index + 1} (${row.id ?? "no id"}, ${platformsOf(row).join(", ") || "no platform"})`;
}

function draftOf(
  rows: readonly Entry[],
  file: string,
  ports: readonly PortInfo[],
  before: readonly ProfileDraft[],
): ProfileDraft {
  const apps = rows.filter((row) => isNrf5340(row) && !isNet(row));
  const appRow = apps.find(hasPort) ?? apps[0];
  const netRow = rows.find((row) => isNet(row) && hasPort(row) && row.serial !== appRow?.serial);
  const others = rows.filter(
    (row) => hasPort(row) && row !== appRow && row !== netRow && row.serial !== appRow?.serial,
  );
  const serial = rows.map((row) => jlinkOf(probeOf(row))).find((found) => found !== undefined);
  const runners = [...(appRow ? [appRow] : []), ...rows].map(({ runner }) => runner);
  const tool = runners.map((runner) => FLASH_TOOLS.find(({ name }) => name === runner)?.name).find(Boolean);
  const id = serial ?? rows.map(probeOf).find((found) => found !== undefined) ?? "unknown";
  return {
    name: freeName(`dk-${id.toLowerCase()}`, before),
    notes: [
      `From ${file} (Twister hardware map): ${[...new Set(rows.flatMap(platformsOf))].join(", ")}.`,
      ...[...new Set(rows.flatMap((row) => notesOf(row)))],
      ...others.map((row) => `The map has another port of this board: ${plainValue(row.serial ?? row.serial_pty)}.`),
      ...[...new Set(runners)].flatMap((runner) =>
        runner === undefined || FLASH_TOOLS.some(({ name }) => name === runner)
          ? []
          : [`Its runner ${runner} has no counterpart here.`],
      ),
    ],
    app: appRow ? portOf(appRow, ports) : unknownPort("the map names the network core's port only."),
    ...(netRow ? { net: portOf(netRow, ports) } : {}),
    power: { ...UNKNOWN_SWITCH, change: `a hardware map knows no power switch; ${UNKNOWN_SWITCH.change}` },
    ...(tool === undefined || serial === undefined ? {} : { flasher: { tool, serial } }),
  };
}

function hasPort({ serial, serial_pty }: Entry): boolean {
  return Boolean(serial) || Boolean(serial_pty);
}

function portOf(row: Entry, ports: readonly PortInfo[]): DraftPort {
  const { baudRate, change } = baudRateFor(row.serial_baud ?? row.baud);
  if (!row.serial) {
    const why = row.serial_pty ? `the map opens it with "${row.serial_pty}".` : "the map names no port.";
    return unknownPort(change === undefined ? why : `${change}. ${why}`, baudRate);
  }
  const port = portFromPath(row.serial, baudRate, ports);
  const changes = [port.change, change].filter((said) => said !== undefined);
  return changes.length === 0 ? port : { ...port, change: changes.join(". ") };
}

function freeName(name: string, before: readonly ProfileDraft[]): string {
  const taken = before.filter((draft) => draft.name === name || draft.name.startsWith(`${name}-`)).length;
  return taken === 0 ? name : `${name}-${taken + 1}`;
}

/** All that a row says and a profile has no field for. */
function notesOf(row: Entry): readonly string[] {
  const { connected, fixtures, notes, hooks, product } = row;
  const rest = Object.entries(row).filter(([key]) => !USED.includes(key));
  return [
    ...(connected === false ? ["The map says that it is not connected."] : []),
    ...(row["available"] === false ? ["The map says that it is not available."] : []),
    ...(fixtures === undefined ? [] : [`Fixtures: ${listOf(fixtures)}.`]),
    ...SCRIPTS.flatMap((name) =>
      row[name] === undefined ? [] : [`${name}: ${plainValue(row[name])}. Does it switch power?`],
    ),
    ...(Array.isArray(hooks) ? hooks : hooks === undefined ? [] : [hooks]).map(
      (hook) => `Hook ${hookText(hook)}. Does it switch power?`,
    ),
    ...(notes === undefined ? [] : [`Its notes: ${plainValue(notes)}`]),
    ...(product === undefined || product === "J-Link" ? [] : [`Its probe is a ${product}.`]),
    ...(rest.length === 0
      ? []
      : [`Not used here: ${rest.map(([key, value]) => `${key} ${listOf(value)}`).join("; ")}.`]),
  ];
}

/** `pre: /srv/relay-on.sh 3 (timeout 10)`; a hook of another shape as it stands. */
function hookText(hook: unknown): string {
  if (typeof hook !== "object" || hook === null) return plainValue(hook);
  const { type, script, args, ...rest } = hook as Readonly<Record<string, unknown>>;
  const more = Object.entries(rest).map(([key, value]) => `${key} ${plainValue(value)}`);
  const words = [script, ...(Array.isArray(args) ? args : [])].map(plainValue).join(" ");
  return `${plainValue(type)}: ${words}${more.length === 0 ? "" : ` (${more.join(", ")})`}`;
}

function listOf(value: unknown): string {
  return Array.isArray(value) ? value.map(plainValue).join(", ") : plainValue(value);
}

function plainValue(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}
