import { realpath } from "node:fs/promises";
import { ConfigurationError, resolveFrom } from "../../core/index.ts";
import { portName } from "../../power/index.ts";
import { canonicalSerial, isNetworkName, listPorts, type PortInfo, type PortRef } from "../../serial/index.ts";
import type { LoadedProfile } from "../profile/profile.ts";
import { type SwitchSection, switchesOf } from "../profile/recovery-schema.ts";
import { type Lock, locksFolder, type Resource, takeLock } from "./lock.ts";

/** Everything of a board that only one run may use, held until it is closed. */
interface Lease extends AsyncDisposable {
  /** What people should know: locks that were taken over from runs that died. */
  readonly notes: readonly string[];
}

interface LeaseOptions {
  /** Folder of the locks; default: the machine's. */
  readonly folder?: string;
  /** Serial ports of this machine, in tests. */
  readonly ports?: readonly PortInfo[];
}

/**
 * Takes the locks of a board's ports and of its relay channel, before any of them is opened.
 * @throws BenchError when one is held, and then none is kept.
 */
export async function takeLease(loaded: LoadedProfile, options: LeaseOptions = {}): Promise<Lease> {
  const folder = options.folder ?? locksFolder();
  const locks: Lock[] = [];
  const releaseAll = () => {
    for (const lock of locks.splice(0).toReversed()) lock.release();
  };
  try {
    // Nobody waits while holding something, so no order can lead to a deadlock; sorted, a race is lost at once.
    for (const resource of await resourcesOf(loaded, options)) {
      locks.push(takeLock(resource, loaded.profile.name, folder));
    }
  } catch (error) {
    releaseAll();
    throw error;
  }
  const notes = locks
    .filter(({ from }) => from !== undefined)
    .map(({ resource }) => `${resource.name} was locked by a run that died: its lock was taken over`);
  return {
    notes,
    [Symbol.asyncDispose]: async () => releaseAll(),
  };
}

/**
 * What of a board only one run may use: its ports and its place on the switch, by what stays the same however the
 * profile names them. A twin in process shares nothing. Sorted by identity.
 */
export async function resourcesOf(
  { profile, file }: LoadedProfile,
  options: LeaseOptions = {},
): Promise<readonly Resource[]> {
  if (profile.provider !== "hardware") return [];
  const known = options.ports ?? (await listPorts());
  const { app, net, smp } = profile.ports;
  const ports = [app, ...(net ? [net] : []), ...(smp ? [smp] : [])];
  const ids = await Promise.all(ports.map((port) => portIdentity(port, file, known)));
  const resources = ports.map((port, index) => ({
    kind: "port" as const,
    id: `port ${ids[index]}`,
    name: `port ${portName(port)}`,
  }));
  const switches = await Promise.all(switchesOf(profile).map((section) => powerResource(section, file, known)));
  const unique = new Map([...resources, ...switches].map((row) => [row.id, row]));
  return [...unique.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

/**
 * Whether boards can run side by side.
 * @throws ConfigurationError when two of them name the same port or the same place on a switch.
 */
export async function requireApart(boards: readonly LoadedProfile[], options: LeaseOptions = {}): Promise<void> {
  const users = new Map<string, LoadedProfile>();
  for (const board of boards) {
    for (const { id, name } of await resourcesOf(board, options)) {
      const other = users.get(id);
      if (other) {
        throw new ConfigurationError(
          `${other.file} and ${board.file} both use ${name}.`,
          "Boards that run at once need ports and relay channels of their own: correct one of the profiles.",
        );
      }
      users.set(id, board);
    }
  }
}

/** Fields of a switch's options that say where it switches; the others say how. */
const PLACE_FIELDS: readonly string[] = [
  ...["port", "channel", "relay", "card", "coil", "address", "chip", "line", "hub", "board", "device", "family"],
  ...["serial", "url", "host", "udp_port", "outlet", "output", "on", "off"],
];

/** Those of them that everybody on the machine may read in a lock: no address, no program's arguments. */
const CHANNEL_FIELDS: readonly string[] = ["channel", "relay", "coil", "line", "outlet", "output"];
const isPlain = (value: unknown): boolean =>
  typeof value === "number" || (typeof value === "string" && value.length < 20);

async function powerResource(
  { driver, options }: SwitchSection,
  file: string,
  known: readonly PortInfo[],
): Promise<Resource> {
  const places = Object.entries(options).filter(([field]) => PLACE_FIELDS.includes(field));
  const parts = await Promise.all(
    places.map(async ([field, value]) => {
      const port = portOf(value);
      const id = port
        ? await portIdentity(port, file, known)
        : typeof value === "string"
          ? value
          : JSON.stringify(value);
      return { field, id };
    }),
  );
  const shown = Object.entries(options).filter(([field, value]) => CHANNEL_FIELDS.includes(field) && isPlain(value));
  const channel =
    shown.length === 0 ? "" : ` (${shown.map(([field, value]) => `${field} ${String(value)}`).join(", ")})`;
  return {
    kind: "power",
    id: `power ${driver} ${parts.map(({ field, id }) => `${field} ${id}`).join(", ")}`,
    name: `the power switch ${driver}${channel}`,
  };
}

/** A port in a switch's options; undefined for anything else. */
export function portOf(value: unknown): PortRef | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if ("path" in value && typeof value.path === "string") return { path: value.path };
  if (!("jlink" in value) || !("interface" in value)) return undefined;
  const { jlink, interface: number } = value;
  return typeof jlink === "string" && typeof number === "number" ? { jlink, interface: number } : undefined;
}

/** Serial number and interface where the system tells them, whichever way the profile names the port; else its path. */
export async function portIdentity(port: PortRef, file: string, ports?: readonly PortInfo[]): Promise<string> {
  const known = ports ?? (await listPorts());
  if (!("path" in port)) return usbIdentity(canonicalSerial(port.jlink), port.interface);
  // Whoever serves it has one client at a time; the name as it is written, for a host may have many.
  if (isNetworkName(port.path)) return port.path;
  const named = port.path.includes("/") ? resolveFrom(file, port.path) : port.path;
  const path = await realpath(named).catch(() => named);
  const info = known.find((entry) => entry.path === path || entry.stablePath === named);
  if (info?.serial === undefined || info.interface === undefined) return path;
  const identity = usbIdentity(info.serial, info.interface);
  // Cheap adapters all have one serial number: then it names none of them.
  const alike = known.filter((entry) => entry.serial === info.serial && entry.interface === info.interface);
  return alike.length > 1 ? path : identity;
}

function usbIdentity(serial: string, number: number): string {
  return `usb ${serial} interface ${number}`;
}
