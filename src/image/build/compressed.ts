import { ConfigurationError, concat, viewOf } from "../../core/index.ts";
import { FLAG } from "../format/header.ts";
import type { Tlv } from "../format/tlv-area.ts";
import { TLV } from "../format/tlvs.ts";
import { type Assembled, assembleImage, type Parts } from "./assemble.ts";
import type { CompressionOptions, ImageOptions, LzmaParameters } from "./build-options.ts";
/** What imgtool compresses with. */
export const LZMA_DEFAULTS = {
  dictionaryBytes: 131_072,
  literalContextBits: 3,
  literalPositionBits: 1,
  positionBits: 2,
  preset: 9,
  armThumb: false,
} as const satisfies LzmaParameters;
const DICTIONARY_STEPS = 40;

/**
 * A compressed image, or, where compression does not make it smaller, the plain one.
 * @throws ConfigurationError when the plain image would have to be encrypted: imgtool then writes it in the clear,
 *   marked as encrypted.
 * Source: MCUboot docs/design.md, "Compressed images"; boot_decompress (nRF Connect SDK fork); imgtool 2.4.0.
 */
export function assembleCompressed(
  parts: Parts,
  options: ImageOptions,
  { encode, parameters }: CompressionOptions,
): { assembled: Assembled; plain: Assembled; originalBytes: number; compressedBytes: number; used: boolean } {
  // The image the bootloader decompresses to: neither encrypted nor padded for it, but with the flag.
  const plain = assembleImage({ ...parts, keyWrapTlv: undefined }, options);
  const stream = encode(parts.body, parameters);
  const body = concat(lzmaHeader(parameters), stream);
  const tlvs = decompressionTlvs(plain, parts.body.length, options);
  const sizes = { originalBytes: parts.body.length, compressedBytes: stream.length };
  const overheadBytes = tlvs.reduce((sum, tlv) => sum + tlv.data.length, 0);
  if (stream.length + overheadBytes >= parts.body.length) {
    if (parts.keyWrapTlv === undefined || options.traps?.has("plain-fallback") === true)
      return { assembled: plain, plain, ...sizes, used: false };
    throw new ConfigurationError(
      "compression does not make this image smaller, and the image it falls back to would not be encrypted.",
      "Encrypt it without compression (imgtool writes it all the same: --imgtool-trap plain-fallback).",
    );
  }
  if (parts.keyWrapTlv !== undefined) tlvs.push({ type: TLV.COMP_DEC_SIZE, data: uint32(body.length, options) });
  const flags = FLAG.COMPRESSED_LZMA2 | (parameters.armThumb ? FLAG.COMPRESSED_ARM_THUMB : 0);
  return {
    assembled: assembleImage({ ...parts, body, compression: { flags, tlvs } }, options),
    plain,
    ...sizes,
    used: true,
  };
}

function decompressionTlvs(plain: Assembled, bodyBytes: number, options: ImageOptions): Tlv[] {
  return [
    { type: TLV.DECOMP_SIZE, data: uint32(bodyBytes, options) },
    { type: TLV.DECOMP_SHA, data: plain.digest },
    ...(plain.signature === undefined ? [] : [{ type: TLV.DECOMP_SIGNATURE, data: plain.signature }]),
  ];
}

/** Two bytes before the stream: dictionary size, and the literal and position bits. Source: LZMA SDK, lzma.txt. */
function lzmaHeader(parameters: LzmaParameters): Uint8Array {
  const { literalContextBits: lc, literalPositionBits: lp, positionBits: pb, dictionaryBytes } = parameters;
  for (let step = 0; step < DICTIONARY_STEPS; step += 1) {
    if (dictionaryBytes <= (2 | (step & 1)) * 2 ** (Math.floor(step / 2) + 11)) {
      return Uint8Array.of(step, (pb * 5 + lp) * 9 + lc);
    }
  }
  throw new ConfigurationError(`a dictionary of ${dictionaryBytes} bytes is too large for LZMA2.`);
}

function uint32(value: number, options: ImageOptions): Uint8Array {
  const out = new Uint8Array(4);
  viewOf(out).setUint32(0, value, options.endian !== "big");
  return out;
}
