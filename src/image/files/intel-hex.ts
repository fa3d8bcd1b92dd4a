import { ConfigurationError, concat, fromHex, hex, viewOf } from "../../core/index.ts";

/** Bytes at an address. */
export interface Segment {
  readonly address: number;
  readonly bytes: Uint8Array;
}

/** Record types. Source: Intel "Hexadecimal Object File Format Specification", revision A (1988). */
const HEX_RECORDS = [
  { type: 0, name: "data", source: "section 5" },
  { type: 1, name: "end", source: "section 6" },
  { type: 2, name: "extendedSegment", source: "section 3" },
  { type: 3, name: "startSegment", source: "section 4" },
  { type: 4, name: "extendedLinear", source: "section 2" },
  { type: 5, name: "startLinear", source: "section 4" },
] as const;

type HexRecordName = (typeof HEX_RECORDS)[number]["name"];

const DATA_BYTES_A_RECORD = 16;
const PAGE_BYTES = 0x1_0000;
const ADDRESS_MAX = 0xffff_ffff;
/** A file that claims more is not firmware for a microcontroller. */
const SPAN_BYTES_MAX = 256 * 1024 * 1024;

/**
 * Segments of an Intel HEX file, by rising address, neighbours joined. The file ends with its end record: one without
 * it was cut off, and what follows it would be passed over (two files one after the other).
 * @throws ConfigurationError naming the line, for a bad record, a wrong checksum, bytes given twice, no end record, or
 *   records behind it.
 */
export function parseIntelHex(text: string): Segment[] {
  const pieces: Segment[] = [];
  let base = 0;
  let endLine = 0;
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "") continue;
    if (endLine > 0) {
      const what = `the Intel HEX file goes on in line ${index + 1} behind its end record in line ${endLine}.`;
      throw new ConfigurationError(
        what,
        "Two files one after the other are none: merge them with a tool that knows HEX.",
      );
    }
    const record = parseRecord(line.trim(), index + 1);
    if (record.name === "end") endLine = index + 1;
    if (record.name === "data") pieces.push({ address: base + record.address, bytes: record.data });
    if (record.name === "extendedLinear") base = viewOf(record.data).getUint16(0) * PAGE_BYTES;
    if (record.name === "extendedSegment") base = viewOf(record.data).getUint16(0) * 16;
  }
  if (endLine === 0) throw new ConfigurationError("the Intel HEX file has no end record.", "It may have been cut off.");
  return joinSegments(pieces);
}

/** One run of bytes from the lowest address, holes filled with `fill`. */
export function flatten(segments: readonly Segment[], fill = 0xff): Segment {
  const [first] = segments;
  const last = segments.at(-1);
  if (first === undefined || last === undefined) throw new ConfigurationError("the Intel HEX file holds no data.");
  const spanBytes = last.address + last.bytes.length - first.address;
  if (spanBytes > SPAN_BYTES_MAX) {
    throw new ConfigurationError(
      `the Intel HEX file spans ${spanBytes} bytes, from 0x${first.address.toString(16)}.`,
      "Leave out what does not belong to the image.",
    );
  }
  const out = new Uint8Array(spanBytes).fill(fill);
  for (const segment of segments) out.set(segment.bytes, segment.address - first.address);
  return { address: first.address, bytes: out };
}

/**
 * An Intel HEX file: upper case, 16 data bytes a record counted from each segment's start, records broken at 64 KiB
 * borders, address records only when an address needs more than 16 bits, no start record.
 * @throws ConfigurationError for bytes outside of the 32 bits that an address has.
 */
