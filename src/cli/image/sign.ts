import { UsageError } from "../../core/index.ts";
import {
  type BuiltImage,
  buildImage,
  flagNames,
  formatIntelHex,
  formatVersion,
  type HexTrailer,
  type ImageOptions,
  imageSegments,
  parseImage,
  type Segment,
  slotImageBytesMax,
  TRAPS,
} from "../../image/index.ts";
import type { Usage } from "./options/option.ts";
import { SIGN_OPTIONS, type SignValues } from "./options/sign-options.ts";
import { asUsage, firmwareFrom, type ImageTool, isHexFile, type ToolFacts } from "./options/tool.ts";
import { imageOptionsOf, signingLine } from "./sign-request.ts";

export const signUsage = {
  name: "sign",
  about: "Make an image of INFILE: header, TLVs, signature, encryption. INFILE and OUTFILE are binary, or .hex.",
  options: SIGN_OPTIONS,
  positionals: ["INFILE", "OUTFILE"],
} as const satisfies Usage<typeof SIGN_OPTIONS>;

/** `hil image sign`: everything is read and checked first; the output is written last, and whole. */
export function runSign(tool: ImageTool, values: SignValues, positionals: readonly string[]): number {
  const [inputPath = "", outputPath = ""] = positionals;
  const options = imageOptionsOf(tool, values);
  const input = firmwareFrom(tool, inputPath, "Input file not found");
  const baseAddress = isHexFile(outputPath) ? baseOf(values["hex-addr"], input.address, options) : undefined;
  const built = asUsage(() => buildImage(input.bytes, options));
  asUsage(() => refuseTooLarge(built, values));
  tool.tell?.(factsOf(built, outputPath, options));
  for (const { name, what } of TRAPS) {
    if (options.traps?.has(name) === true) tool.io.err(`warning: --imgtool-trap ${name}: ${what}.\n`);
  }
  tool.io.out(progressOf(built, values, options));
  tool.files.write(outputPath, outputOf(built, values, options, baseAddress));
  const signaturePath = values["sig-out"];
  if (signaturePath !== undefined && built.signature !== undefined) {
    tool.files.write(signaturePath, Buffer.from(Buffer.from(built.signature).toString("base64"), "latin1"));
  }
  return 0;
}

function factsOf(built: BuiltImage, output: string, options: ImageOptions): ToolFacts {
  const { image, digest, hash, signature, compression } = built;
  const { header } = parseImage(image, { endian: options.endian ?? "little" });
  return {
    output,
    imageBytes: image.length,
    version: formatVersion(header.version),
    flags: flagNames(header.flags),
    hash,
    digest,
    signature,
    encryptedFor: options.encryption?.key.type,
    bodyIsEncrypted: built.keyTlvBytes > 0 && options.encryption?.clear !== true,
    compression,
  };
}

/** What only the device would say: imgtool's size check knows no sectors, and of the swap modes only overwrite-only. */
function refuseTooLarge(built: BuiltImage, values: SignValues): void {
  const mode = values["swap-mode"];
  if (mode === undefined) return;
  const limit = slotImageBytesMax({
    mode,
    slotBytes: values["slot-size"],
    sectorBytes: values["sector-size"] ?? 4096,
    writeBytes: Number(values.align ?? "1"),
    maxAlign: built.maxAlign,
    maxSectors: values["max-sectors"] ?? 128,
    keySlotBytes: savedKeyBytes(built, values),
  });
  if (built.image.length <= limit) return;
  throw new UsageError(
    `Image size (0x${built.image.length.toString(16)}) exceeds what a bootloader that swaps by ${mode} takes ` +
      `in this slot: 0x${limit.toString(16)}.`,
  );
}

/** What the bootloader keeps of a key during a swap: the AES key, or the whole TLV with --save-enctlv. */
function savedKeyBytes(built: BuiltImage, values: SignValues): number {
  if (values.encrypt === undefined) return 0;
  if (values["save-enctlv"]) return built.keyTlvBytes;
  return values["encrypt-keylen"] === "256" ? 32 : 16;
}

/** Address of the header: as asked for, or where the input lies, less the room put in front (unless it lies at 0). */
function baseOf(wanted: number | undefined, input: number | undefined, options: ImageOptions): number {
  if (wanted !== undefined) return wanted;
  if (input === undefined) throw new UsageError("No address exists in input file neither was it provided by user");
  const base = options.padHeader && input > 0 ? input - options.headerBytes : input;
  if (base < 0) throw new UsageError(`no room for a header below the input's address 0x${input.toString(16)}.`);
  return base;
}

function outputOf(
  built: BuiltImage,
  values: SignValues,
  options: ImageOptions,
  baseAddress: number | undefined,
): Uint8Array {
  const vector = values["vector-to-sign"];
  if (vector !== undefined) {
    const bytes = vector === "payload" ? built.signedRegion : built.digest;
    return baseAddress === undefined ? bytes : hexFile([{ address: baseAddress, bytes }]);
  }
  if (baseAddress === undefined) return built.bytes;
  const trailer: HexTrailer = values.test && !values.confirm ? "test" : (options.trailer ?? "none");
  const place = {
    baseAddress,
    slotBytes: values["slot-size"],
    trailer,
    overwriteOnly: values["overwrite-only"],
  };
  return hexFile(asUsage(() => imageSegments(built, place)));
}

function hexFile(segments: readonly Segment[]): Uint8Array {
  return Buffer.from(
    asUsage(() => formatIntelHex(segments)),
    "latin1",
  );
}

/** imgtool's lines; it signs twice when it compresses: the image, and the one it decompresses to. */
function progressOf(built: BuiltImage, values: SignValues, options: ImageOptions): string {
  const vector = values["vector-to-sign"];
  if (vector !== undefined) return `image.py: export ${vector}\n`;
  const signing = options.signer?.kind === "key" ? signingLine(options.signer.key) : "";
  const { compression } = built;
  if (compression === undefined) return signing;
  const { compressedBytes, originalBytes, used } = compression;
  const sizes = `compressed image size: ${compressedBytes} bytes\noriginal image size: ${originalBytes} bytes\n`;
  return `${signing}${sizes}${used ? signing : ""}`;
}
