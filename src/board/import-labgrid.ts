import { z } from "zod";
import { loadYaml } from "../core/index.ts";
import { canonicalSerial, type PortInfo } from "../serial/index.ts";
import { type LabgridResource, plain, powerFromLabgrid } from "./import-labgrid-power.ts";
import { portFromPath, unknownPort } from "./import-port.ts";
import type { Imported } from "./import-twister.ts";
import { type DraftPort, type ProfileDraft, UNKNOWN_SWITCH } from "./profile-draft.ts";

const parameters = z.record(z.string(), z.unknown()).nullable();
/** Resources and drivers: a mapping of classes, or a list of mappings with one class each. */
const parts = z.union([z.record(z.string(), parameters), z.array(z.record(z.string(), parameters))]);
const ENVIRONMENT = z.looseObject({
  targets: z.record(z.string(), z.looseObject({ resources: parts.nullish(), drivers: parts.nullish() }).nullable()),
});
type Parts = z.output<typeof parts>;

/** Serial ports, in the order in which they are looked for. Source: labgrid, labgrid/resource/serialport.py, udev.py. */
const SERIAL_CLASSES = ["RawSerialPort", "USBSerialPort", "NetworkSerialPort"] as const;

/**
 * Drafts of profiles from a labgrid environment, one for each target. Places of a coordinator must be exported first:
 * `labgrid-client` knows their resources.
 * @throws ConfigFileError when the file is no environment.
 */
export async function importLabgrid(file: string, ports: readonly PortInfo[]): Promise<Imported> {
  const { value } = await loadYaml(file, ENVIRONMENT);
  const drafts: ProfileDraft[] = [];
  const skipped: string[] = [];
  for (const [name, target] of Object.entries(value.targets)) {
    const resources = listed(target?.resources);
    const place = resources.find(({ cls }) => cls === "RemotePlace");
    if (place) skipped.push(`${name}: its resources are at a coordinator (RemotePlace ${plain(place.params["name"])})`);
    else if (resources.length === 0) skipped.push(`${name}: it has no resources`);
    else drafts.push(draftOf(name, file, resources, listed(target?.drivers), ports));
  }
  return { drafts, skipped };
}

function listed(given: Parts | null | undefined): readonly LabgridResource[] {
  const entries = Array.isArray(given) ? given.flatMap((one) => Object.entries(one)) : Object.entries(given ?? {});
  return entries.map(([cls, params]) => ({ cls, params: params ?? {} }));
}

function draftOf(
  name: string,
  file: string,
  resources: readonly LabgridResource[],
  drivers: readonly LabgridResource[],
  ports: readonly PortInfo[],
): ProfileDraft {
  const serials = resources.filter(({ cls }) => SERIAL_CLASSES.some((known) => known === cls));
  const isNet = ({ params }: LabgridResource) => /net/i.test(plain(params["name"]));
  const appPort = serials.find((entry) => !isNet(entry)) ?? serials[0];
  const netPort = serials.find((entry) => entry !== appPort && isNet(entry));
  const power = powerFromLabgrid([...resources, ...drivers]);
  const serial = serialOf(resources.find(({ cls }) => cls === "USBDebugger") ?? appPort);
  const used = [appPort, netPort].map((entry) => entry?.cls);
  const known = [...used, ...(power?.from ?? []), "USBDebugger"];
  const rest = resources.filter(({ cls }) => !known.includes(cls)).map(({ cls }) => cls);
  return {
    name,
    notes: [
      `From ${file} (labgrid environment).`,
      ...(rest.length === 0 ? [] : [`Without a counterpart here: ${[...new Set(rest)].join(", ")}.`]),
      "If a coordinator owns this board: acquire its place before a run, and release it afterwards.",
    ],
    app: appPort ? portOf(appPort, ports) : unknownPort("the environment names no serial port."),
    ...(netPort ? { net: portOf(netPort, ports) } : {}),
    power: power?.draft ?? UNKNOWN_SWITCH,
    ...(serial === undefined ? {} : { flasher: { tool: "nrfutil", serial } }),
  };
}

function portOf({ cls, params }: LabgridResource, ports: readonly PortInfo[]): DraftPort {
  const speed = params["speed"];
  const baudRate = typeof speed === "number" ? speed : undefined;
  if (cls === "RawSerialPort") return portFromPath(plain(params["port"]), baudRate, ports);
  if (cls === "NetworkSerialPort") {
    const where = `${plain(params["host"])}:${plain(params["port"])}`;
    return unknownPort(`it is on the network (${where}), and profiles name ports of this machine.`);
  }
  const match = matchOf(params);
  const serial = serialOf({ cls, params });
  const number = match["ID_USB_INTERFACE_NUM"];
  if (serial !== undefined) {
    const known = typeof number === "string" || typeof number === "number";
    return {
      ref: { jlink: serial, interface: known ? Number.parseInt(String(number), 16) : 2 },
      baudRate,
      dtr: true,
      ...(known ? {} : { change: "the match names no interface: 2 is the application core's from DK v2.0.0 on" }),
    };
  }
  return unknownPort(`the environment matches it by ${JSON.stringify(match)}.`);
}

/** udev properties that a resource is matched by; "@" asks a parent device. */
function matchOf(params: LabgridResource["params"]): Readonly<Record<string, unknown>> {
  const match = params["match"];
  if (typeof match !== "object" || match === null) return {};
  return Object.fromEntries(Object.entries(match).map(([key, value]) => [key.replace(/^@/, ""), value]));
}

function serialOf(resource: LabgridResource | undefined): string | undefined {
  const serial = plain(matchOf(resource?.params ?? {})["ID_SERIAL_SHORT"]);
  return /^\d{1,12}$/.test(serial) ? canonicalSerial(serial) : undefined;
}
