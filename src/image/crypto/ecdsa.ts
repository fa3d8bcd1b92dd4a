import { createECDH, createHmac } from "node:crypto";
import { concat, fromHex, hex } from "../../core/index.ts";
import { digest, type HashName } from "../format/hashes.ts";
import { derInteger, derSequence } from "./der.ts";

/** NIST curves with the hash that MCUboot pairs them with. */
export const CURVES = [
  {
    keyType: "ecdsa-p256",
    name: "prime256v1",
    hash: "sha256",
    scalarBytes: 32,
    order: BigInt("0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"),
    source: "SEC 2 section 2.4.2",
  },
  {
    keyType: "ecdsa-p384",
    name: "secp384r1",
    hash: "sha384",
    scalarBytes: 48,
    order: BigInt("0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973"),
    source: "SEC 2 section 2.5.1",
  },
] as const;

type Curve = (typeof CURVES)[number];

/**
 * Deterministic ECDSA signature in DER form: the nonce comes from key and message, so equal input gives equal bytes.
 * For reproducible test campaigns; keys that matter sign with the system's nonce.
 * @param secret the private scalar, big-endian, `scalarBytes` long.
 * @param hash hash of the message and of the nonce's generator.
 * Source: RFC 6979 section 3.2; SEC 1 section 4.1.3.
 */
export function signDeterministically(
  curve: Curve,
  secret: Uint8Array,
  message: Uint8Array,
  hash: HashName = curve.hash,
): Uint8Array {
  const { order, scalarBytes } = curve;
  const d = toInteger(secret);
  const hashed = digest(hash, message);
  const z = leftBits(hashed, scalarBytes);
  for (const nonce of nonces(curve, secret, z, hash)) {
    const ecdh = createECDH(curve.name);
    ecdh.setPrivateKey(Buffer.from(toBytes(nonce, scalarBytes)));
    const r = toInteger(ecdh.getPublicKey().subarray(1, 1 + scalarBytes)) % order;
    const s = (inverse(nonce, order) * ((z + r * d) % order)) % order;
    if (r !== 0n && s !== 0n)
      return derSequence(derInteger(toBytes(r, scalarBytes)), derInteger(toBytes(s, scalarBytes)));
  }
  throw new RangeError("unreachable: the generator of nonces has no end");
}

/** RFC 6979 section 3.2, steps b to h. */
function* nonces(curve: Curve, secret: Uint8Array, z: bigint, hash: HashName): Generator<bigint, void> {
  const { order, scalarBytes } = curve;
  const seed = concat(secret, toBytes(z % order, scalarBytes));
  const mac = (key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array =>
    new Uint8Array(
      createHmac(hash, key)
        .update(concat(...parts))
        .digest(),
    );
  const hashBytes = digest(hash).length;
  let v = new Uint8Array(hashBytes).fill(1) as Uint8Array;
  let k = new Uint8Array(hashBytes) as Uint8Array;
  for (const step of [0, 1]) {
    k = mac(k, v, Uint8Array.of(step), seed);
    v = mac(k, v);
  }
  for (;;) {
    let t = new Uint8Array(0) as Uint8Array;
    while (t.length < scalarBytes) {
      v = mac(k, v);
      t = concat(t, v);
    }
    const candidate = leftBits(t, scalarBytes);
    if (candidate > 0n && candidate < order) yield candidate;
    k = mac(k, v, Uint8Array.of(0));
    v = mac(k, v);
  }
}

/** The leftmost `bytes` of a bit string as an integer; both orders here are whole bytes long. */
function leftBits(bits: Uint8Array, bytes: number): bigint {
  return toInteger(bits.subarray(0, bytes));
}

function toInteger(bytes: Uint8Array): bigint {
  return BigInt(`0x${hex(bytes) || "0"}`);
}

function toBytes(value: bigint, bytes: number): Uint8Array {
  return fromHex(value.toString(16).padStart(bytes * 2, "0"));
}

/** Inverse of `value` modulo the prime `modulus` (extended Euclid). */
function inverse(value: bigint, modulus: bigint): bigint {
  let [low, high] = [value % modulus, modulus];
  let [lowFactor, highFactor] = [1n, 0n];
  while (low > 1n) {
    const quotient = high / low;
    [low, high] = [high % low, low];
    [lowFactor, highFactor] = [highFactor - quotient * lowFactor, lowFactor];
  }
  return ((lowFactor % modulus) + modulus) % modulus;
}
