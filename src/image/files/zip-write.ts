import { crc32 } from "node:zlib";
import { concat, utf8, viewOf } from "../../core/index.ts";
import type { ZipEntry } from "./zip.ts";

interface Field {
  readonly name: string;
  readonly offset: number;
  readonly bytes: 2 | 4;
}

/**
 * Fixed parts of an archive's records. Written here, not by a library: fflate 0.8.3 and yazl 3.3.1 stamp files with the
 * local time, so that one package differs from time zone to time zone (docs/decisions.md).
 * Source: PKWARE APPNOTE 6.3.10, sections 4.3.7, 4.3.12, 4.3.16.
 */
const LOCAL = {
  signature: 0x04034b50,
  bytes: 30,
  fields: [
    { name: "versionNeeded", offset: 4, bytes: 2 },
    { name: "flags", offset: 6, bytes: 2 },
    { name: "method", offset: 8, bytes: 2 },
    { name: "time", offset: 10, bytes: 2 },
    { name: "date", offset: 12, bytes: 2 },
    { name: "crc", offset: 14, bytes: 4 },
    { name: "packedBytes", offset: 18, bytes: 4 },
    { name: "plainBytes", offset: 22, bytes: 4 },
    { name: "nameBytes", offset: 26, bytes: 2 },
    { name: "extraBytes", offset: 28, bytes: 2 },
  ],
} as const;

const CENTRAL = {
  signature: 0x02014b50,
  bytes: 46,
  fields: [
    { name: "versionMade", offset: 4, bytes: 2 },
    ...LOCAL.fields.map((field) => ({ ...field, offset: field.offset + 2 })),
    { name: "commentBytes", offset: 32, bytes: 2 },
    { name: "attributes", offset: 38, bytes: 4 },
    { name: "localOffset", offset: 42, bytes: 4 },
  ],
} as const;

const END = {
  signature: 0x06054b50,
  bytes: 22,
  fields: [
    { name: "entriesHere", offset: 8, bytes: 2 },
    { name: "entries", offset: 10, bytes: 2 },
    { name: "centralBytes", offset: 12, bytes: 4 },
    { name: "centralOffset", offset: 16, bytes: 4 },
    { name: "commentBytes", offset: 20, bytes: 2 },
  ],
} as const;

type RecordFormat = { readonly signature: number; readonly bytes: number; readonly fields: readonly Field[] };

const UTF8_FLAG = 0x800;
/** Readable and writable by the owner, readable by others, in the upper half of the attributes. */
const FILE_ATTRIBUTES = 0o100644 * 0x1_0000;

/**
 * An archive with its files stored, not compressed, as DFU packages are.
 * @param modifiedUnixS time stamp of all files, seconds since 1970 (UTC); the format counts from 1980 in steps of two.
 */
export function writeZip(entries: readonly ZipEntry[], modifiedUnixS: number): Uint8Array {
  const { time, date } = dosTime(modifiedUnixS);
  const locals: Uint8Array[] = [];
  const central: Uint8Array[] = [];
  let localOffset = 0;
  for (const { name, bytes } of entries) {
    const nameText = utf8(name);
    const shared = {
      versionNeeded: 20,
      flags: nameText.length === name.length ? 0 : UTF8_FLAG,
      method: 0,
      time,
      date,
      crc: crc32(bytes),
      packedBytes: bytes.length,
      plainBytes: bytes.length,
      nameBytes: nameText.length,
    };
    const local = concat(writeRecord(LOCAL, shared), nameText, bytes);
    const directory = { ...shared, versionMade: 0x0314, attributes: FILE_ATTRIBUTES, localOffset };
    central.push(concat(writeRecord(CENTRAL, directory), nameText));
    locals.push(local);
    localOffset += local.length;
  }
  const directory = concat(...central);
  const counts = { entriesHere: entries.length, entries: entries.length };
  const end = writeRecord(END, { ...counts, centralBytes: directory.length, centralOffset: localOffset });
  return concat(...locals, directory, end);
}

function writeRecord(format: RecordFormat, values: Readonly<Record<string, number>>): Uint8Array {
  const out = new Uint8Array(format.bytes);
  const view = viewOf(out);
  view.setUint32(0, format.signature, true);
  for (const { name, offset, bytes } of format.fields) {
    if (bytes === 2) view.setUint16(offset, values[name] ?? 0, true);
    else view.setUint32(offset, values[name] ?? 0, true);
  }
  return out;
}

function dosTime(unixS: number): { time: number; date: number } {
  const at = new Date(unixS * 1000);
  const years = Math.max(0, at.getUTCFullYear() - 1980);
  return {
    time: (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1),
    date: (years << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate(),
  };
}
