import { ConfigurationError } from "../../core/index.ts";
import type { Randomness } from "../crypto/randomness.ts";
import { HASHES, type HashName, hashRow } from "../format/hashes.ts";
import type { Endian } from "../format/header.ts";
import type { Tlv } from "../format/tlv-area.ts";
import { TLV } from "../format/tlvs.ts";
import type { MaxAlign } from "../format/trailer.ts";
import type { Version } from "../format/version.ts";
import { KEY_WRAPS, type WrappingKey } from "../keys/image-key.ts";
import { keyTypeRow } from "../keys/key-types.ts";
import type { AnyKey, PrivateKey, PublicKey } from "../keys/keys.ts";
import type { TrapName } from "./traps.ts";
/** Who signs: a key at hand, or someone else whose signature is given (`--fix-sig`; it may still be empty). */
export type Signer =
  | { readonly kind: "key"; readonly key: PrivateKey }
  | { readonly kind: "fixed"; readonly key: AnyKey; readonly signature: Uint8Array };

export interface EncryptionOptions {
  /** Whom the image key is wrapped for; of a private key only the public half is used. */
  readonly key: AnyKey | WrappingKey;
  /** Of the AES key that the body is encrypted with; default: 128. */
  readonly keyBits?: 128 | 256;
  /** HKDF and HMAC hash of ECIES-X25519; other keys know only SHA-256. */
  readonly hmac?: "sha256" | "sha512";
  /** Leave the body plain but for flag, padding and key TLV: for a first image that a swap re-encrypts. */
  readonly clear?: boolean;
}

export interface Dependency {
  /** Image number, 0 to 255. */
  readonly image: number;
  readonly version: Version;
}

/** All that decides an image. Sizes are bytes; what is not given is imgtool's default. */
export interface ImageOptions {
  readonly version: Version;
  /** `hdr_size`, 32 to 65535. */
  readonly headerBytes: number;
  /** True: header room is put in front of the payload. False: the payload starts with as many zero bytes. */
  readonly padHeader: boolean;
  /** Overwrite header room with this byte, whatever it holds (nRF Connect SDK `--pad-value`). */
  readonly headerFill?: number;
  /** Byte order of header, TLVs and trailer; default: little. */
  readonly endian?: Endian;
  /** Default: none, so the image has a hash and no signature. */
  readonly signer?: Signer;
  /** Default: the first that the signing key allows; SHA-256 without a key. */
  readonly hash?: HashName;
  /** The signature is of the image itself, not of its hash; Ed25519 only. */
  readonly pure?: boolean;
  /** Fill ECDSA signatures up with zeros, for MCUboot before 1.5. */
  readonly padSignature?: boolean;
  /** How the image names its key: by the key's hash (default), or by the whole public key. */
  readonly publicKeyFormat?: "hash" | "full";
  /** Default: the body stays plain. */
  readonly encryption?: EncryptionOptions;
  readonly compression?: CompressionOptions;
  /** Where the bootloader copies the image to in RAM; default: 0, it runs from flash. Not together with `romFixed`. */
  readonly loadAddress?: number;
  /** The only flash address that the image may run from; default: 0, any. */
  readonly romFixed?: number;
  readonly nonBootable?: boolean;
  /** For rollback protection by hardware, 32 bits; "auto" makes it of the version. Default: no such TLV. */
  readonly securityCounter?: number | "auto";
  /** Versions that other images must have at least, for this one to boot. */
  readonly dependencies?: readonly Dependency[];
  /** Software type of a boot record, at most 12 characters. */
  readonly bootRecord?: string;
  /** UUIDs of 16 bytes: see vendorId and classId. */
  readonly vid?: Uint8Array;
  readonly cid?: Uint8Array;
  /** Data of the nRF Connect SDK's MANIFEST TLV. */
  readonly manifest?: Uint8Array;
  readonly customTlvs?: readonly Tlv[];
  /** 0 or less: no size check. */
  readonly slotBytes?: number;
  /** Least that the flash can write, which decides the trailer's length; default: 1. */
  readonly writeBytes?: number;
  /** Alignment of the trailer's fields; default: 8, or the next of 16 and 32 that `writeBytes` needs. */
  readonly maxAlign?: MaxAlign;
  /** Sectors whose swap status the trailer has room for; default: 128. */
  readonly maxSectors?: number;
  /** The bootloader overwrites instead of swapping: its trailer has no swap status. */
  readonly overwriteOnly?: boolean;
  /** The bootloader keeps whole key TLVs in the trailer, not only the keys. */
  readonly saveEncTlv?: boolean;
  /** What to write at the slot's end: nothing, the magic (a test swap), or magic and image_ok (permanent). */
  readonly trailer?: "none" | "pad" | "confirm";
  /** What erased flash reads: 0xff or 0. */
  readonly erasedValue?: number;
  /** Where key, seeds and salts come from; default: the system's generator. */
  readonly randomness?: Randomness;
  /** What is done as imgtool does it, though nothing good comes of it; default: nothing. */
  readonly traps?: ReadonlySet<TrapName>;
}

