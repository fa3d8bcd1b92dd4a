import { isHilError, textOf } from "../../core/index.ts";
import { aesCtr, ENCRYPTED_FLAGS, type ImageHeader, unwrapImageKey } from "../../image/index.ts";
import { type BuildEncryption, keyTlvBytes } from "../builds/build.ts";
import type { Steps } from "../steps/steps.ts";
import type { ImagePair, LoaderState, Slot, Swap } from "./loader-state.ts";
import { tlvEntries } from "./tlv-walk.ts";

const UNWRAPPED = new WeakMap<BuildEncryption, Map<string, Uint8Array | undefined>>();
const UNWRAPPED_MAX = 4_096;

/** The AES key in a key TLV, or undefined when the bootloader's key does not open it. */
export function unwrapKey(encryption: BuildEncryption, tlv: Uint8Array): Uint8Array | undefined {
  const known = UNWRAPPED.get(encryption) ?? new Map<string, Uint8Array | undefined>();
  UNWRAPPED.set(encryption, known);
  const name = Buffer.from(tlv).toString("latin1");
  if (known.has(name)) return known.get(name);
  if (known.size >= UNWRAPPED_MAX) known.clear();
  const key = openTlv(encryption, tlv);
  known.set(name, key);
  return key;
}

function openTlv(encryption: BuildEncryption, tlv: Uint8Array): Uint8Array | undefined {
  try {
    const key = unwrapImageKey(encryption.tlvType, tlv, encryption.key);
    return key.length === encryption.aesKeyBytes ? key : undefined;
  } catch (error) {
    if (isHilError(error)) return undefined;
    throw error;
  }
}

/** True when the header says that the body is encrypted. */
export function isEncrypted(header: ImageHeader): boolean {
  return (header.flags & ENCRYPTED_FLAGS) !== 0;
}

/**
 * Loads the key of the image that lies in a slot, unless one is loaded already.
 * @returns false when the image's key cannot be had; true also when the image carries no key TLV at all.
 * Source: MCUboot encrypted.c boot_enc_load.
 */
export function loadImageKey(loader: LoaderState, image: ImagePair, slot: Slot, swap?: Swap): boolean {
  const { encryption, lifeCycle } = loader.build;
  if (encryption !== undefined && lifeCycle?.decrypts === false) return false;
  if (encryption === undefined || image.keys[slot] !== undefined) return true;
  const entries = tlvEntries(loader, image, slot);
  if (entries === undefined) return false;
  const tlv = entries.find((entry) => entry.type === encryption.tlvType);
  if (tlv === undefined) return true;
  const key = tlv.data.length === keyTlvBytes(encryption) ? unwrapKey(encryption, tlv.data) : undefined;
  if (key === undefined) return false;
  image.keys[slot] = key;
  if (swap !== undefined) swap.savedKeys[slot] = encryption.saveTlv ? tlv.data.slice() : key;
  return true;
}

/** The time that an image key takes to be unwrapped. */
export function* unwrapping({ build }: LoaderState): Steps {
  yield { kind: "work", what: "unwrap", bytes: 0, cipherBytes: 0, crypto: build.crypto };
}

/** A key stream, and the same memory in words of 32 bits. */
interface Stream {
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
}

const STREAMS = new Map<string, Stream>();
const STREAMS_MAX = 32;
/** The same by the object that holds the key, which nobody changes: a boot asks with one key a thousand times. */
const BY_KEY = new WeakMap<Uint8Array, Stream>();

/**
 * Encrypts or decrypts a part of a body in place: both are the same. Key streams are kept, since a swap goes through
 * the same bytes of the same body again and again.
 * @param bodyOffset offset in the body of the first byte.
 */
export function applyKeyStream(key: Uint8Array, part: Uint8Array, bodyOffset: number): void {
  const end = bodyOffset + part.length;
  let stream = BY_KEY.get(key);
  if (stream === undefined || stream.bytes.length < end) {
    stream = streamOf(key, end);
    BY_KEY.set(key, stream);
  }
  mix(part, stream, bodyOffset);
}

/** So much of a key's stream, at least. */
function streamOf(key: Uint8Array, end: number): Stream {
  const name = textOf(key);
  const known = STREAMS.get(name);
  if (known !== undefined && known.bytes.length >= end) return known;
  if (STREAMS.size >= STREAMS_MAX) STREAMS.clear();
  const enough = Math.max(end, 2 * (known?.bytes.length ?? 0), 65_536);
  const bytes = aesCtr(key, new Uint8Array(Math.ceil(enough / 4) * 4), 0);
  const whole = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  const stream = { bytes: whole, words: new Uint32Array(whole.buffer, whole.byteOffset, whole.length >> 2) };
  STREAMS.set(name, stream);
  return stream;
}

/** Exclusive or, a word at a time where both lie so in memory. */
function mix(part: Uint8Array, { bytes, words }: Stream, from: number): void {
  const count = (part.byteOffset | from) % 4 === 0 ? part.length >> 2 : 0;
  if (count > 0) {
    const to = new Uint32Array(part.buffer, part.byteOffset, count);
    const first = from >> 2;
    for (let at = 0; at < count; at += 1) to[at] = (to[at] ?? 0) ^ (words[first + at] ?? 0);
  }
  for (let at = 4 * count; at < part.length; at += 1) part[at] = (part[at] ?? 0) ^ (bytes[from + at] ?? 0);
}
