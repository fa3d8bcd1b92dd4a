import { hex, unreachable } from "../../core/index.ts";
import { HEADER_FLAGS, type ImageHeader } from "../format/header.ts";
import type { TlvArea } from "../format/tlv-area.ts";
import { formatVersion } from "../format/version.ts";
import { type DumpValue, dumpData, type ImageDump, type TrailerDump, tlvName } from "./dump.ts";

/** Forms of a dump. */
export const DUMP_FORMATS = ["human", "yaml", "json"] as const;
export type DumpFormat = (typeof DUMP_FORMATS)[number];

const WIDTH = 60;
const FRAME = "#".repeat(WIDTH);
const BYTES_A_LINE = 8;
const YAML_LINE_CHARS = 76;
const STATUS = new Map([
  [1, "SET"],
  [2, "BAD"],
  [3, "UNSET"],
  [4, "ANY"],
]);

/** A dump in one of imgtool's forms, its last line end included. */
export function formatDump(dump: ImageDump, format: DumpFormat): string {
  switch (format) {
    case "human":
      return humanDump(dump);
    case "json":
      return `${JSON.stringify(jsonValue(dumpData(dump)), null, 2)}\n`;
    case "yaml":
      return `${yamlLines(dumpData(dump), "").join("\n")}\n`;
    default:
      throw unreachable(format);
  }
}

function humanDump(dump: ImageDump): string {
  const { header } = dump;
  const bodyAt = header.headerBytes;
  const lines = [
    `Printing content of signed image: ${dump.filename} `,
    "",
    frame("Image header", "0x0"),
    ...headerLines(header),
    FRAME,
    frame("Payload", at(bodyAt)),
    boxLine(""),
    boxLine(`FW image (size: ${at(header.bodyBytes)} Bytes)`),
    boxLine(""),
    FRAME,
    ...(dump.protectedArea === undefined ? [] : areaLines("Protected TLV area", dump.protectedArea)),
    ...areaLines("TLV area", dump.area),
    ...(dump.trailer === undefined ? [] : trailerLines(dump.trailer)),
    "#### End of Image  #########################################",
    "",
  ];
  return lines.join("\n");
}

function headerLines(header: ImageHeader): string[] {
  const known = HEADER_FLAGS.filter((row) => (header.flags & row.value) !== 0);
  const flags = known.length === 0 ? [at(header.flags)] : known.map((row) => `${row.name} (${at(row.value)})`);
  return [
    `magic:              ${at(header.magic)}`,
    `load_addr:          ${at(header.loadAddress)}`,
    `hdr_size:           ${at(header.headerBytes)}`,
    `protected_tlv_size: ${at(header.protectedTlvBytes)}`,
    `img_size:           ${at(header.bodyBytes)}`,
    `flags:              ${flags.join(`\n${" ".repeat(20)}`)}`,
    `version:            ${formatVersion(header.version)}`,
  ];
}

function areaLines(title: string, area: TlvArea): string[] {
  const indent = " ".repeat(8);
  const entries = area.entries.flatMap(({ type, data }) => [
    `${indent}${"-".repeat(45)}`,
    `${indent}type: ${tlvName(type)} (${at(type)})`,
    `${indent}len:  ${at(data.length)}`,
    ...byteLines(`${indent}data: `, data),
  ]);
  const magic = at(area.protected ? 0x6908 : 0x6907);
  return [frame(title, at(area.offset)), `magic:     ${magic}`, `area size: ${at(area.totalBytes)}`, ...entries, FRAME];
}

function trailerLines(trailer: TrailerDump): string[] {
  const keys = trailer.keyFieldBytes;
  const swapSize = trailer.swapSizeBytes;
  const known = trailer.maxAlign !== undefined;
  return [
    frame("Image trailer", "unknown"),
    "(Note: some fields may not be used, depending on the update ",
    "strategy)",
    "",
    "swap status: (len: unknown)",
    keys === undefined
      ? "enc. keys:   Image not encrypted"
      : `enc. keys:   (len: ${at(keys)}, if BOOT_SWAP_SAVE_ENCTLV is unset)`,
    // The word "octal" before a decimal number is imgtool's; scripts may look for it.
    ...(known ? [`swap size:   ${swapSize === 0xffff_ffff ? "unknown" : `${at(swapSize)} octal: ${swapSize}`}`] : []),
    ...(known
      ? [
          `swap_info:   ${status(trailer.swapInfo)}`,
          `copy_done:   ${status(trailer.copyDone)}`,
          `image_ok:    ${status(trailer.imageOk)}`,
        ]
      : []),
    ...byteLines("boot magic:  ", trailer.magic),
    "",
  ];
}

