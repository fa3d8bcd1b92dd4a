import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { ConfigurationError, hex, isHilError, whyUnreadable } from "../core/index.ts";
import {
  type DfuFile,
  flatten,
  formatVersion,
  hashOfTlv,
  IMAGE_MAGIC,
  type ParsedImage,
  parseImage,
  parseIntelHex,
  readDfuZip,
  tlvsOf,
} from "../image/index.ts";
import type { CliIo } from "./io.ts";

/** An image to upload, and what the board's list will call it. */
export interface UploadFile {
  readonly bytes: Uint8Array;
  /** As the board lists it: `1.2.3+4`. */
  readonly version: string;
  /** Hash TLV; undefined for an image without one. */
  readonly hash: Uint8Array | undefined;
}

const ZIP_MAGIC = Uint8Array.of(0x50, 0x4b, 0x03, 0x04);
const ELF_MAGIC = Uint8Array.of(0x7f, 0x45, 0x4c, 0x46);
const NOT_SIGNED = "Sign it first: `hil image sign`, or take your build's signed file (zephyr.signed.bin).";

/**
 * The image that a file holds: a signed binary, an Intel HEX file of one, or a DFU package, of which the file for this
 * image number is taken. Nothing else is sent to a board.
 * @param imageNumber image pair: 0 the application core, 1 the network core.
 * @throws ConfigurationError for a file that cannot be read or holds no such image.
 */
export async function readUploadFile(file: string, imageNumber: number, io: CliIo): Promise<UploadFile> {
  const wrong = (what: string, hint = "", cause?: unknown) =>
    new ConfigurationError(`cannot upload ${file}: ${what}.`, hint, { cause });
  let content: Uint8Array;
  try {
    content = Uint8Array.from(await readFile(resolve(io.cwd, file)));
  } catch (error) {
    throw wrong(whyUnreadable(error), "", error);
  }
  try {
    const bytes = imageIn(content, imageNumber);
    const image = parsed(bytes);
    const hash = tlvsOf(image).find(({ type }) => hashOfTlv(type) !== undefined)?.data;
    return { bytes, version: formatVersion(image.header.version), hash };
  } catch (error) {
    if (!isHilError(error)) throw error;
    throw wrong(error.message.replace(/\.$/, ""), error.hint, error);
  }
}

function imageIn(content: Uint8Array, imageNumber: number): Uint8Array {
  if (begins(content, ZIP_MAGIC)) return ofPackage(readDfuZip(content).files, imageNumber);
  if (begins(content, ELF_MAGIC)) throw new ConfigurationError("it is an ELF file, not a signed image.", NOT_SIGNED);
  if (content[0] !== 0x3a) return content;
  const { bytes } = flatten(parseIntelHex(Buffer.from(content).toString("latin1")));
  // What lies behind the image (a trailer at the slot's end) is the bootloader's to write.
  return bytes.subarray(0, parsed(bytes).imageBytes);
}

function ofPackage(files: readonly DfuFile[], imageNumber: number): Uint8Array {
  const fitting = files.filter(({ imageIndex }) => imageIndex === imageNumber);
  const held = files.map(({ name, imageIndex }) => `${name} (image ${imageIndex})`).join(", ");
  const [found, second] = fitting;
  if (found !== undefined && second === undefined) return found.bytes;
  const what = found === undefined ? `no file for image ${imageNumber}` : `${fitting.length} for image ${imageNumber}`;
  const numbers = [...new Set(files.map(({ imageIndex }) => imageIndex))].join(" or ");
  throw new ConfigurationError(
    `the package holds ${what}: ${held === "" ? "nothing" : held}.`,
    numbers === "" ? "" : `Choose with --image ${numbers}, or unpack it and name a file.`,
  );
}

/** @throws ConfigurationError when it is no MCUboot image; what `parseImage` says of a broken one. */
function parsed(bytes: Uint8Array): ParsedImage {
  const magic = bytes.length < 4 ? 0 : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  if (magic === IMAGE_MAGIC) return parseImage(bytes);
  const starts = hex(bytes.subarray(0, 4));
  const what = bytes.length === 0 ? "it is empty" : `it is no MCUboot image: it begins with ${starts}, not 3db8f396`;
  throw new ConfigurationError(`${what}.`, NOT_SIGNED);
}

function begins(bytes: Uint8Array, magic: Uint8Array): boolean {
  return magic.every((byte, index) => bytes[index] === byte);
}
