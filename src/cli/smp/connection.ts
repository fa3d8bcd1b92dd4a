import { bleName } from "../../ble/index.ts";
import type { SmpWay } from "../../board/index.ts";
import { type Cleanup, type Clock, defined, UsageError } from "../../core/index.ts";
import {
  isNetworkName,
  type Link,
  type NetworkPort,
  networkPort,
  openNetworkPort,
  openSerialPort,
  type PortRef,
  ReopeningLink,
  resolvePort,
  Uart,
} from "../../serial/index.ts";
import {
  framingRow,
  openBleTransport,
  SmpClient,
  SmpSession,
  type SmpTransport,
  UDP_PORT,
  UdpTransport,
} from "../../smp/index.ts";
import type { Parsed } from "../terminal/arguments.ts";
import { durationMs } from "../terminal/duration.ts";
import type { CliIo } from "../terminal/io.ts";
import type { BoardSaid } from "./board-said.ts";
import { type ConnectionString, connectionString } from "./connstring.ts";

const BAUD_RATE = 115_200;
/** How long `--reopen` waits for a port to come back, in milliseconds. */
const REOPEN_MS = 30_000;
/** Of a Bluetooth adapter's UART. Source: Zephyr's samples/bluetooth/hci_uart. */
const ADAPTER_BAUD_RATE = 1_000_000;
/** How long a board is looked for in the air, in milliseconds: it may be swapping images. */
const AIR_MS = 30_000;

/** Opens what `--port` (or HIL_PORT) names, and a client on it; both are closed with `closing`. */
export async function connectSmp(
  parsed: Parsed,
  io: CliIo,
  clock: Clock,
  closing: Cleanup,
  board?: BoardSaid,
): Promise<SmpClient> {
  const timeoutMs = answerTimeoutMs(parsed);
  const transport = await open({ parsed, io, board }, clock, closing);
  return closing.use(
    "client",
    new SmpClient(
      new SmpSession(transport, {
        clock,
        // A late answer to the program before us must not be taken for one to us.
        firstSequence: process.pid & 0xff,
        ...defined({ timeoutMs }),
      }),
    ),
  );
}

/** Deadlines in milliseconds that look as if they were meant as seconds, which mcumgr's are. */
const SECONDS_LIKELY_BELOW_MS = 100;

/**
 * `--timeout` in milliseconds. @throws UsageError
 * Source of the other unit: apache/mynewt-mcumgr-cli, `--timeout` in seconds.
 */
function answerTimeoutMs(parsed: Parsed): number | undefined {
  const text = parsed.text("timeout");
  const ms = text === undefined ? undefined : durationMs("timeout", text, "ms");
  if (ms === 0) throw new UsageError(`--timeout ${text} leaves a board no time to answer.`, "Write 500ms or 3s.");
  return ms;
}

/** What to add to a time-out: mcumgr's `-t 10` means seconds. Undefined where the deadline was no mistake. */
export function timeoutHint(parsed: Parsed): string | undefined {
  const ms = answerTimeoutMs(parsed);
  if (ms === undefined || ms >= SECONDS_LIKELY_BELOW_MS) return undefined;
  return `--timeout ${parsed.text("timeout")} is ${ms} milliseconds; mcumgr's are seconds: write ${ms}s.`;
}

/** What says where to go. */
interface Asked {
  readonly parsed: Parsed;
  readonly io: CliIo;
  readonly board: BoardSaid | undefined;
}

async function open({ parsed, io, board }: Asked, clock: Clock, closing: Cleanup): Promise<SmpTransport> {
  const asked = connection(parsed, io, board);
  const { port: named, baudRate = BAUD_RATE, way } = asked;
  if (way?.ble !== undefined || named.startsWith("ble:")) return openAir(asked, io, clock);
  const pauseMs = parsed.whole("line-pause");
  const everyBytes = parsed.whole("pause-every");
  if (everyBytes !== undefined && (everyBytes === 0 || pauseMs === undefined))
    throw new UsageError(
      "--pause-every wants bytes, and --line-pause how long.",
      "Write --pause-every 64 --line-pause 2.",
    );
  const address = addressOf(named);
  const { signal } = io;
  if ("kind" in address && address.kind === "udp")
    return UdpTransport.open({ host: address.host, port: address.port ?? UDP_PORT, clock, signal });
  const hardwareFlowControl = parsed.flag("flow-control") || (way?.hardwareFlowControl ?? false);
  const openLink = async (): Promise<Link> => {
    if ("kind" in address) return openNetworkPort(address, { baudRate, hardwareFlowControl, clock, signal });
    // Resolved at every opening: a port that was away may be back under another path.
    const line = { baudRate, clock, hardwareFlowControl, name: named, ...defined({ dtr: way?.dtr }) };
    return openSerialPort(await resolvePort(address), line);
  };
  const reopen = { clock, unaskedMs: REOPEN_MS };
  const link = parsed.flag("reopen") ? await ReopeningLink.open(openLink, reopen) : await openLink();
  const uart = closing.use("port", Uart.open(link, { clock }));
  const pacing = pauseMs === undefined ? undefined : { pauseMs, ...defined({ everyBytes }) };
  const framing = parsed.flag("cobs") ? "cobs" : parsed.flag("raw") ? "raw" : (way?.framing ?? "console");
  return framingRow(framing).open(uart, { clock, pacing });
}