/** Hash of the image: the one asked for when the signing key allows it, else the key's first. */
export function chooseHash(options: ImageOptions): HashName {
  const { signer, hash, pure = false } = options;
  if (signer === undefined) return hash ?? "sha256";
  const row = keyTypeRow(signer.key.type);
  if (pure) {
    if (signer.key.type !== "ed25519") {
      throw new ConfigurationError(`Pure signatures need an Ed25519 key; this one is ${signer.key.type}.`);
    }
    if (hash !== undefined) {
      throw new ConfigurationError(
        "Pure signatures, currently, enforces preferred hash algorithm, and forbids sha selection by user.",
      );
    }
    return "sha512";
  }
  const allowed = allowedHashes(signer.key);
  const first = allowed[0];
  if (first === undefined) {
    throw new ConfigurationError(`a key of type ${row.name} cannot sign; it only encrypts.`);
  }
  if (hash === undefined || allowed.includes(hash)) return hash ?? first;
  const list = HASHES.filter((candidate) => allowed.includes(candidate.name)).map((candidate) => candidate.bits);
  throw new ConfigurationError(
    `Key ${row.signatureName} can not be used with --sha ${hashRow(hash).bits}; ` +
      `allowed sha are one of ${list.join(", ")}`,
  );
}

/** Image hashes that a key may stand for. */
export function allowedHashes(key: PrivateKey | PublicKey): readonly HashName[] {
  const row = keyTypeRow(key.type);
  return key.role === "public" ? row.publicHashes : row.hashes;
}

/** Encrypted with a key that no TLV carries: imgtool's trap `no-key-tlv`. */
export const NO_KEY_TLV = "none";

/**
 * TLV type that carries the image key.
 * @throws ConfigurationError when signing and encryption key may not go together, or when no TLV can carry a key for
 *   this one. imgtool takes P-384 and Ed25519 keys and writes an image nobody can ever decrypt, and takes RSA-3072 and
 *   writes a TLV no bootloader accepts: refused here.
 */
export function chooseKeyWrap(encryption: EncryptionOptions, signer: Signer | undefined): number {
  const { key, hmac = "sha256" } = encryption;
  requirePair(key, signer);
  const rows = KEY_WRAPS.filter((row) => row.keyType === key.type);
  if (rows.length === 0) {
    throw new ConfigurationError(
      `a key of type ${key.type} cannot encrypt images: MCUboot has no TLV that carries an image key for it, ` +
        "so the image could never be decrypted.",
      `Use one of ${[...new Set(KEY_WRAPS.map((row) => row.keyType))].join(", ")}. imgtool writes it: --imgtool-trap.`,
    );
  }
  // RSA knows no HMAC: the option has no effect there, as in imgtool.
  const wanted = rows.find((row) => row.hash === hmac || row.method !== "ECIES");
  if (wanted === undefined) throw new ConfigurationError("Currently only ECIES-X25519 supports HMAC-SHA512");
  return wanted.tlv;
}

function requirePair(key: EncryptionOptions["key"], signer: Signer | undefined): void {
  const signs = signer?.key.type.split("-")[0];
  const pairs = signs === "rsa" ? key.type.startsWith("rsa") : signs !== "ecdsa" || key.type === signer?.key.type;
  if (!pairs && key.role !== "wrapping") {
    throw new ConfigurationError("Signing and encryption must use the same type of key");
  }
}

/** The same, but for keys that imgtool takes and `traps` names. @throws as `chooseKeyWrap`. */
export function keyWrapOrTrap(
  encryption: EncryptionOptions,
  signer: Signer | undefined,
  traps: ReadonlySet<TrapName> = new Set(),
): number | typeof NO_KEY_TLV {
  const { key } = encryption;
  const [isRsa, hasNone] = [key.type === "rsa-3072", key.type === "ecdsa-p384" || key.type === "ed25519"];
  if (!(isRsa && traps.has("rsa-3072")) && !(hasNone && traps.has("no-key-tlv"))) {
    return chooseKeyWrap(encryption, signer);
  }
  requirePair(key, signer);
  return isRsa ? TLV.ENCRSA2048 : NO_KEY_TLV;
}

/** Parameters of an LZMA2 stream. */
export interface LzmaParameters {
  /** Size of the dictionary; the header can name 2^n and 3 * 2^n bytes from 4 KiB on. */
  readonly dictionaryBytes: number;
  /** Literal context bits, 0 to 4; together with `literalPositionBits` at most 4. */
  readonly literalContextBits: number;
  readonly literalPositionBits: number;
  readonly positionBits: number;
  /** 0 to 9: how hard the encoder looks; does not show in the stream. */
  readonly preset: number;
  /** Turn Thumb branches to absolute addresses first. */
  readonly armThumb: boolean;
}

/** Makes a raw LZMA2 stream (no container). Node has no such encoder: it is passed in. */
export type Lzma2Encoder = (plain: Uint8Array, parameters: LzmaParameters) => Uint8Array;

export interface CompressionOptions {
  readonly encode: Lzma2Encoder;
  readonly parameters: LzmaParameters;
}
