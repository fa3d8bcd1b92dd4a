import { equalBytes } from "../../core/index.ts";
import {
  type AnyKey,
  digest,
  FLAG,
  HASHES,
  type HashName,
  keyHash,
  keyTypeRow,
  TLV,
  type Tlv,
  tlvRow,
  verifySignature,
} from "../../image/index.ts";
import type { BootMode } from "../builds/boot-mode.ts";
import { type BootloaderBuild, keyTlvBytes } from "../builds/build.ts";
import type { Fault, RefusalName, RefusalValues } from "../builds/refusal-table.ts";
import { applyKeyStream, isEncrypted, loadImageKey, unwrapping } from "../loader/body-keys.ts";
import {
  hasMagic,
  type ImagePair,
  type LoaderState,
  PRIMARY,
  readArea,
  SECONDARY,
  type Slot,
  type Swap,
  tlvOffset,
} from "../loader/loader-state.ts";
import { imageStart, protectedEntries, type TlvRange, tlvEntries, tlvRange } from "../loader/tlv-walk.ts";
import type { Steps } from "../steps/steps.ts";
import { imageBytesMax } from "../swap/strategies.ts";

/**
 * What in the header makes no sense for this slot and this build; undefined when it does.
 * Source: MCUboot bootutil_loader.c boot_check_header_valid.
 */
export function headerFault(loader: LoaderState, image: ImagePair, slot: Slot): Fault | undefined {
  const header = image.headers[slot];
  const { generation, encryption } = loader.build;
  if (!hasMagic(header)) return { reason: "header" };
  const tlvBytes = generation.headerCountsProtectedTlvs ? header.protectedTlvBytes : 0;
  const endBytes = header.headerBytes + header.bodyBytes + tlvBytes;
  const slotBytes = image.areas[slot].bytes;
  if (endBytes >= slotBytes) return sizes("past the slot", endBytes, slotBytes);
  if (!generation.refusesForeignFlags) return undefined;
  if (encryption === undefined && isEncrypted(header)) return { reason: "encryption not built in" };
  const both = FLAG.ENCRYPTED_AES128 | FLAG.ENCRYPTED_AES256;
  if (encryption !== undefined && (header.flags & both) === both) return { reason: "two key sizes" };
  const compressed = FLAG.COMPRESSED_LZMA1 | FLAG.COMPRESSED_LZMA2 | FLAG.COMPRESSED_ARM_THUMB;
  if ((header.flags & compressed) === 0) return undefined;
  return { reason: "compression not built in", values: { flags: header.flags.toString(16) } };
}

/** True when the header makes sense for this slot and this build. */
export function isHeaderValid(loader: LoaderState, image: ImagePair, slot: Slot): boolean {
  return headerFault(loader, image, slot) === undefined;
}

function sizes(reason: RefusalName, found: number, limit: number, values: RefusalValues = {}): Fault {
  return { reason, values: { ...values, found: `0x${found.toString(16)}`, limit: `0x${limit.toString(16)}` } };
}

interface Check {
  readonly fault: Fault | undefined;
  /** The key that the check loaded, and what the trailer would save of it. */
  readonly key: Uint8Array | undefined;
  readonly savedKey: Uint8Array | undefined;
}

const CHECKS = new WeakMap<BootloaderBuild, Map<string, Check>>();
const CHECKS_MAX = 50_000;

/**
 * Hash, TLVs and signature of the image in a slot; in the secondary slot the body is decrypted on the way, and its key
 * stays loaded. Known contents are not gone through again, unless the build says so.
 * @returns what is wrong with it; undefined for an image that is valid.
 * Source: MCUboot bootutil_loader.c boot_check_image, image_validate.c bootutil_img_validate.
 */