/** SMP over an adapter that is named with the board: ble:NAME@ADAPTER. @throws UsageError; as `openBleTransport`. */
async function openAir(
  { port, baudRate, way }: ReturnType<typeof connection>,
  io: CliIo,
  clock: Clock,
): Promise<SmpTransport> {
  const named = way?.ble === undefined ? bleName(port) : { board: way.ble, adapter: port };
  if (named?.adapter === undefined) {
    const hint =
      "Write ble:NAME@ADAPTER: the name that the board advertises, and the port of an HCI adapter (docs/ble.md).";
    throw new UsageError(`"${port}" names no board over an adapter.`, hint);
  }
  const address = addressOf(named.adapter);
  const { signal } = io;
  const rate = { baudRate: baudRate ?? ADAPTER_BAUD_RATE, hardwareFlowControl: way?.hardwareFlowControl ?? true };
  const link =
    "kind" in address
      ? await openNetworkPort(address, { ...rate, clock, signal })
      : await openSerialPort(await resolvePort(address), { ...rate, clock, name: named.adapter });
  return openBleTransport(link, { clock, board: named.board, limitMs: AIR_MS, signal });
}

/** What --port or --connstring (or --board, or HIL_PORT) and --baud say. @throws UsageError */
function connection(parsed: Parsed, io: CliIo, board?: BoardSaid): ConnectionString & { readonly way?: SmpWay } {
  const text = parsed.text("connstring");
  const type = parsed.text("conntype");
  const baudRate = parsed.whole("baud");
  const asked = defined({ baudRate });
  if (text !== undefined) {
    if (parsed.text("port") !== undefined)
      throw new UsageError("--port and --connstring both name a port.", "Leave one out.");
    return { ...connectionString(type, text), ...asked };
  }
  if (type !== undefined) throw new UsageError("--conntype wants --connstring.", "Or name the port with --port.");
  const way = parsed.text("port") === undefined ? board?.way : undefined;
  if (way !== undefined) return { way, port: way.port, baudRate: way.baudRate, ...asked };
  const port = parsed.text("port") ?? io.env["HIL_PORT"] ?? "";
  if (port === "") {
    const simulated = board === undefined ? "" : " A simulated board has none of its own: `hil twin` serves one.";
    throw new UsageError("which port?", `Name it with --port, or in HIL_PORT; \`hil ports\` lists them.${simulated}`);
  }
  return { port, ...asked };
}

/** Largest packet that an `mtu` allows, if there is one. */
export function packetLimit(parsed: Parsed, io: CliIo, board?: BoardSaid): number | undefined {
  return connection(parsed, io, board).packetBytesMax;
}

/** Bits a second of the line; undefined where there is none (a network). */
export function lineBaudRate(parsed: Parsed, io: CliIo, board?: BoardSaid): number | undefined {
  const { port, baudRate = BAUD_RATE } = connection(parsed, io, board);
  return /^(udp|tcp|ble):/.test(port) ? undefined : baudRate;
}

/** What --port names: a port on the network, or of this machine. @throws UsageError */
function addressOf(named: string): NetworkPort | PortRef {
  const [, probe, number] = /^(\d+):(\d+)$/.exec(named) ?? [];
  if (probe !== undefined) return { jlink: probe, interface: Number(number) };
  const address = networkPort(named);
  if (address !== undefined) return address;
  if (named !== "" && !isNetworkName(named)) return { path: named };
  throw new UsageError(
    `"${named}" is no port.`,
    "Write udp:HOST, udp:HOST:PORT, tcp:HOST:PORT, rfc2217://HOST:PORT, ble:NAME@ADAPTER, PROBE:INTERFACE or a path.",
  );
}
