import { dirname, resolve } from "node:path";
import { z } from "zod";
import { ConfigurationError, loadYaml, type YamlDialect } from "../../core/index.ts";
import { canonicalSerial, type PortInfo } from "../../serial/index.ts";
import { type DraftPort, type ProfileDraft, UNKNOWN_SWITCH } from "../profile/draft.ts";
import { boundPorts, type LabgridTarget } from "./labgrid-bindings.ts";
import { LABGRID_PARTS, type LabgridPart, labgridParts, numberOf, plain } from "./labgrid-parts.ts";
import { powerFromLabgrid } from "./labgrid-power.ts";
import { filledTemplate, unsetIn, unsetText } from "./labgrid-templates.ts";
import { baudRateFor, portFromPath, unknownPort } from "./port.ts";
import type { Imported } from "./twister.ts";

const TARGET = z.looseObject({ resources: LABGRID_PARTS.nullish(), drivers: LABGRID_PARTS.nullish() });
const ENVIRONMENT = z.looseObject({ targets: z.record(z.string(), TARGET.nullable()) });
/** An exporter's file: groups of resources by name, the class by `cls` or else the name. `location` is no resource. */
const EXPORTER = z.record(z.string(), z.looseObject({ location: z.string().optional() }));

/** A target of an environment, or a group of an exporter, and what it is called. */
interface Named extends LabgridTarget {
  readonly name: string;
  readonly kind: "environment" | "exporter";
  readonly note?: string;
}

/**
 * Drafts of profiles from a labgrid environment, one for each target; or from an exporter's file, one for each group
 * with a serial port. Places of a coordinator must be exported first: `labgrid-client` knows their resources.
 * @param variables for `!template`.
 * @throws ConfigFileError when the file is neither.
 */
export async function importLabgrid(
  file: string,
  ports: readonly PortInfo[],
  variables: Readonly<Record<string, string | undefined>> = {},
): Promise<Imported> {
  const known = { BASE: dirname(resolve(file)), ...variables };
  const scalarTags = { "!template": (text: string) => filledTemplate(text, known) };
  const boards = await boardsOf(file, { scalarTags });
  const drafts: ProfileDraft[] = [];
  const skipped: string[] = [];
  for (const board of boards) {
    const place = board.resources.find(({ cls }) => cls === "RemotePlace");
    const { name } = board;
    if (place)
      skipped.push(`${name}: its resources are at a coordinator (RemotePlace ${place.name ?? "without a name"})`);
    else if (board.resources.length === 0) skipped.push(`${name}: it has no resources`);
    else if (board.kind === "exporter" && boundPorts(board).length === 0)
      skipped.push(`${name}: it has no serial port`);
    else drafts.push(draftOf(board, file, ports));
  }
  return { drafts, skipped };
}

async function boardsOf(file: string, dialect: YamlDialect): Promise<readonly Named[]> {
  const { value } = await loadYaml(file, z.looseObject({}), dialect);
  const groups = Object.values(value).every((group) => typeof group === "object" && group !== null);
  if (!("targets" in value) && groups) return exported((await loadYaml(file, EXPORTER, dialect)).value, file);
  return environment((await loadYaml(file, ENVIRONMENT, dialect)).value.targets);
}

function environment(targets: z.output<typeof ENVIRONMENT>["targets"]): readonly Named[] {
  return Object.entries(targets).map(([name, target]) => ({
    name,
    kind: "environment",
    resources: labgridParts(target?.resources),
    drivers: labgridParts(target?.drivers),
  }));
}

/** Where only one group has a serial port, the switches of the other groups may be its own: labs group by device. */
function exported(groups: z.output<typeof EXPORTER>, file: string): readonly Named[] {
  const boards = Object.entries(groups).map(([name, group]): Named => {
    const resources = Object.entries(group).filter(([key]) => key !== "location");
    const parsed = LABGRID_PARTS.safeParse(Object.fromEntries(resources));
    if (parsed.success) return { name, kind: "exporter", resources: exportedParts(parsed.data), drivers: [] };
    const hint = "A labgrid environment has targets; an exporter's file has groups of resources.";
    throw new ConfigurationError(`${file} is no labgrid file: ${name} holds something else than resources.`, hint);
  });
  const [only, ...more] = boards.filter((board) => boundPorts(board).length > 0);
  if (!only || more.length > 0 || powerFromLabgrid(only)) return boards;
  const note = "Its switch stands in another group of this exporter: is it this board's?";
  const all = { ...only, resources: boards.flatMap(({ resources }) => resources) };
  return boards.map((board) => (board === only ? { ...all, ...(powerFromLabgrid(all) ? { note } : {}) } : board));
}

