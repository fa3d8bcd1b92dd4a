import { equalBytes } from "../core/index.ts";
import { digest, FLAG, HASHES, keyHash, keyTypeRow, TLV, type Tlv, verifySignature } from "../image/index.ts";
import { applyKeyStream, isEncrypted, loadKey, unwrapping } from "./body-keys.ts";
import type { BootloaderBuild } from "./build.ts";
import {
  hasMagic,
  type ImagePair,
  type Loader,
  readArea,
  SECONDARY,
  type Slot,
  type Swap,
  tlvOffset,
} from "./loader.ts";
import type { Steps } from "./steps.ts";
import { imageBytesMax } from "./strategy.ts";
import { imageStart, type TlvRange, tlvEntries, tlvRange } from "./tlv-walk.ts";

/**
 * The header makes sense for this slot and this build.
 * Source: MCUboot bootutil_loader.c boot_check_header_valid.
 */
export function isHeaderValid(loader: Loader, image: ImagePair, slot: Slot): boolean {
  const header = image.headers[slot];
  const { generation, encryption } = loader.build;
  if (!hasMagic(header)) return false;
  const tlvBytes = generation.headerCountsProtectedTlvs ? header.protectedTlvBytes : 0;
  if (header.headerBytes + header.bodyBytes + tlvBytes >= image.areas[slot].bytes) return false;
  if (encryption === undefined && generation.refusesForeignFlags && isEncrypted(header)) return false;
  const both = FLAG.ENCRYPTED_AES128 | FLAG.ENCRYPTED_AES256;
  if (encryption !== undefined && generation.refusesForeignFlags && (header.flags & both) === both) return false;
  const compressed = FLAG.COMPRESSED_LZMA1 | FLAG.COMPRESSED_LZMA2 | FLAG.COMPRESSED_ARM_THUMB;
  return !generation.refusesForeignFlags || (header.flags & compressed) === 0;
}

interface Check {
  readonly valid: boolean;
  /** The key that the check loaded, and what the trailer would save of it. */
  readonly key: Uint8Array | undefined;
  readonly savedKey: Uint8Array | undefined;
}

const CHECKS = new WeakMap<BootloaderBuild, Map<string, Check>>();
const CHECKS_MAX = 50_000;

/**
 * Hash, TLVs and signature of the image in a slot; in the secondary slot the body is decrypted on the way, and its key
 * stays loaded. Known contents are not gone through again, unless the build says so.
 * Source: MCUboot bootutil_loader.c boot_check_image, image_validate.c bootutil_img_validate.
 */
export function* checkImage(loader: Loader, image: ImagePair, slot: Slot, swap?: Swap): Steps<boolean> {
  const header = image.headers[slot];
  const range = tlvRange(loader, image, slot);
  const area = image.areas[slot];
  const start = imageStart(image, slot);
  const bytes = Math.min(range?.end ?? tlvOffset(header), area.bytes - start);
  const decrypts = decryptsBody(loader, image, slot);
  if (decrypts && image.keys[slot] === undefined) yield* unwrapping(loader);
  const cipherBytes = decrypts ? Math.min(header.bodyBytes, Math.max(0, bytes)) : 0;
  yield { kind: "work", what: "validate", bytes: Math.max(0, bytes), cipherBytes, crypto: loader.build.crypto };
  const name = checkName(loader, image, slot, bytes);
  const known = name === undefined ? undefined : checksOf(loader.build).get(name);
  if (known !== undefined) {
    if (known.key !== undefined) image.keys[slot] = known.key;
    if (swap !== undefined && known.savedKey !== undefined) swap.savedKeys[slot] = known.savedKey;
    return known.valid;
  }
  const valid = isImageValid(loader, image, slot, range, swap);
  if (name !== undefined) {
    const checks = checksOf(loader.build);
    if (checks.size >= CHECKS_MAX) checks.clear();
    const decrypts = slot === SECONDARY;
    checks.set(name, {
      valid,
      key: decrypts ? image.keys[slot] : undefined,
      savedKey: decrypts ? swap?.savedKeys[slot] : undefined,
    });
  }
  return valid;
}

function checksOf(build: BootloaderBuild): Map<string, Check> {
  let checks = CHECKS.get(build);
  if (checks === undefined) {
    checks = new Map();
    CHECKS.set(build, checks);
  }
  return checks;
}

/** A name for all that a check depends on; undefined when it must be carried out. */
function checkName(loader: Loader, image: ImagePair, slot: Slot, bytes: number): string | undefined {
  const { flash, build } = loader;
  const keyAtHand = slot === SECONDARY && image.keys[SECONDARY] !== undefined;
  if (!build.memoise || flash.identity === undefined || keyAtHand) return undefined;
  const offset = image.areas[slot].offset + imageStart(image, slot);
  return `${image.index} ${slot} ${JSON.stringify(image.headers[slot])} ${flash.identity(offset, Math.max(0, bytes))}`;
}

/** The body in a slot is decrypted to be hashed. */
function decryptsBody({ build }: Loader, image: ImagePair, slot: Slot): boolean {
  return slot === SECONDARY && build.encryption !== undefined && isEncrypted(image.headers[slot]);
}

function isImageValid(
  loader: Loader,
  image: ImagePair,
  slot: Slot,
  range: TlvRange | undefined,
  swap: Swap | undefined,
): boolean {
  const header = image.headers[slot];
  const { build } = loader;
  const decrypts = decryptsBody(loader, image, slot);
  if (decrypts && !loadKey(loader, image, slot, swap)) return false;
  const key = image.keys[slot];
  if (decrypts && key === undefined) return false;
  const bytes = tlvOffset(header) + header.protectedTlvBytes;
  const signed = readArea(loader, image.areas[slot], imageStart(image, slot), bytes);
  const entries = tlvEntries(loader, image, slot);
  if (signed === undefined || entries === undefined || range === undefined) return false;
  if (range.end > imageBytesMax(build, image.areas, slot)) return false;
  if (decrypts && key !== undefined) {
    applyKeyStream(key, signed.subarray(header.headerBytes, tlvOffset(header)), 0);
  }
  return areTlvsRight(build, signed, entries);
}

/** Walks the TLVs in file order: every hash must fit, and the last signature after a known key decides. */
function areTlvsRight(build: BootloaderBuild, signed: Uint8Array, entries: readonly Tlv[]): boolean {
  const { key, hash } = build.signature;
  const hashRow = HASHES.find((row) => row.name === hash);
  const expected = digest(hash, signed);
  let hashSeen = false;
  let keyKnown = false;
  let signatureRight = false;
  for (const entry of entries) {
    if (entry.type === hashRow?.tlv) {
      if (!equalBytes(entry.data, expected)) return false;
      hashSeen = true;
    } else if (key === undefined) {
      continue;
    } else if (entry.type === TLV.KEYHASH) {
      keyKnown = equalBytes(entry.data, keyHash(key, hash));
    } else if (entry.type === keyTypeRow(key.type).signatureTlv && keyKnown) {
      signatureRight = verifySignature(key, { region: signed, hash }, entry.type, entry.data);
      keyKnown = false;
    }
  }
  return hashSeen && (signatureRight || key === undefined);
}
