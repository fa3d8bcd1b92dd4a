import { ConfigurationError, concat, defined, ImageError } from "../../core/index.ts";
import { aesCtr } from "../crypto/body-cipher.ts";
import { type Randomness, systemRandomness } from "../crypto/randomness.ts";
import { digest, type HashName, hashOfTlv, hashRow } from "../format/hashes.ts";
import { ENCRYPTED_FLAGS, encodeHeader, FLAG, HEADER_BYTES, type ImageHeader } from "../format/header.ts";
import { isMarkedEncrypted, type ParsedImage } from "../format/parse.ts";
import { encodeTlvArea, type Tlv, tlvAreaBytes } from "../format/tlv-area.ts";
import { TLV } from "../format/tlvs.ts";
import { keyTlvOf, verifyImage } from "../inspect/verify.ts";
import { type WrappingKey, wrapImageKey } from "../keys/image-key.ts";
import { generateKey } from "../keys/key-generate.ts";
import { keyTypeRow } from "../keys/key-types.ts";
import { type AnyKey, keyHash, loadPrivateKey, type PrivateKey } from "../keys/keys.ts";
import { signRegion } from "../keys/signature.ts";

export interface MutationKeys {
  /** Signs those mutants that are right but for one thing. */
  readonly signing: PrivateKey;
  /** The bootloader's private key: opens the image, and its public half encrypts mutants. */
  readonly decryptKey?: PrivateKey | WrappingKey;
  readonly randomness?: Randomness;
}

/** What a mutant has otherwise than the image; hash, signature and key TLV are made anew for it. */
export interface Changes {
  readonly header?: Partial<ImageHeader>;
  /** The plain body. */
  readonly body?: Uint8Array;
  readonly signWith?: PrivateKey;
  /** Whose hash the KEYHASH TLV holds; default: the signer's. */
  readonly named?: AnyKey;
  readonly wrapFor?: AnyKey | WrappingKey;
  /** Encrypt the body with another AES key than the key TLV carries. */
  readonly otherBodyKey?: boolean;
  /** "plain": leave the body plain, whatever the flags say. "none": plain, and without flag and key TLV. */
  readonly encryption?: "as it is" | "plain" | "none";
  readonly keyBits?: 128 | 256;
  /** The last word on the unprotected TLVs. */
  readonly tlvs?: (entries: readonly Tlv[]) => readonly Tlv[];
}

/**
 * An image taken apart so far that it can be put together again with one thing changed, rightly signed and
 * encrypted.
 */
export class MutationBase {
  readonly bytes: Uint8Array;
  readonly image: ParsedImage;
  readonly plainBody: Uint8Array;
  readonly signing: PrivateKey;
  /** A key of the signer's type that no bootloader knows. */
  readonly foreignSigning: PrivateKey;
  /** A key of the device's type that no device has; undefined for an image that is not encrypted. */
  readonly foreignDevice: AnyKey | undefined;
  readonly encrypted: boolean;
  readonly #hash: HashName;
  readonly #device: PrivateKey | WrappingKey | undefined;
  readonly #randomness: Randomness;

  /**
   * @throws ImageError when the image is not whole, or does not verify with the keys; ConfigurationError when it is
   *   encrypted and the key that opens it is missing.
   */
  constructor(bytes: Uint8Array, { signing, decryptKey, randomness = systemRandomness }: MutationKeys) {
    const verdict = verifyImage(bytes, {
      publicKey: signing.public,
      ...defined({ decryptKey }),
    });
    this.encrypted = isMarkedEncrypted(verdict.image.header);
    if (this.encrypted && decryptKey === undefined) {
      throw new ConfigurationError("the image is encrypted: its mutants need the key that opens it.");
    }
    const { ok, plainBody, image } = verdict;
    const hash = image.area.entries.map((entry) => hashOfTlv(entry.type)).find((row) => row !== undefined);
    if (
      !ok ||
      plainBody === undefined ||
      hash === undefined ||
      image.area.entries.some((tlv) => tlv.type === TLV.SIG_PURE)
    ) {
      throw new ImageError("mutants are made of an image that is right itself: this one does not verify.");
    }
    this.bytes = bytes.subarray(0, image.imageBytes);
    this.image = image;
    this.plainBody = plainBody;
    this.signing = signing;
    this.foreignSigning = loadPrivateKey(generateKey(signing.type));
    this.#hash = hash.name;
    this.#device = decryptKey;
    this.#randomness = randomness;
    const type = decryptKey?.type;
    this.foreignDevice = type === undefined || type === "aes-kw" ? undefined : loadPrivateKey(generateKey(type)).public;
  }

