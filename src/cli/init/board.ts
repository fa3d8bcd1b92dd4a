import { z } from "zod";
import {
  type BoardFacts,
  type BuildText,
  type DraftPort,
  type DraftPower,
  discoverBoards,
  type FoundBoard,
  findProgram,
  type ProfileDraft,
  probeBoard,
  UNKNOWN_SWITCH,
} from "../../board/index.ts";
import { defined, RealClock, UsageError } from "../../core/index.ts";
import { POWER_DRIVERS, type PowerDriver, powerDriverNamed } from "../../power/index.ts";
import { canonicalSerial, openSerialPort, type PortInfo, resolvePort } from "../../serial/index.ts";
import type { Parsed } from "../terminal/arguments.ts";
import type { CliIo } from "../terminal/io.ts";
import { Asker } from "./ask.ts";
import { valueOf } from "./value.ts";

const BAUD_RATE = 115_200;
/** Flashers in the order in which they are preferred. */
const FLASHERS = [
  { tool: "nrfutil", program: "nrfutil" },
  { tool: "nrfjprog", program: "nrfjprog" },
  { tool: "jlink", program: "JLinkExe" },
] as const;
/** CH340: the chip of the relays that a bench mostly has. */
const RELAY_VENDOR = "1a86";

/** A draft of the profile of a board on this machine: by options, by what is plugged in, by asking, in this order. */
export async function boardDraft(
  args: Parsed,
  io: CliIo,
  ports: readonly PortInfo[],
  build?: BuildText,
): Promise<ProfileDraft> {
  const asker = new Asker(args, io);
  const baudRate = args.whole("baud", { least: 1200, most: 1_000_000 }) ?? build?.appBaudRate ?? BAUD_RATE;
  const board = await chosenBoard(asker, ports);
  const listed = board ? portsOf(board, baudRate, build) : await namedPort(asker, baudRate);
  const probed = args.flag("no-probe") ? undefined : await probe(listed.candidates, io);
  const app = probed?.port ?? listed.app;
  const power = await powerOf(asker, ports);
  const tool = board ? await flasherOf(asker, io) : undefined;
  const keys = build ? undefined : await keysOf(asker);
  return {
    name: await asker.value("name", "Name of the board", board ? `dk-${board.serial}` : "lab-board"),
    notes: ["Written by `hil init`.", ...(board?.doubts ?? []), ...(probed?.notes ?? []), ...(build?.notes ?? [])],
    app,
    ...(listed.net && listed.net !== app ? { net: listed.net } : {}),
    power,
    ...(tool === undefined || board === undefined ? {} : { flasher: { tool, serial: board.serial } }),
    keys,
    found: probed?.facts,
    sections: build?.lines,
  };
}

async function keysOf(asker: Asker): Promise<ProfileDraft["keys"]> {
  const signing = await asker.optional(
    "signing",
    "Private key that images are signed with, a PEM file (empty: test key)",
  );
  if (signing === undefined) return undefined;
  const encryption = await asker.optional("encryption", "Private key that they are encrypted for (empty: none)");
  return { signing, encryption };
}

async function chosenBoard(asker: Asker, ports: readonly PortInfo[]): Promise<FoundBoard | undefined> {
  if (asker.given("port") !== undefined) return undefined;
  const boards = discoverBoards(ports);
  const serials = boards.map(({ serial }) => serial);
  const named = asker.given("serial");
  const [only] = boards;
  if (named === undefined && boards.length === 0) return undefined;
  const wanted =
    named ??
    (boards.length === 1 && only
      ? only.serial
      : await asker.value("serial", `Which J-Link: ${serials.join(", ")}?`, undefined));
  const found = boards.find(({ serial }) => serial === canonicalSerial(wanted));
  if (found) return found;
  const there = serials.length === 0 ? "No J-Link is plugged in." : `Plugged in: ${serials.join(", ")}.`;
  throw new UsageError(`no J-Link ${wanted}. ${there}`, "`hil board list` shows what is there.");
}

interface Listed {
  readonly app: DraftPort;
  readonly net?: DraftPort | undefined;
  /** Where an application may answer, the likeliest first. */
  readonly candidates: readonly DraftPort[];
}

