import { ConfigurationError, concat, hex, utf8, viewOf } from "../../core/index.ts";
import { type HashName, hashRow } from "../format/hashes.ts";
import type { Endian } from "../format/header.ts";
import type { Tlv } from "../format/tlv-area.ts";
import { CUSTOM_TLV, TLV, tlvRow } from "../format/tlvs.ts";
import type { Version } from "../format/version.ts";
import { type AnyKey, keyHash } from "../keys/keys.ts";
import type { Dependency, ImageOptions } from "./build-options.ts";

const UINT32_MAX = 0xffff_ffff;
const BOOT_RECORD_TYPE_CHARS_MAX = 12;

/**
 * Entries of the protected area, in the order imgtool writes them; an empty list means that there is no area.
 * @param decompression of a compressed image: TLVs about the image it decompresses to.
 */
export function protectedTlvs(options: ImageOptions, hash: HashName, decompression: readonly Tlv[]): Tlv[] {
  const { endian = "little", securityCounter: counter, bootRecord, vid, cid, manifest } = options;
  const entries: Tlv[] = [];
  if (counter !== undefined) entries.push({ type: TLV.SEC_CNT, data: counterBytes(counter, options.version, endian) });
  if (bootRecord !== undefined) {
    entries.push({
      type: TLV.BOOT_RECORD,
      data: bootRecordBytes(bootRecord, options.version, hash, options.signer?.key),
    });
  }
  for (const dependency of options.dependencies ?? []) {
    entries.push({ type: TLV.DEPENDENCY, data: dependencyBytes(dependency, endian) });
  }
  entries.push(...decompression);
  if (vid !== undefined) entries.push({ type: TLV.UUID_VID, data: vid });
  if (cid !== undefined) entries.push({ type: TLV.UUID_CID, data: cid });
  if (manifest !== undefined) entries.push({ type: TLV.MANIFEST, data: manifest });
  const customs = options.customTlvs ?? [];
  for (const [index, custom] of customs.entries()) {
    checkCustom(custom.type, customs.slice(0, index));
    entries.push(custom);
  }
  return entries;
}

/** The counter that `--security-counter auto` stands for; the build number does not count. */
function automaticCounter(version: Version): number {
  return version.major * 2 ** 24 + version.minor * 2 ** 16 + version.revision;
}

function counterBytes(counter: number | "auto", version: Version, endian: Endian): Uint8Array {
  const value = counter === "auto" ? automaticCounter(version) : counter;
  if (!Number.isInteger(value) || value < 0 || value > UINT32_MAX) {
    throw new ConfigurationError(`security counter ${value} is out of range.`, `It goes from 0 to ${UINT32_MAX}.`);
  }
  const out = new Uint8Array(4);
  viewOf(out).setUint32(0, value, endian === "little");
  return out;
}

/** Source: MCUboot image.h struct image_dependency. */
function dependencyBytes({ image, version }: Dependency, endian: Endian): Uint8Array {
  if (!Number.isInteger(image) || image < 0 || image > 255) {
    throw new ConfigurationError(`dependency on image ${image}: image numbers go from 0 to 255.`);
  }
  const out = new Uint8Array(12);
  const view = viewOf(out);
  view.setUint8(0, image);
  view.setUint8(4, version.major);
  view.setUint8(5, version.minor);
  view.setUint16(6, version.revision, endian === "little");
  view.setUint32(8, version.build, endian === "little");
  return out;
}

/**
 * Keys of a boot record's CBOR map, in the order they are written: the measurement must come last, since the bootloader
 * fills it in there. Source: TF-M boot_measurement.h; MCUboot boot_record.c.
 */
const BOOT_RECORD_KEYS = { type: 1, version: 4, signer: 5, description: 6, measurement: 2 } as const;

function bootRecordBytes(type: string, version: Version, hash: HashName, key: AnyKey | undefined): Uint8Array {
  if (type.length > BOOT_RECORD_TYPE_CHARS_MAX) {
    throw new ConfigurationError(`boot record type "${type}" is longer than ${BOOT_RECORD_TYPE_CHARS_MAX} characters.`);
  }
  const { bytes, label } = hashRow(hash);
  const values: Record<keyof typeof BOOT_RECORD_KEYS, Uint8Array> = {
    type: cborText(type),
    version: cborText(`${version.major}.${version.minor}.${version.revision}`),
    signer: cborBytes(key === undefined ? new Uint8Array(32) : keyHash(key, hash)),
    description: cborText(label),
    measurement: cborBytes(new Uint8Array(bytes)),
  };
  const keys = Object.keys(BOOT_RECORD_KEYS) as (keyof typeof BOOT_RECORD_KEYS)[];
  return concat(
    Uint8Array.of(0xa0 + keys.length),
    ...keys.flatMap((name) => [Uint8Array.of(BOOT_RECORD_KEYS[name]), values[name]]),
  );
}

/** Texts of a boot record stay below 24 bytes, so that their length fits the first byte. Source: RFC 8949 section 3. */
function cborText(text: string): Uint8Array {
  const bytes = utf8(text);
  if (bytes.length > 23) throw new ConfigurationError(`boot record text "${text}" is too long.`);
  return concat(Uint8Array.of(0x60 + bytes.length), bytes);
}

function cborBytes(bytes: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(0x58, bytes.length), bytes);
}

function checkCustom(type: number, before: readonly Tlv[]): void {
  const label = `0x${type.toString(16).padStart(2, "0")}`;
  if (tlvRow(type) !== undefined) throw new ConfigurationError(`Custom TLV ${label} conflicts with predefined TLV.`);
  if (!Number.isInteger(type) || type < CUSTOM_TLV.min || type > CUSTOM_TLV.max) {
    const [min, max] = [CUSTOM_TLV.min, CUSTOM_TLV.max].map((value) => hex(Uint8Array.of(value >> 8, value & 0xff)));
    throw new ConfigurationError(
      `Invalid custom TLV type value '${label}', allowed value should be between 0x${min} and 0x${max}`,
    );
  }
  if (before.some((other) => other.type === type)) throw new ConfigurationError(`Custom TLV ${label} already exists.`);
}