export function formatIntelHex(segments: readonly Segment[]): string {
  const lines: string[] = [];
  const highest = segments.reduce((last, { address, bytes }) => Math.max(last, address + bytes.length - 1), 0);
  const lowest = segments.reduce((first, { address }) => Math.min(first, address), 0);
  if (lowest < 0 || highest > ADDRESS_MAX) {
    const [from, to] = [lowest < 0 ? lowest : (segments[0]?.address ?? 0), highest].map((at) => at.toString(16));
    throw new ConfigurationError(
      `an Intel HEX file has addresses of 32 bits; 0x${from} to 0x${to} does not fit.`.replaceAll("0x-", "-0x"),
      "Check --hex-addr and the input's addresses.",
    );
  }
  let page = -1;
  for (const segment of segments) {
    for (const piece of recordsOf(segment)) {
      const pieceBase = Math.floor(piece.address / PAGE_BYTES);
      if (highest >= PAGE_BYTES && pieceBase !== page) {
        page = pieceBase;
        lines.push(record(0, 4, Uint8Array.of(page >> 8, page & 0xff)));
      }
      lines.push(record(piece.address % PAGE_BYTES, 0, piece.bytes));
    }
  }
  lines.push(record(0, 1, new Uint8Array(0)));
  return `${lines.join("\n")}\n`;
}

function* recordsOf(segment: Segment): Generator<Segment> {
  const { address, bytes } = segment;
  for (let offset = 0; offset < bytes.length; ) {
    const toBorder = PAGE_BYTES - ((address + offset) % PAGE_BYTES);
    const length = Math.min(DATA_BYTES_A_RECORD, bytes.length - offset, toBorder);
    yield { address: address + offset, bytes: bytes.subarray(offset, offset + length) };
    offset += length;
  }
}

function record(address: number, type: number, data: Uint8Array): string {
  const body = concat(Uint8Array.of(data.length, address >> 8, address & 0xff, type), data);
  return `:${hex(concat(body, Uint8Array.of(checksum(body)))).toUpperCase()}`;
}

function parseRecord(line: string, number: number): { name: HexRecordName; address: number; data: Uint8Array } {
  const wrong = (why: string): ConfigurationError =>
    new ConfigurationError(`line ${number} of the Intel HEX file: ${why}.`, "Make the file again.");
  if (!line.startsWith(":")) throw wrong("a record begins with a colon");
  if (!/^(?:[0-9a-f]{2}){5,}$/i.test(line.slice(1))) throw wrong("a record is at least five bytes in hex digits");
  const bytes = fromHex(line.slice(1));
  const [length = 0, high = 0, low = 0, type = 0] = bytes;
  const row = HEX_RECORDS.find((candidate) => candidate.type === type);
  if (row === undefined) throw wrong(`record type ${type} is unknown`);
  if (bytes.length !== length + 5) throw wrong(`${length} data bytes are announced, ${bytes.length - 5} are there`);
  if (checksum(bytes.subarray(0, -1)) !== bytes.at(-1)) throw wrong("the checksum is wrong");
  const data = bytes.subarray(4, -1);
  if ((row.name === "extendedLinear" || row.name === "extendedSegment") && data.length !== 2) {
    throw wrong("an address record has two data bytes");
  }
  return { name: row.name, address: high * 256 + low, data };
}

/** Two's complement of the sum, so that a whole record adds up to zero. */
function checksum(bytes: Uint8Array): number {
  return -bytes.reduce((sum, byte) => sum + byte, 0) & 0xff;
}

/** Not `concat`: a long file has more records than a call may have arguments. */
function joined(parts: readonly Uint8Array[], bytes: number): Uint8Array {
  const out = new Uint8Array(bytes);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Segments by rising address, neighbours joined. @throws ConfigurationError when two overlap. */
export function joinSegments(pieces: readonly Segment[]): Segment[] {
  const sorted = pieces.filter((piece) => piece.bytes.length > 0).sort((a, b) => a.address - b.address);
  const runs: { address: number; end: number; parts: Uint8Array[] }[] = [];
  for (const { address, bytes } of sorted) {
    const run = runs.at(-1);
    if (run !== undefined && address < run.end) {
      throw new ConfigurationError(`the Intel HEX file gives the byte at 0x${address.toString(16)} twice.`);
    }
    if (run?.end === address) {
      run.parts.push(bytes);
      run.end += bytes.length;
    } else {
      runs.push({ address, end: address + bytes.length, parts: [bytes] });
    }
  }
  return runs.map((run) => ({ address: run.address, bytes: joined(run.parts, run.end - run.address) }));
}