  /** The image with these changes, else right: hash, key hash, signature and encryption fit. */
  make(changes: Changes): Uint8Array {
    const { signWith = this.signing, encryption = "as it is" } = changes;
    const isEncrypted = this.encrypted && encryption !== "none";
    const body = changes.body ?? this.plainBody;
    const keyBits = changes.keyBits ?? ((this.image.header.flags & FLAG.ENCRYPTED_AES256) === 0 ? 128 : 256);
    const flagsKept = this.image.header.flags & ~ENCRYPTED_FLAGS;
    const flags = flagsKept | (!isEncrypted ? 0 : keyBits === 256 ? FLAG.ENCRYPTED_AES256 : FLAG.ENCRYPTED_AES128);
    const room = Uint8Array.from(this.image.headerRoom);
    room.set(encodeHeader({ ...this.image.header, flags, bodyBytes: body.length, ...changes.header }));
    const region = concat(room, body, this.image.protectedTlvs);
    const signature = signRegion(signWith, { region, hash: this.#hash }, this.#randomness);
    const signatureTlv = keyTypeRow(signWith.type).signatureTlv ?? 0;
    const entries: Tlv[] = [
      { type: hashRow(this.#hash).tlv, data: digest(this.#hash, region) },
      { type: TLV.KEYHASH, data: keyHash(changes.named ?? signWith, this.#hash) },
      { type: signatureTlv, data: signature },
    ];
    const stored = isEncrypted ? this.#encrypt(body, keyBits, entries, changes) : body;
    const list = changes.tlvs?.(entries) ?? entries;
    return concat(room, stored, this.image.protectedTlvs, encodeTlvArea(list, false));
  }

  #encrypt(body: Uint8Array, keyBits: 128 | 256, entries: Tlv[], changes: Changes): Uint8Array {
    const type = keyTlvOf(this.image)?.type;
    const key = changes.wrapFor ?? this.#device;
    if (type === undefined || key === undefined) throw new RangeError("an encrypted image has a key TLV");
    const imageKey = this.#randomness.draw("image key", keyBits / 8);
    entries.push({ type, data: wrapImageKey(type, imageKey, key, this.#randomness) });
    if (changes.encryption === "plain") return body;
    const bodyKey = changes.otherBodyKey === true ? this.#randomness.draw("image key", keyBits / 8) : imageKey;
    return aesCtr(bodyKey, body, 0);
  }

  /** The image as it is but for some bytes. Nothing is signed anew. */
  patched(offset: number, ...bytes: readonly number[]): Uint8Array {
    const out = Uint8Array.from(this.bytes);
    out.set(bytes, offset);
    return out;
  }

  /** The image as it is but for one bit. */
  flipped(offset: number, bit = 0): Uint8Array {
    return this.patched(offset, (this.bytes[offset] ?? 0) ^ (1 << bit));
  }

  /** Offset of the unprotected TLV area's info header. */
  get areaOffset(): number {
    return this.image.area.offset;
  }

  /** Offset of the last TLV's own header. */
  get lastTlvOffset(): number {
    return this.image.area.entries.at(-1)?.offset ?? this.areaOffset;
  }

  /** Length of everything but the body, with these unprotected TLVs. */
  get overheadBytes(): number {
    return this.image.headerRoom.length + this.image.protectedTlvs.length + tlvAreaBytes(this.image.area.entries);
  }

  /** True when there is header room behind the header's fields. */
  get hasHeaderPadding(): boolean {
    return this.image.headerRoom.length > HEADER_BYTES;
  }
}
