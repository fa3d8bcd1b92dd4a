import { crc32, inflateRawSync } from "node:zlib";
import { ConfigurationError, concat, utf8, viewOf } from "../../core/index.ts";

/** A file in an archive. */
export interface ZipEntry {
  readonly name: string;
  readonly bytes: Uint8Array;
}

interface Field {
  readonly name: string;
  readonly offset: number;
  readonly bytes: 2 | 4;
}

/** Fixed parts of an archive's records. Source: PKWARE APPNOTE 6.3.10, sections 4.3.7, 4.3.12, 4.3.16. */
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

const STORED = 0;
const DEFLATED = 8;
const ENCRYPTED_FLAG = 0x1;
const UTF8_FLAG = 0x800;
/** Readable and writable by the owner, readable by others, in the upper half of the attributes. */
const FILE_ATTRIBUTES = 0o100644 * 0x1_0000;
/** Firmware for a microcontroller is smaller; the limit stops a small file that unpacks to gigabytes. */
const ENTRY_BYTES_MAX = 64 * 1024 * 1024;
const COMMENT_BYTES_MAX = 0xffff;

/**
 * The files of a zip archive (stored or deflated), in the order of its directory.
 * @throws ConfigurationError for a damaged archive, a wrong checksum, or a method, encryption or size it does not know.
 */
export function readZip(archive: Uint8Array): ZipEntry[] {
  const end = findEnd(archive);
  const files: ZipEntry[] = [];
  let at = end.value("centralOffset");
  for (let index = 0; index < end.value("entries"); index += 1) {
    const entry = readRecord(archive, at, CENTRAL, "directory entry");
    const nameEnd = at + CENTRAL.bytes + entry.value("nameBytes");
    const name = Buffer.from(slice(archive, at + CENTRAL.bytes, nameEnd, "name")).toString("utf8");
    files.push({ name, bytes: unpack(archive, entry, name) });
    at = nameEnd + entry.value("extraBytes") + entry.value("commentBytes");
  }
  return files;
}

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
      method: STORED,
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

interface RecordReader {
  readonly at: number;
  value(name: string): number;
}

function readRecord(archive: Uint8Array, at: number, format: RecordFormat, what: string): RecordReader {
  const bytes = slice(archive, at, at + format.bytes, what);
  const view = viewOf(bytes);
  if (view.getUint32(0, true) !== format.signature) throw damaged(`no ${what} at offset ${at}`);
  return {
    at,
    value: (name) => {
      const field = format.fields.find((candidate) => candidate.name === name);
      if (field === undefined) throw new RangeError(`a zip ${what} has no field ${name}`);
      return field.bytes === 2 ? view.getUint16(field.offset, true) : view.getUint32(field.offset, true);
    },
  };
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

function findEnd(archive: Uint8Array): RecordReader {
  const lowest = Math.max(0, archive.length - END.bytes - COMMENT_BYTES_MAX);
  for (let at = archive.length - END.bytes; at >= lowest; at -= 1) {
    if (viewOf(archive).getUint32(at, true) === END.signature) return readRecord(archive, at, END, "end record");
  }
  throw damaged("it has no directory");
}

function unpack(archive: Uint8Array, entry: RecordReader, name: string): Uint8Array {
  if ((entry.value("flags") & ENCRYPTED_FLAG) !== 0) throw damaged(`${name} is encrypted`);
  if (entry.value("plainBytes") > ENTRY_BYTES_MAX) throw damaged(`${name} claims ${entry.value("plainBytes")} bytes`);
  const localAt = entry.value("localOffset");
  const local = readRecord(archive, localAt, LOCAL, "file header");
  const start = localAt + LOCAL.bytes + local.value("nameBytes") + local.value("extraBytes");
  const packed = slice(archive, start, start + entry.value("packedBytes"), `data of ${name}`);
  const bytes = plainOf(packed, entry.value("method"), name);
  if (bytes.length !== entry.value("plainBytes") || crc32(bytes) !== entry.value("crc")) {
    throw damaged(`${name} does not match its checksum`);
  }
  return bytes;
}

function plainOf(packed: Uint8Array, method: number, name: string): Uint8Array {
  if (method === STORED) return packed;
  if (method !== DEFLATED) throw damaged(`${name} is packed with method ${method}`);
  try {
    return new Uint8Array(inflateRawSync(packed, { maxOutputLength: ENTRY_BYTES_MAX }));
  } catch (cause) {
    throw damaged(`${name} cannot be unpacked`, cause);
  }
}

function slice(archive: Uint8Array, start: number, end: number, what: string): Uint8Array {
  if (start < 0 || end > archive.length) throw damaged(`${what} runs past the end`);
  return archive.subarray(start, end);
}

function damaged(why: string, cause?: unknown): ConfigurationError {
  return new ConfigurationError(`the zip archive cannot be read: ${why}.`, "Copy or build it again.", { cause });
}

function dosTime(unixS: number): { time: number; date: number } {
  const at = new Date(unixS * 1000);
  const years = Math.max(0, at.getUTCFullYear() - 1980);
  return {
    time: (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1),
    date: (years << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate(),
  };
}
