import { type Cleanup, type Clock, defined, UsageError } from "../../core/index.ts";
import {
  type Link,
  openRfc2217,
  openSerialPort,
  openTcp,
  type PortRef,
  ReopeningLink,
  resolvePort,
  Uart,
} from "../../serial/index.ts";
import {
  ConsoleTransport,
  RawTransport,
  SmpClient,
  SmpSession,
  type SmpTransport,
  UDP_PORT,
  UdpTransport,
} from "../../smp/index.ts";
import type { Parsed } from "../terminal/arguments.ts";
import { durationMs } from "../terminal/duration.ts";
import type { CliIo } from "../terminal/io.ts";
import { type ConnectionString, connectionString } from "./connstring.ts";

const BAUD_RATE = 115_200;
/** How long `--reopen` waits for a port to come back, in milliseconds. */
const REOPEN_MS = 30_000;

/** How `--port` may look. */
const ADDRESSES = [
  { kind: "udp", form: /^udp:(?<host>\[[^\]]+\]|[^:]+)(?::(?<port>\d+))?$/ },
  { kind: "tcp", form: /^tcp:(?<host>\[[^\]]+\]|[^:]+):(?<port>\d+)$/ },
  { kind: "rfc2217", form: /^rfc2217:\/\/(?<host>\[[^\]]+\]|[^:/]+):(?<port>\d+)$/ },
  { kind: "probe", form: /^(?<probe>\d+):(?<interface>\d+)$/ },
  { kind: "path", form: /^(?!udp:|tcp:|rfc2217:)(?<path>.+)$/ },
] as const;

/** Opens what `--port` (or HIL_PORT) names, and a client on it; both are closed with `closing`. */
export async function connectSmp(parsed: Parsed, io: CliIo, clock: Clock, closing: Cleanup): Promise<SmpClient> {
  const timeoutMs = answerTimeoutMs(parsed);
  const transport = await open(parsed, io, clock, closing);
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
  return text === undefined ? undefined : durationMs("timeout", text, "ms");
}

/** What to add to a time-out: mcumgr's `-t 10` means seconds. Undefined where the deadline was no mistake. */
export function timeoutHint(parsed: Parsed): string | undefined {
  const ms = answerTimeoutMs(parsed);
  if (ms === undefined || ms >= SECONDS_LIKELY_BELOW_MS) return undefined;
  return `--timeout ${parsed.text("timeout")} is ${ms} milliseconds; mcumgr's are seconds: write ${ms}s.`;
}

async function open(parsed: Parsed, io: CliIo, clock: Clock, closing: Cleanup): Promise<SmpTransport> {
  const { port: named, baudRate = BAUD_RATE } = connection(parsed, io);
  const pauseMs = parsed.whole("line-pause");
  const everyBytes = parsed.whole("pause-every");
  if (everyBytes !== undefined && (everyBytes === 0 || pauseMs === undefined))
    throw new UsageError(
      "--pause-every wants bytes, and --line-pause how long.",
      "Write --pause-every 64 --line-pause 2.",
    );
  const { kind, parts } = addressOf(named);
  const host = (parts["host"] ?? "").replaceAll(/[[\]]/g, "");
  const { signal } = io;
  if (kind === "udp") return UdpTransport.open({ host, port: Number(parts["port"] ?? UDP_PORT), clock, signal });
  const hardwareFlowControl = parsed.flag("flow-control");
  const openLink = async (): Promise<Link> => {
    const address = { host, port: Number(parts["port"]), clock, signal };
    if (kind === "tcp") return openTcp(address);
    if (kind === "rfc2217") return openRfc2217({ ...address, baudRate, hardwareFlowControl });
    const probe = parts["probe"];
    const ref: PortRef =
      probe === undefined ? { path: named } : { jlink: probe, interface: Number(parts["interface"]) };
    // Resolved at every opening: a port that was away may be back under another path.
    return openSerialPort(await resolvePort(ref), { baudRate, clock, hardwareFlowControl, name: named });
  };
  const reopen = { clock, unaskedMs: REOPEN_MS };
  const link = parsed.flag("reopen") ? await ReopeningLink.open(openLink, reopen) : await openLink();
  const uart = closing.use("port", Uart.open(link, { clock }));
  if (parsed.flag("raw")) return new RawTransport(uart, { clock });
  const pacing = pauseMs === undefined ? undefined : { pauseMs, ...defined({ everyBytes }) };
  return new ConsoleTransport(uart, { clock, pacing });
}

/** What --port or --connstring (or HIL_PORT) and --baud say. @throws UsageError */
function connection(parsed: Parsed, io: CliIo): ConnectionString {
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
  const port = parsed.text("port") ?? io.env["HIL_PORT"] ?? "";
  if (port === "") throw new UsageError("which port?", "Name it with --port, or in HIL_PORT; `hil ports` lists them.");
  return { port, ...asked };
}

/** Largest packet that an `mtu` allows, if there is one. */
export function packetLimit(parsed: Parsed, io: CliIo): number | undefined {
  return connection(parsed, io).packetBytesMax;
}

/** Bits a second of the line; undefined where there is none (a network). */
export function lineBaudRate(parsed: Parsed, io: CliIo): number | undefined {
  const { port, baudRate = BAUD_RATE } = connection(parsed, io);
  return port.startsWith("udp:") || port.startsWith("tcp:") ? undefined : baudRate;
}

function addressOf(named: string): {
  kind: (typeof ADDRESSES)[number]["kind"];
  parts: Partial<Record<string, string>>;
} {
  for (const { kind, form } of ADDRESSES) {
    const match = form.exec(named);
    if (match) return { kind, parts: { ...match.groups } };
  }
  throw new UsageError(
    `"${named}" is no port.`,
    "Write udp:HOST, udp:HOST:PORT, tcp:HOST:PORT, rfc2217://HOST:PORT, PROBE:INTERFACE or a path.",
  );
}
