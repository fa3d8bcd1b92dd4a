import { stringify } from "lossless-json";
import { hex } from "../../core/index.ts";
import {
  decodeMap,
  decodeSmpHeader,
  type Exchange,
  type ImageSlot,
  type ImageState,
  SMP_HEADER_BYTES,
} from "../../smp/index.ts";

const FLAGS = ["active", "confirmed", "pending", "permanent"] as const;

/** The list as the mcumgr tool prints it, which scripts of many labs read. Source: mynewt-mcumgr-cli, `image list`. */
export function imageListText(state: ImageState): string {
  const lines = ["Images:", ...state.images.flatMap(imageLines)];
  lines.push(
    `Split status: ${state.splitStatus === undefined || state.splitStatus === 0 ? "N/A (0)" : state.splitStatus}`,
  );
  return `${lines.join("\n")}\n`;
}

function imageLines(entry: ImageSlot): string[] {
  return [
    ` image=${entry.image} slot=${entry.slot}`,
    `    version: ${entry.version}`,
    `    bootable: ${entry.bootable}`,
    `    flags: ${FLAGS.filter((flag) => entry[flag]).join(" ")}`,
    `    hash: ${entry.hash ? hex(entry.hash) : "Unavailable"}`,
  ];
}

/** An answer that no command words for people: a line a field. */
export function fieldLines(answer: object): string {
  const lines = Object.entries(answer).map(([name, value]) => {
    const text = typeof value === "string" ? value : json(value, hexOf).replaceAll(/^"|"$/g, "");
    return `${name}: ${text}\n`;
  });
  return lines.length === 0 ? "Done\n" : lines.join("");
}

/** Any answer as one line of JSON: bytes as hex digits, integers of 64 bits with all their digits. */
export function jsonLine(value: unknown): string {
  return `${json(value, hexOf)}\n`;
}

function json(value: unknown, bytesText: (view: ArrayBufferView) => string): string {
  return stringify(value, (_key, item: unknown) => (ArrayBuffer.isView(item) ? bytesText(item) : item)) ?? "null";
}

function hexOf(view: ArrayBufferView): string {
  return hex(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
}

/** What passed on the wire, for `--trace`: one line a packet, header fields and body. */
export function traceLines(exchange: Exchange): string {
  if (exchange.kind === "dropped") return `${stamp(exchange.atUs)} ! ${exchange.why}: ${packetText(exchange.packet)}\n`;
  if (exchange.kind === "no answer") return `${stamp(exchange.atUs)} < nothing\n`;
  if (exchange.kind === "answer") return `${stamp(exchange.atUs)} < ${packetText(exchange.packet)}\n`;
  const attempt = exchange.attempt === 1 ? "" : `  (attempt ${exchange.attempt})`;
  return `${stamp(exchange.atUs)} > ${packetText(exchange.packet)}${attempt}\n`;
}

function stamp(atUs: number): string {
  return `${(atUs / 1_000_000).toFixed(6).padStart(11)}s`;
}

function packetText(packet: Uint8Array): string {
  const header = decodeSmpHeader(packet);
  if (!header) return hex(packet);
  const payload = packet.subarray(SMP_HEADER_BYTES);
  let body: string;
  try {
    const map = decodeMap(payload, { trailing: "ignore" });
    body = json(map, shortBytes);
  } catch {
    body = hex(payload);
  }
  return `op ${header.op} v${header.version + 1} group ${header.group} id ${header.id} seq ${header.sequence}  ${body}`;
}

function shortBytes(view: ArrayBufferView): string {
  const digits = hexOf(view);
  return digits.length <= 64 ? digits : `${digits.slice(0, 32)}… (${view.byteLength} bytes)`;
}
