import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../core/index.ts";
import { portName } from "../power/index.ts";
import { canonicalSerial, isNetworkName, type PortInfo, type PortRef, resolvePort } from "../serial/index.ts";
import { portFile } from "./parts/hardware-ports.ts";
import { type LoadedProfile, loadProfile } from "./profile/profile.ts";
import type { BoardProfile } from "./profile/schema.ts";

/** SEGGER's USB vendor id. Product ids change with the probe's firmware, so they only serve as a hint. */
const JLINK_VENDOR = "1366";

/**
 * Which virtual port is which core's, by what the probe shows: with Zephyr's board files the network core is on the
 * first port and the application core on the last. Source: nRF Connect SDK, "Logging on the nRF5340 DK"; Zephyr
 * discussion 72581 and pull request 53252.
 */
export const DK_VERSIONS = [
  {
    version: "v2.0.0 or later",
    interfaces: [0, 2],
    net: 0,
    app: 2,
    productHint: "1051",
    source: "Zephyr discussion 72581: ttyACM0 is uart1, ttyACM1 is uart0",
  },
  {
    version: "before v2.0.0",
    interfaces: [0, 2, 4],
    net: 0,
    app: 4,
    productHint: "1055",
    source: "nRF Connect SDK, logging on the nRF5340 DK: the middle port is on connector P24",
  },
] as const;

/** One port of a probe. */
interface VirtualPort {
  /** VCOM k is USB interface 2k. */
  readonly vcom: number;
  readonly interface: number;
  readonly path: string;
  /** What its pins are on, with Zephyr's own board files; undefined where the count of ports fits no DK. */
  readonly core: "application" | "network" | "connector P24" | undefined;
}

/** A probe with its ports: a DK, as far as a host can see without touching it. */
export interface FoundBoard {
  /** J-Link serial number without leading zeros. */
  readonly serial: string;
  readonly product: string | undefined;
  readonly dk: (typeof DK_VERSIONS)[number]["version"] | undefined;
  readonly ports: readonly VirtualPort[];
  /** What makes it doubtful, as a sentence. */
  readonly doubts: readonly string[];
}

/** The J-Links among the serial ports of this machine, by serial number. */
export function discoverBoards(ports: readonly PortInfo[]): FoundBoard[] {
  const bySerial = new Map<string, PortInfo[]>();
  for (const port of ports) {
    if (port.vendorId !== JLINK_VENDOR || port.serial === undefined) continue;
    const serial = canonicalSerial(port.serial);
    bySerial.set(serial, [...(bySerial.get(serial) ?? []), port]);
  }
  return [...bySerial]
    .map(([serial, own]) => boardOf(serial, own))
    .toSorted((a, b) => a.serial.localeCompare(b.serial, "en", { numeric: true }));
}

function boardOf(serial: string, own: readonly PortInfo[]): FoundBoard {
  const numbers = own.flatMap((port) => port.interface ?? []).toSorted((a, b) => a - b);
  const dk = DK_VERSIONS.find(({ interfaces }) => interfaces.join() === numbers.join());
  const coreOf = (number: number): VirtualPort["core"] => {
    if (!dk) return undefined;
    if (number === dk.app) return "application";
    return number === dk.net ? "network" : "connector P24";
  };
  const ports = own
    .flatMap((port) => {
      if (port.interface === undefined) return [];
      const { interface: number } = port;
      return [{ vcom: number / 2, interface: number, path: port.stablePath ?? port.path, core: coreOf(number) }];
    })
    .toSorted((a, b) => a.interface - b.interface);
  const doubts = [
    ...(new Set(numbers).size < numbers.length
      ? ["two probes share this serial number: name their ports by path."]
      : []),
    ...(dk ? [] : [`its ports are on interfaces ${numbers.join(", ") || "unknown"}: no nRF5340-DK shows these.`]),
    ...(/^(0|123456)$/.test(serial) ? ["this serial number is one of J-Link clones."] : []),
  ];
  return { serial, product: own[0]?.product, dk: dk?.version, ports, doubts };
}

/** A profile that was found, and whether the ports that it names are there. */
export interface FoundProfile {
  readonly file: string;
  readonly name: string;
  readonly provider: BoardProfile["provider"] | undefined;
  /** Serial number of the J-Link that `ports.app` names. */
  readonly serial: string | undefined;
  /** What it names that is not there; empty when all of it is. */
  readonly missing: readonly string[];
  /** Why it cannot be used, when it cannot. */
  readonly fault: string | undefined;
}

/** Files of a folder that may be profiles, sorted. */
export function profileFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => /\.ya?ml$/i.test(name))
    .toSorted()
    .map((name) => join(folder, name));
}

/** Reads a profile and looks for its ports. A file that is wrong is a finding, not an error. */
export async function findProfile(file: string, ports: readonly PortInfo[]): Promise<FoundProfile> {
  let loaded: LoadedProfile;
  try {
    loaded = await loadProfile(file, { cwd: "/" });
  } catch (error) {
    return { file, name: "", provider: undefined, serial: undefined, missing: [], fault: messageOf(error) };
  }
  const { profile } = loaded;
  const missing: string[] = [];
  if (profile.provider === "hardware") {
    for (const { field, port } of portsOf(profile)) {
      const path = await stablePathOf(port, loaded, ports);
      if (path === undefined || !existsSync(path)) missing.push(`${field} (${portName(port)})`);
    }
  }
  const { app } = profile.ports;
  const serial = "jlink" in app ? canonicalSerial(app.jlink) : undefined;
  return { file, name: profile.name, provider: profile.provider, serial, missing, fault: undefined };
}

/** The serial ports of this machine that a profile names, with the field that names each; others' are not looked for. */
export function portsOf(profile: BoardProfile): { readonly field: string; readonly port: PortRef }[] {
  const power: unknown = profile.power.options["port"];
  const press: unknown = profile.recovery?.press?.options["port"];
  const { app, net, smp } = profile.ports;
  const named = [
    { field: "ports.app", port: app },
    ...(net ? [{ field: "ports.net", port: net }] : []),
    ...(smp ? [{ field: "ports.smp", port: smp }] : []),
    ...(isPortRef(power) ? [{ field: "power.port", port: power }] : []),
    ...(isPortRef(press) ? [{ field: "recovery.press.port", port: press }] : []),
  ];
  return named.filter(({ port }) => !("path" in port && isNetworkName(port.path)));
}

/** Where a port of a profile is now, absolute; undefined when it is nowhere, or in two places. */
export async function stablePathOf(
  port: PortRef,
  loaded: Pick<LoadedProfile, "file">,
  ports: readonly PortInfo[],
): Promise<string | undefined> {
  if ("path" in port) return portFile(loaded.file, port.path);
  return resolvePort(port, { ports }).catch(() => undefined);
}

function isPortRef(value: unknown): value is PortRef {
  if (typeof value !== "object" || value === null) return false;
  return "path" in value || ("jlink" in value && "interface" in value);
}