export function* checkImage(loader: LoaderState, image: ImagePair, slot: Slot, swap?: Swap): Steps<Fault | undefined> {
  const header = image.headers[slot];
  const range = tlvRange(loader, image, slot);
  const area = image.areas[slot];
  const start = imageStart(image, slot);
  const bytes = Math.min(range?.end ?? tlvOffset(header), area.bytes - start);
  const decrypts = decryptsBody(loader, image, slot);
  if (decrypts && image.keys[slot] === undefined) yield* unwrapping(loader);
  const cipherBytes = decrypts && loader.build.mode !== "ram-load" ? Math.min(header.bodyBytes, Math.max(0, bytes)) : 0;
  yield { kind: "work", what: "validate", bytes: Math.max(0, bytes), cipherBytes, crypto: loader.build.crypto };
  const name = checkName(loader, image, slot, bytes);
  const known = name === undefined ? undefined : checksOf(loader.build).get(name);
  if (known !== undefined) {
    if (known.key !== undefined) image.keys[slot] = known.key;
    if (swap !== undefined && known.savedKey !== undefined) swap.savedKeys[slot] = known.savedKey;
    return known.fault;
  }
  const fault = imageFault(loader, image, slot, range, swap);
  if (name !== undefined) {
    const keeps = slot === SECONDARY || decrypts;
    const checks = checksOf(loader.build);
    if (checks.size >= CHECKS_MAX) checks.clear();
    checks.set(name, {
      fault,
      key: keeps ? image.keys[slot] : undefined,
      savedKey: keeps ? swap?.savedKeys[slot] : undefined,
    });
  }
  return fault;
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
function checkName(loader: LoaderState, image: ImagePair, slot: Slot, bytes: number): string | undefined {
  const { flash, build } = loader;
  const keyAtHand = slot === SECONDARY && image.keys[SECONDARY] !== undefined;
  if (!build.memoise || flash.identity === undefined || keyAtHand) return undefined;
  const offset = image.areas[slot].offset + imageStart(image, slot);
  const content = flash.identity(offset, Math.max(0, bytes));
  return content === undefined ? undefined : `${image.index} ${slot} ${JSON.stringify(image.headers[slot])} ${content}`;
}

/** The body in a slot is decrypted to be hashed. */
function decryptsBody({ build }: LoaderState, image: ImagePair, slot: Slot): boolean {
  // Where images are loaded into RAM both slots hold them as they were delivered.
  return (
    (slot === SECONDARY || build.mode === "ram-load") &&
    build.encryption !== undefined &&
    isEncrypted(image.headers[slot])
  );
}

function imageFault(
  loader: LoaderState,
  image: ImagePair,
  slot: Slot,
  range: TlvRange | undefined,
  swap: Swap | undefined,
): Fault | undefined {
  const header = image.headers[slot];
  const { build } = loader;
  const decrypts = decryptsBody(loader, image, slot);
  if (decrypts && !loadImageKey(loader, image, slot, swap)) return keyFault(build, tlvEntries(loader, image, slot));
  const key = image.keys[slot];
  if (decrypts && key === undefined) return { reason: "no key" };
  const bytes = tlvOffset(header) + header.protectedTlvBytes;
  const signed = readArea(loader, image.areas[slot], imageStart(image, slot), bytes);
  const entries = tlvEntries(loader, image, slot);
  if (signed === undefined || entries === undefined || range === undefined) return { reason: "TLVs" };
  const fillsHalf = image.own && build.generation.ownUpdateFillsSlot;
  const limit = fillsHalf ? image.areas[PRIMARY].bytes : imageBytesMax(build, image.areas, slot);
  if (range.end > limit) return sizes("too long", range.end, limit, { mode: MODE_TEXTS[build.mode] });
  const unlisted = unlistedTlv(build, entries, protectedEntries(loader, image, slot) ?? []);
  if (unlisted !== undefined) return { reason: "unlisted TLV", values: { type: unlisted.type.toString(16) } };
  const stored = decrypts ? signed.slice() : signed;
  if (decrypts && key !== undefined) {
    applyKeyStream(key, signed.subarray(header.headerBytes, tlvOffset(header)), 0);
  }
  const fault = tlvsFault(build, signed, entries);
  if (fault?.reason !== "hash" || !decrypts) return fault;
  return tlvsFault(build, stored, entries)?.reason === "hash" ? fault : { reason: "body in clear" };
}

/** The first TLV of the unprotected area that such a build does not let stand there. `entries` has the protected first. */
function unlistedTlv(
  { tlvAllowList = false }: BootloaderBuild,
  entries: readonly Tlv[],
  { length }: readonly Tlv[],
): Tlv | undefined {
  return tlvAllowList ? entries.slice(length).find(({ type }) => tlvRow(type)?.allowed !== true) : undefined;
}

/** How people call a mode. */
export const MODE_TEXTS: Readonly<Record<BootMode, string>> = {
  move: "swap using move",
  offset: "swap using offset",
  scratch: "swap using scratch",
  overwrite: "overwrite only",
  "direct-xip": "direct XIP",
  "ram-load": "RAM load",
  single: "a single slot",
};

/** Why the key of an image could not be loaded. */
function keyFault({ encryption }: BootloaderBuild, entries: readonly Tlv[] | undefined): Fault {
  const tlv = entries?.find((entry) => entry.type === encryption?.tlvType);
  if (tlv === undefined || encryption === undefined) return { reason: "TLVs" };
  if (tlv.data.length === keyTlvBytes(encryption)) return { reason: "encryption key" };
  const aesText = (aesKeyBytes: number) => `AES-${8 * aesKeyBytes}`;
  const other = ([16, 32] as const).find((bytes) => {
    return keyTlvBytes({ ...encryption, aesKeyBytes: bytes }) === tlv.data.length;
  });
  const found = other === undefined ? `${tlv.data.length}-byte` : aesText(other);
  return { reason: "key size", values: { found, wanted: aesText(encryption.aesKeyBytes) } };
}

/** Walks the TLVs in file order: every hash must fit, and the last signature after a known key decides. */
function tlvsFault(build: BootloaderBuild, signed: Uint8Array, entries: readonly Tlv[]): Fault | undefined {
  const { lifeCycle } = build;
  const { hash } = build.signature;
  const key = lifeCycle?.checksSignature === false ? undefined : build.signature.key;
  const others = lifeCycle?.keys === "first" ? [] : (build.signature.others ?? []);
  const hashRow = HASHES.find((row) => row.name === hash);
  const expected = digest(hash, signed);
  let hashSeen = false;
  let known: AnyKey | undefined;
  let signature: "none" | "of another key" | "wrong" | "right" = "none";
  for (const entry of entries) {
    if (entry.type === hashRow?.tlv) {
      if (!equalBytes(entry.data, expected)) return { reason: "hash" };
      hashSeen = true;
    } else if (key === undefined) {
      continue;
    } else if (entry.type === TLV.KEYHASH) {
      known = keyOf([key, ...others], hash, entry.data);
    } else if (entry.type === keyTypeRow(key.type).signatureTlv) {
      if (known !== undefined) {
        const isRight = verifySignature(known, { region: signed, hash }, entry.type, entry.data);
        signature = isRight ? "right" : "wrong";
        known = undefined;
      } else if (signature === "none") signature = "of another key";
    }
  }
  if (!hashSeen) return { reason: "no hash" };
  if (signature === "right" || key === undefined) return undefined;
  if (signature === "none") return { reason: "no signature" };
  return { reason: signature === "wrong" ? "signature" : "signing key" };
}

/** The first of a build's keys that a KEYHASH names, by as many bytes as it has. Source: MCUboot bootutil_find_key.c. */
function keyOf(keys: readonly AnyKey[], hash: HashName, named: Uint8Array): AnyKey | undefined {
  return keys.find((key) => {
    const own = keyHash(key, hash);
    return named.length <= own.length && equalBytes(own.subarray(0, named.length), named);
  });
}
