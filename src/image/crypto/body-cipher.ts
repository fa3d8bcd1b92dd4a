import { createCipheriv } from "node:crypto";
import { ConfigurationError } from "../../core/index.ts";

const BLOCK_BYTES = 16;

/**
 * MCUboot's cipher for image bodies: AES-CTR, 16-byte counter block, big-endian, zero at the first body byte. The same
 * call encrypts and decrypts.
 * @param key 16 bytes (AES-128) or 32 bytes (AES-256); each image has its own, since the counter always starts at zero.
 * @param blockOffsetBytes offset of `bytes` inside the body; any value from 0 to 64 GiB, also inside a block.
 * @throws ConfigurationError for a key of another length.
 * Source: MCUboot encrypted.c boot_enc_decrypt; docs/encrypted_images.md.
 */
export function aesCtr(key: Uint8Array, bytes: Uint8Array, blockOffsetBytes: number): Uint8Array {
  if (key.length !== 16 && key.length !== 32) {
    throw new ConfigurationError(`image key has ${key.length} bytes; AES-128 takes 16 and AES-256 takes 32.`);
  }
  const counter = Buffer.alloc(BLOCK_BYTES);
  counter.writeUInt32BE(Math.floor(blockOffsetBytes / BLOCK_BYTES), 12);
  const cipher = createCipheriv(key.length === 16 ? "aes-128-ctr" : "aes-256-ctr", key, counter);
  const skipBytes = blockOffsetBytes % BLOCK_BYTES;
  if (skipBytes > 0) cipher.update(Buffer.alloc(skipBytes));
  const out = cipher.update(bytes);
  return new Uint8Array(out.buffer, out.byteOffset, out.length);
}