function status(value: number): string {
  return `${STATUS.get(value) ?? "INVALID"} (${at(value)})`;
}

/** Bytes eight a line, each followed by a blank, under a label. */
function byteLines(label: string, data: Uint8Array): string[] {
  const lines: string[] = [];
  for (let start = 0; start === 0 || start < data.length; start += BYTES_A_LINE) {
    const bytes = [...data.subarray(start, start + BYTES_A_LINE)];
    const text = bytes.map((byte) => `0x${byte.toString(16).padStart(2, "0")} `).join("");
    lines.push(`${start === 0 ? label : " ".repeat(label.length)}${text}`);
  }
  return lines;
}

function frame(title: string, offset: string): string {
  return `#### ${title} (offset: ${offset}) `.padEnd(WIDTH, "#");
}

function boxLine(text: string): string {
  const room = WIDTH - 2;
  const left = Math.floor((room - text.length) / 2);
  return `|${" ".repeat(left)}${text}${" ".repeat(room - left - text.length)}|`;
}

function at(value: number): string {
  return `0x${value.toString(16)}`;
}

type JsonValue = number | string | JsonValue[] | { [key: string]: JsonValue };

function jsonValue(value: DumpValue): JsonValue {
  if (typeof value !== "object") return value;
  if (isBytes(value)) return hex(value);
  if (isList(value)) return value.map(jsonValue);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, jsonValue(inner)]));
}

/** Block-style YAML as imgtool's library writes it: keys unsorted, lists not indented, bytes as base64. */
function yamlLines(value: DumpValue, indent: string): string[] {
  if (isList(value)) {
    return value.flatMap((item) => {
      const [first = "", ...rest] = yamlLines(item, `${indent}  `);
      return [`${indent}- ${first.trimStart()}`, ...rest];
    });
  }
  if (typeof value !== "object" || isBytes(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => yamlEntry(key, inner, indent));
}

function yamlEntry(key: string, value: DumpValue, indent: string): string[] {
  if (typeof value !== "object") return [`${indent}${key}: ${yamlScalar(value)}`];
  if (isBytes(value)) {
    const base64 = Buffer.from(value).toString("base64");
    const lines = base64.match(new RegExp(`.{1,${YAML_LINE_CHARS}}`, "g")) ?? [];
    return [`${indent}${key}: !!binary |`, ...lines.map((line) => `${indent}  ${line}`)];
  }
  if (isList(value)) {
    return value.length === 0 ? [`${indent}${key}: []`] : [`${indent}${key}:`, ...yamlLines(value, indent)];
  }
  const inner = yamlLines(value, `${indent}  `);
  return inner.length === 0 ? [`${indent}${key}: {}`] : [`${indent}${key}:`, ...inner];
}

/** Plain where YAML would read the text back as text; else in single quotes. */
function yamlScalar(value: number | string): string {
  if (typeof value === "number") return String(value);
  const plain = /^[A-Za-z0-9_./][A-Za-z0-9_./+@-]*( [A-Za-z0-9_./+@-]+)*$/.test(value) && !/^[0-9.+-]+$/.test(value);
  const isVersion = /^\d+\.\d+\.\d+\+\d+$/.test(value);
  const reserved = /^(true|false|yes|no|on|off|null|~)$/i.test(value);
  return (plain || isVersion) && !reserved ? value : `'${value.replaceAll("'", "''")}'`;
}

function isBytes(value: DumpValue): value is Uint8Array {
  return ArrayBuffer.isView(value);
}

function isList(value: DumpValue): value is readonly DumpValue[] {
  return Array.isArray(value);
}
