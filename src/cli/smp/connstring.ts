import { defined, UsageError } from "../../core/index.ts";

/** What a connection string comes to in our words. */
export interface ConnectionString {
  /** As --port takes it. */
  readonly port: string;
  readonly baudRate?: number;
  /** Largest packet, header and CBOR, in bytes. */
  readonly packetBytesMax?: number;
}

const HINT = "Write /dev/ttyACM1,baud=115200,mtu=512, dev=/dev/ttyACM1, or HOST:PORT for --conntype udp.";

/**
 * The connection strings of the classic mcumgr. Its `mtu` is the length of a frame; its packets hold mtu * 3 / 4 - 13
 * bytes at most, and so do ours then, on lines of 127 bytes that every board takes.
 * A part without `=` is the device.
 * @throws UsageError for a type, key or number that it would not take either.
 * Source: apache/mynewt-newtmgr, nmxact serial config.
 */
export function connectionString(type: string | undefined, text: string): ConnectionString {
  if (type === "udp") return { port: `udp:${text}` };
  if (type !== undefined && type !== "serial") {
    throw new UsageError(`--conntype ${type} is not known here.`, "It is serial or udp.");
  }
  const fields = new Map<string, string>();
  for (const [key, value] of text.split(",").map(pair)) {
    if (fields.has(key)) throw new UsageError(`--connstring ${text} names ${key} twice.`, HINT);
    fields.set(key, value);
  }
  const port = fields.get("dev") ?? "";
  if (port === "") throw new UsageError(`--connstring ${text} names no device.`, HINT);
  const mtu = number(fields.get("mtu"), "mtu", 64);
  const baudRate = number(fields.get("baud"), "baud", 1);
  return {
    port,
    ...defined({ baudRate }),
    ...(mtu === undefined ? {} : { packetBytesMax: Math.floor((mtu * 3) / 4) - 13 }),
  };
}

function pair(part: string): readonly [string, string] {
  const at = part.indexOf("=");
  if (at < 0) return ["dev", part];
  const key = part.slice(0, at);
  if (at > 0 && ["dev", "baud", "mtu"].includes(key)) return [key, part.slice(at + 1)];
  throw new UsageError(`--connstring does not know "${part}".`, HINT);
}

function number(text: string | undefined, key: string, least: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isInteger(value) && value >= least) return value;
  throw new UsageError(`${key}=${text} is no number from ${least} on.`, HINT);
}
