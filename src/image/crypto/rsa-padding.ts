import { concat, ImageError, viewOf } from "../../core/index.ts";
import { digest, type HashName } from "../format/hashes.ts";

/** node:crypto draws salt and seed itself; images need them from an injected source, so the paddings stand here. */

const HASH: HashName = "sha256";
const HASH_BYTES = 32;

/**
 * EMSA-PSS encoding: SHA-256, MGF1-SHA-256, trailer 0xBC, for a modulus of `modulusBits` (a multiple of 8).
 * Source: RFC 8017 section 9.1.1; MCUboot insists on a salt of 32 bytes.
 */
export function pssEncode(messageHash: Uint8Array, salt: Uint8Array, modulusBits: number): Uint8Array {
  const bytes = modulusBits / 8;
  const h = digest(HASH, new Uint8Array(8), messageHash, salt);
  const zeros = new Uint8Array(bytes - salt.length - HASH_BYTES - 2);
  const masked = xor(concat(zeros, Uint8Array.of(1), salt), mgf1(h, bytes - HASH_BYTES - 1));
  // emBits is modulusBits - 1: the topmost bit is cleared.
  masked[0] = (masked[0] ?? 0) & 0x7f;
  return concat(masked, h, Uint8Array.of(0xbc));
}

/** EME-OAEP encoding: SHA-256, MGF1-SHA-256, empty label. Source: RFC 8017 section 7.1.1. */
export function oaepEncode(message: Uint8Array, seed: Uint8Array, modulusBits: number): Uint8Array {
  const bytes = modulusBits / 8;
  const fillBytes = bytes - message.length - 2 * HASH_BYTES - 2;
  if (fillBytes < 0) throw new ImageError(`${message.length} bytes do not fit RSA-OAEP of ${modulusBits} bits.`);
  const data = concat(digest(HASH), new Uint8Array(fillBytes), Uint8Array.of(1), message);
  const maskedData = xor(data, mgf1(seed, data.length));
  const maskedSeed = xor(seed, mgf1(maskedData, HASH_BYTES));
  return concat(Uint8Array.of(0), maskedSeed, maskedData);
}

/** Mask generation, RFC 8017 appendix B.2.1. */
function mgf1(seed: Uint8Array, bytes: number): Uint8Array {
  const blocks = Array.from({ length: Math.ceil(bytes / HASH_BYTES) }, (_, index) => {
    const counter = new Uint8Array(4);
    viewOf(counter).setUint32(0, index);
    return digest(HASH, seed, counter);
  });
  return concat(...blocks).subarray(0, bytes);
}

function xor(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((byte, index) => byte ^ (b[index] ?? 0));
}
