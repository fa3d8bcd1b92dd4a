import { randomBytes } from "node:crypto";
import type { Random } from "../../core/index.ts";

/** What random bytes are drawn for while an image is made. */
export type DrawPurpose = "image key" | "ephemeral key" | "OAEP seed" | "PSS salt";

/** Where the random parts of an image come from. */
export interface Randomness {
  draw(purpose: DrawPurpose, bytes: number): Uint8Array;
  /** Nonce of ECDSA: the system's, or derived from key and message (RFC 6979): equal input gives equal bytes. */
  readonly ecdsaNonce: "system" | "rfc6979";
}

/** The system's generator: the only one for keys that matter. */
export const systemRandomness: Randomness = {
  draw: (_purpose, bytes) => new Uint8Array(randomBytes(bytes)),
  ecdsaNonce: "system",
};

/**
 * Draws from a seed, for virtual-time campaigns with test keys only: two runs of one seed make the same images. Each
 * purpose has its own stream, and a stream goes on from image to image, so that no image key is used twice.
 */
export function seededRandomness(random: Random): Randomness {
  const streams = new Map<DrawPurpose, Random>();
  return {
    draw(purpose, bytes) {
      const stream = streams.get(purpose) ?? random.fork(purpose);
      streams.set(purpose, stream);
      return stream.bytes(bytes);
    },
    ecdsaNonce: "rfc6979",
  };
}
