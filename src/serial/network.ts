import type { Clock } from "../core/index.ts";
import type { Link } from "./link.ts";
import { openRfc2217 } from "./rfc2217.ts";
import { openTcp } from "./tcp.ts";

const HOST = String.raw`(?<host>\[[^\]]+\]|[^:/[\]]+)`;

/** How a port on the network is named, in options and in profiles. */
const FORMS = [
  { kind: "udp", form: new RegExp(`^udp:${HOST}(?::(?<port>\\d+))?$`) },
  { kind: "tcp", form: new RegExp(`^tcp:${HOST}:(?<port>\\d+)$`) },
  { kind: "rfc2217", form: new RegExp(`^rfc2217://${HOST}:(?<port>\\d+)$`) },
] as const;

const PORT_MAX = 65_535;

/** A port on the network. `udp` carries SMP's packets, the others bytes. */
export interface NetworkPort {
  readonly kind: (typeof FORMS)[number]["kind"];
  /** Without the brackets of an IPv6 address. */
  readonly host: string;
  /** Undefined where none is named: UDP has a usual one. */
  readonly port: number | undefined;
}

/** True for a name that begins as one of a port on the network does, whether or not the rest makes sense. */
export function isNetworkName(name: string): boolean {
  return /^(udp|tcp|rfc2217):/.test(name);
}

/** What `udp:HOST[:PORT]`, `tcp:HOST:PORT` or `rfc2217://HOST:PORT` names; undefined for anything else. */
export function networkPort(name: string): NetworkPort | undefined {
  for (const { kind, form } of FORMS) {
    const { host, port: digits } = form.exec(name)?.groups ?? {};
    if (host === undefined) continue;
    const port = digits === undefined ? undefined : Number(digits);
    return port !== undefined && port > PORT_MAX ? undefined : { kind, host: host.replaceAll(/[[\]]/g, ""), port };
  }
  return undefined;
}

/** How a serial port behind a network is opened; over plain TCP its other end decides all of it. */
interface NetworkLine {
  /** Bits a second, 8N1. */
  readonly baudRate: number;
  readonly hardwareFlowControl?: boolean | undefined;
  readonly dtr?: boolean | undefined;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens a byte pipe over the network: `tcp`, or `rfc2217` with its line settings.
 * @throws RangeError for UDP, which carries no bytes in a row; BenchError, TimeoutError; the signal's reason.
 */
export function openNetworkPort({ kind, host, port }: NetworkPort, line: NetworkLine): Promise<Link> {
  if (kind === "udp" || port === undefined) throw new RangeError("UDP is no byte pipe");
  const { clock, signal, baudRate, hardwareFlowControl = false, dtr } = line;
  if (kind === "tcp") return openTcp({ host, port, clock, signal });
  return openRfc2217({ host, port, clock, signal, baudRate, hardwareFlowControl, dtr });
}