function portsOf(board: FoundBoard, baudRate: number, build: BuildText | undefined): Listed {
  const { netBaudRate = baudRate, netVersion: version } = build ?? {};
  const draft = (number: number): DraftPort => ({
    ref: { jlink: board.serial, interface: number },
    baudRate,
    dtr: true,
  });
  const core = (name: string) => board.ports.find((port) => port.core === name)?.interface;
  const all = board.ports.map((port) => port.interface);
  const app = draft(core("application") ?? all.at(-1) ?? 2);
  const net = core("network");
  const rest = all.map(draft).filter((port) => JSON.stringify(port) !== JSON.stringify(app));
  return {
    app,
    net: net === undefined ? undefined : { ...draft(net), baudRate: netBaudRate, version },
    candidates: [app, ...rest],
  };
}

async function namedPort(asker: Asker, baudRate: number): Promise<Listed> {
  const path = await asker.value("port", "No J-Link was found. Path of the application core's serial port", undefined);
  const app: DraftPort = { ref: { path }, baudRate };
  return { app, candidates: [app] };
}

/** The first of the ports on which an application answers, and what it says. */
async function probe(
  candidates: readonly DraftPort[],
  io: CliIo,
): Promise<{ readonly port?: DraftPort; readonly facts?: BoardFacts; readonly notes: readonly string[] }> {
  const clock = new RealClock();
  for (const [index, port] of candidates.entries()) {
    const { ref, baudRate = BAUD_RATE, dtr } = port;
    const line = { baudRate, clock, ...defined({ dtr }) };
    const path =
      "path" in ref && !ref.path.startsWith("/") && ref.path.includes("/") ? `${io.cwd}/${ref.path}` : undefined;
    const open = async () => openSerialPort(path ?? (await resolvePort(ref)), line);
    const found = await probeBoard(open, clock, io.signal);
    const where = "path" in ref ? ref.path : `interface ${ref.interface}`;
    if (found.answers) {
      io.err(`A board answers on ${where}.\n`);
      const note = index === 0 ? [] : [`The application answers on ${where}, not where a DK has it.`];
      return { port, facts: found.facts, notes: note };
    }
    io.err(`Nobody answers on ${where}: ${found.why}\n`);
  }
  return { notes: ["The board did not answer when this was written: slots and mode are Zephyr's defaults."] };
}

async function powerOf(asker: Asker, ports: readonly PortInfo[]): Promise<DraftPower> {
  const options = asker.pairs("power-option");
  const names = POWER_DRIVERS.map(({ name }) => name).join(", ");
  const relay = ports.find(({ vendorId }) => vendorId === RELAY_VENDOR);
  const driver = await asker.value("power", `Power switch (${names}, or later)`, relay ? "lcus" : "later");
  if (driver === "later") {
    if (Object.keys(options).length === 0) return UNKNOWN_SWITCH;
    throw new UsageError("--power-option names fields of no driver.", "Name the driver with --power.");
  }
  const row = powerDriverNamed(driver);
  for (const { field, about, byDefault } of requiredOf(row)) {
    if (options[field] !== undefined) continue;
    const suggestion = field === "port" ? (relay?.stablePath ?? relay?.path) : byDefault;
    const answer = await asker.detail("power-option", field, `${driver}: ${field}${about}`, suggestion);
    options[field] = field === "port" ? { path: answer } : valueOf(answer);
  }
  const port = options["port"];
  return { driver, options: typeof port === "string" ? { ...options, port: { path: port } } : options };
}

/** Fields that a driver cannot do without, with what its schema says of them. */
function requiredOf({
  options,
}: PowerDriver): readonly { field: string; about: string; byDefault: string | undefined }[] {
  const made: unknown = z.toJSONSchema(options, { target: "draft-7", io: "input", unrepresentable: "any" });
  const { properties = {}, required = [] } = made as {
    properties?: Record<string, { description?: string; enum?: readonly unknown[] }>;
    required?: readonly string[];
  };
  const defaults: Readonly<Record<string, string>> = { channel: "1", relay: "1", contact: "NC", cuts: "soc" };
  return required.map((field) => {
    const { description, enum: choices } = properties[field] ?? {};
    const about = `${choices ? ` (${choices.join(" or ")})` : ""}${description === undefined ? "" : `, ${description}`}`;
    return { field, about, byDefault: defaults[field] };
  });
}

async function flasherOf(asker: Asker, io: CliIo): Promise<string | undefined> {
  const there = await Promise.all(FLASHERS.map(({ program }) => findProgram(program, io.env)));
  const first = FLASHERS.find((_, index) => there[index] !== undefined)?.tool;
  const tool = await asker.value(
    "flasher",
    "Who programs the board (nrfutil, nrfjprog, jlink, probe-rs, none)",
    first ?? "none",
  );
  return tool === "none" ? undefined : tool;
}