/** An exporter's keys are names; where `cls` is missing they are the class as well. */
function exportedParts(group: z.output<typeof LABGRID_PARTS>): readonly LabgridPart[] {
  if (Array.isArray(group)) return [];
  const names = Object.keys(group);
  return labgridParts(group).map((part, index) => ({ ...part, name: part.name ?? names[index] }));
}

function draftOf(board: Named, file: string, ports: readonly PortInfo[]): ProfileDraft {
  const serials = boundPorts(board);
  const isNet = ({ name }: LabgridPart) => /net/i.test(name ?? "");
  const appPort = serials.find((entry) => !isNet(entry)) ?? serials[0];
  const netPort = serials.find((entry) => entry !== appPort && isNet(entry));
  const power = powerFromLabgrid(board);
  const debuggers = board.resources.filter(({ cls }) => cls === "USBDebugger");
  const serial = serialOf(debuggers[0] ?? appPort);
  const used = [appPort, netPort, ...(power?.from ?? []), ...debuggers];
  const rest = board.resources.filter((part) => !used.includes(part)).map(({ cls }) => cls);
  return {
    name: board.name,
    notes: [
      `From ${file} (labgrid ${board.kind === "exporter" ? "exporter's file" : "environment"}).`,
      ...(rest.length === 0 ? [] : [`Without a counterpart here: ${[...new Set(rest)].join(", ")}.`]),
      ...(board.note === undefined ? [] : [board.note]),
      "If a coordinator owns this board: acquire its place before a run, and release it afterwards.",
    ],
    app: appPort ? portOf(appPort, ports) : unknownPort("the environment names no serial port."),
    ...(netPort ? { net: portOf(netPort, ports) } : {}),
    power: power?.draft ?? UNKNOWN_SWITCH,
    ...(serial === undefined ? {} : { flasher: { tool: "nrfutil", serial } }),
  };
}

function portOf({ cls, params }: LabgridPart, ports: readonly PortInfo[]): DraftPort {
  const { baudRate, change } = baudRateFor(numberOf(params["speed"], 115_200));
  const unset = unsetIn(params["port"]);
  if (unset.length > 0)
    return unknownPort(`${change === undefined ? "" : `${change}. `}${unsetText(unset)}.`, baudRate);
  const port = { ...identityOf({ cls, params }, ports), baudRate };
  const changes = [port.change, change].filter((text) => text !== undefined);
  return changes.length === 0 ? port : { ...port, change: changes.join(". ") };
}

function identityOf({ cls, params }: Pick<LabgridPart, "cls" | "params">, ports: readonly PortInfo[]): DraftPort {
  if (cls === "RawSerialPort") return portFromPath(plain(params["port"]), undefined, ports);
  if (cls === "NetworkSerialPort") {
    const where = `${plain(params["host"])}:${plain(params["port"])}`;
    return unknownPort(`it is on the network (${where}), and profiles name ports of this machine.`);
  }
  const match = matchOf(params);
  const serial = serialOf({ params });
  const number = match["ID_USB_INTERFACE_NUM"];
  if (serial !== undefined) {
    const known = typeof number === "string" || typeof number === "number";
    return {
      ref: { jlink: serial, interface: known ? Number.parseInt(String(number), 16) : 2 },
      dtr: true,
      ...(known ? {} : { change: "the match names no interface: 2 is the application core's from DK v2.0.0 on" }),
    };
  }
  return unknownPort(`the environment matches it by ${JSON.stringify(match)}.`);
}

/** udev properties that a resource is matched by; "@" asks a parent device. */
function matchOf(params: LabgridPart["params"]): Readonly<Record<string, unknown>> {
  const match = params["match"];
  if (typeof match !== "object" || match === null) return {};
  return Object.fromEntries(Object.entries(match).map(([key, value]) => [key.replace(/^@/, ""), value]));
}

function serialOf(resource: Pick<LabgridPart, "params"> | undefined): string | undefined {
  const serial = plain(matchOf(resource?.params ?? {})["ID_SERIAL_SHORT"]);
  return /^\d{1,12}$/.test(serial) ? canonicalSerial(serial) : undefined;
}
