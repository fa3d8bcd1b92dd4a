import { decodeHeader, endianOf, HEADER_BYTES, IMAGE_MAGIC } from "../image/index.ts";

interface FormatRow {
  readonly name: string;
  is(bytes: Uint8Array, headerBytes: number): boolean;
  readonly hint: string;
  readonly source: string;
}

const beginsWith = (bytes: Uint8Array, ...first: number[]) => first.every((byte, at) => bytes[at] === byte);
const textOf = (bytes: Uint8Array) => Buffer.from(bytes.subarray(0, 256)).toString("latin1");

/** What people take for a raw firmware binary, and is none. */
const FORMATS: readonly FormatRow[] = [
  {
    name: "an ELF file",
    is: (bytes) => beginsWith(bytes, 0x7f, 0x45, 0x4c, 0x46),
    hint: "Give the .bin or .hex that the build makes of it.",
    source: "System V ABI, e_ident",
  },
  {
    name: "Intel HEX text",
    is: (bytes) => /^(:[0-9a-f]{10,}\s*\r?\n)/i.test(textOf(bytes)),
    hint: "Name it .hex: then it is read as one.",
    source: "Intel Hexadecimal Object File Format Specification, 1988",
  },
  {
    name: "Motorola S-record text",
    is: (bytes) => /^(S[0-9][0-9a-f]{6,}\s*\r?\n)/i.test(textOf(bytes)),
    hint: "Make a .bin or .hex of it.",
    source: "Motorola M68000 Family Programmer's Reference Manual, appendix C",
  },
  {
    name: "a zip archive",
    is: (bytes) => beginsWith(bytes, 0x50, 0x4b, 3, 4),
    hint: "A DFU package is named by payload.dfu_zip.",
    source: "APPNOTE.TXT 4.3.7",
  },
  {
    name: "an MCUboot image",
    is: (bytes) => bytes.length >= HEADER_BYTES && decodeHeader(bytes, endianOf(bytes)).magic === IMAGE_MAGIC,
    hint: "It is signed already: name it by payload.image, or by payload.body_of to sign its body anew.",
    source: "MCUboot image.h IMAGE_MAGIC",
  },
  {
    name: "a binary with room for a header",
    is: (bytes, headerBytes) =>
      bytes.length > headerBytes && bytes.subarray(0, headerBytes).every((byte) => byte === 0),
    hint: "Its head is zeros where the header goes, and hil makes that room: cut it off.",
    source: "Zephyr CONFIG_ROM_START_OFFSET; imgtool without --pad-header",
  },
  {
    name: "empty",
    is: (bytes) => bytes.length === 0,
    hint: "Build it again.",
    source: "nothing to run",
  },
];

/** What a file is that should be a raw firmware binary; undefined when it may be one. */
export function foreignFormat(
  bytes: Uint8Array,
  headerBytes: number,
): { readonly name: string; readonly hint: string } | undefined {
  return FORMATS.find((row) => row.is(bytes, headerBytes));
}
