import { ConfigurationError, hex } from "../../core/index.ts";
import { decodeHeader, endianOf, HEADER_BYTES, IMAGE_MAGIC, IMAGE_MAGIC_V1 } from "../format/header.ts";
import { type ParsedImage, parseImage } from "../format/parse.ts";
import { type DfuPackage, readDfuZip } from "./dfu-zip.ts";
import { flatten, parseIntelHex } from "./intel-hex.ts";

/** What a file is, by its first bytes; its name is not asked. */
export interface FileKind {
  readonly kind: "image" | "zip" | "hex" | "elf" | "srec" | "picture" | "empty";
  /** As the end of "it is …". */
  readonly name: string;
  is(bytes: Uint8Array): boolean;
  readonly source: string;
}

const beginsWith = (bytes: Uint8Array, ...first: number[]) => first.every((byte, at) => bytes[at] === byte);
const textOf = (bytes: Uint8Array) => Buffer.from(bytes.subarray(0, 256)).toString("latin1");

/** The format before MCUboot 1.0 is known, so that the parser can say what to do about it. */
const MAGICS: ReadonlySet<number> = new Set([IMAGE_MAGIC, IMAGE_MAGIC_V1]);

const FILE_KINDS: readonly FileKind[] = [
  {
    kind: "image",
    name: "an MCUboot image",
    is: (bytes) => bytes.length >= HEADER_BYTES && MAGICS.has(decodeHeader(bytes, endianOf(bytes)).magic),
    source: "MCUboot image.h IMAGE_MAGIC, IMAGE_MAGIC_V1",
  },
  {
    kind: "zip",
    name: "a zip archive",
    is: (bytes) => beginsWith(bytes, 0x50, 0x4b, 3, 4),
    source: "APPNOTE.TXT 4.3.7",
  },
  {
    kind: "hex",
    name: "Intel HEX text",
    is: (bytes) => /^:[0-9a-f]{10}/i.test(textOf(bytes)),
    source: "Intel Hexadecimal Object File Format Specification, 1988",
  },
  {
    kind: "elf",
    name: "an ELF file",
    is: (bytes) => beginsWith(bytes, 0x7f, 0x45, 0x4c, 0x46),
    source: "System V ABI, e_ident",
  },
  {
    kind: "srec",
    name: "Motorola S-record text",
    is: (bytes) => /^S[0-9][0-9a-f]{6,}\s*\r?\n/i.test(textOf(bytes)),
    source: "Motorola M68000 Family Programmer's Reference Manual, appendix C",
  },
  {
    kind: "picture",
    name: "a PNG picture",
    is: (bytes) => beginsWith(bytes, 0x89, 0x50, 0x4e, 0x47),
    source: "PNG Specification 5.2",
  },
  { kind: "empty", name: "empty", is: (bytes) => bytes.length === 0, source: "nothing in it" },
];

/** What a file is; undefined for one that says nothing of itself: a raw binary, or text. */
export function fileKindOf(content: Uint8Array): FileKind | undefined {
  return FILE_KINDS.find((row) => row.is(content));
}

/** What a build leaves behind: one image, or a package of several. */
export type FirmwareFile =
  | { readonly kind: "image"; readonly bytes: Uint8Array }
  | ({ readonly kind: "dfu_zip" } & DfuPackage);

const NOT_SIGNED = "Sign it first: `hil image sign`, or take your build's signed file (zephyr.signed.bin).";

/**
 * The signed image, or the DFU package, that a file holds, by its content: a binary, an Intel HEX file, a zip archive.
 * What lies behind an image in a HEX file (a trailer at the slot's end) is left out: it is the bootloader's to write.
 * The files of a package are not looked at: see `parseSigned`.
 * @throws ConfigurationError for a file that holds neither, with what it is; ImageError for an image that is broken.
 */
export async function readFirmwareFile(content: Uint8Array): Promise<FirmwareFile> {
  const found = fileKindOf(content)?.kind;
  if (found === "zip") return { kind: "dfu_zip", ...(await readDfuZip(content)) };
  if (found !== "hex") {
    parseSigned(content);
    return { kind: "image", bytes: content };
  }
  const { bytes } = flatten(parseIntelHex(Buffer.from(content).toString("latin1")));
  return { kind: "image", bytes: bytes.subarray(0, parseSigned(bytes).imageBytes) };
}

/**
 * The parts of a signed image.
 * @throws ConfigurationError when it is none, with what it is instead; ImageError for one that is broken.
 */
export function parseSigned(bytes: Uint8Array): ParsedImage {
  const found = fileKindOf(bytes);
  if (found?.kind === "image") return parseImage(bytes);
  const what =
    bytes.length === 0
      ? "it is empty"
      : found === undefined
        ? `it is no MCUboot image: it begins with ${hex(bytes.subarray(0, 4))}, not 3db8f396`
        : `it is ${found.name}, not a signed image`;
  throw new ConfigurationError(`${what}.`, NOT_SIGNED);
}
