import { createHash } from "node:crypto";
import { equalBytes, viewOf } from "../../core/index.ts";

/** Words of the struct that b0n looks for in a network-core application. Source: sdk-nrf include/fw_info.h. */
const INFO_MAGIC = [0x281e_e6de, 0x8fce_bb4c, 0x0000_3402] as const;
const INFO_VALID = 0x9102_ffff;
/** Offsets from the start of the firmware at which it may lie, in bytes. */
const INFO_OFFSETS = [0x0, 0x200, 0x400, 0x800, 0x1000] as const;
/** magic[3], total_size, size, version, address, boot_address, valid, reserved[4], two counts of external APIs. */
const INFO_WORDS = 15;
const WORD = { totalSize: 3, size: 4, version: 5, address: 6, bootAddress: 7, valid: 8 } as const;

/** The struct behind the firmware that holds its hash. Source: sdk-nrf bl_validation.c fw_validation_info. */
const VALIDATION_MAGIC = [0x281e_e6de, 0x8651_8483, 79_106] as const;
/** magic[3], address, hash[32], public key[64], signature[64]. */
const VALIDATION_BYTES = 16 + 32 + 64 + 64;
const HASH_AT = 16;

/** What a network-core application says of itself. */
interface FirmwareInfo {
  /** Bytes of firmware, without the validation struct behind it. */
  readonly bytes: number;
  /** Monotonic version counter: what READ_VERSION answers. */
  readonly version: number;
  readonly address: number;
}

/** Where the struct lies in firmware made here: behind the line of text of a generated payload. */
const FIRMWARE_INFO_OFFSET = 0x400;
/** Bytes of the struct itself. */
const FIRMWARE_INFO_BYTES = 4 * INFO_WORDS;

/**
 * The struct in the first bytes of a firmware; undefined where there is none, as in whatever is no network-core
 * application, or an encrypted one.
 */
export function findFirmwareInfo(firmware: Uint8Array): FirmwareInfo | undefined {
  const view = viewOf(firmware);
  for (const offset of INFO_OFFSETS) {
    if (offset + FIRMWARE_INFO_BYTES > firmware.length) continue;
    const word = (index: number): number => view.getUint32(offset + 4 * index, true);
    if (!INFO_MAGIC.every((value, index) => word(index) === value) || word(WORD.valid) !== INFO_VALID) continue;
    return { bytes: word(WORD.size), version: word(WORD.version), address: word(WORD.address) };
  }
  return undefined;
}

/**
 * True when b0n takes a firmware: it finds the struct, the firmware is for this address, and the hash behind it fits.
 * Signatures are MCUboot's to check. Source: sdk-nrf samples/nrf5340/netboot/src/main.c.
 * @param firmware bytes from the firmware's start; may go on behind its end.
 */
export function isValidFirmware(firmware: Uint8Array, address: number): boolean {
  const info = findFirmwareInfo(firmware);
  if (info === undefined || info.address !== address) return false;
  const end = info.bytes + VALIDATION_BYTES;
  if (end > firmware.length) return false;
  const behind = firmware.subarray(info.bytes, end);
  const view = viewOf(behind);
  if (!VALIDATION_MAGIC.every((value, index) => view.getUint32(4 * index, true) === value)) return false;
  if (view.getUint32(12, true) !== address) return false;
  const hash = createHash("sha256").update(firmware.subarray(0, info.bytes)).digest();
  return equalBytes(behind.subarray(HASH_AT, HASH_AT + hash.length), new Uint8Array(hash));
}

/**
 * Makes a network-core application of a payload: writes the struct into it, at its offset, and puts the validation
 * struct with the hash behind it. Key and signature stay blank: b0n's own signature is no part of this model.
 * @param payload at least 0x440 bytes, a whole number of words; changed.
 */
export function asNetFirmware(payload: Uint8Array, { version, address }: Omit<FirmwareInfo, "bytes">): Uint8Array {
  const view = viewOf(payload);
  const put = (index: number, value: number): void => view.setUint32(FIRMWARE_INFO_OFFSET + 4 * index, value, true);
  for (let index = 0; index < INFO_WORDS; index += 1) put(index, 0);
  for (const [index, value] of INFO_MAGIC.entries()) put(index, value);
  put(WORD.totalSize, FIRMWARE_INFO_BYTES);
  put(WORD.size, payload.length);
  put(WORD.version, version);
  put(WORD.address, address);
  put(WORD.bootAddress, address);
  put(WORD.valid, INFO_VALID);
  const out = new Uint8Array(payload.length + VALIDATION_BYTES).fill(0xff);
  out.set(payload);
  for (const [index, value] of VALIDATION_MAGIC.entries())
    viewOf(out).setUint32(payload.length + 4 * index, value, true);
  viewOf(out).setUint32(payload.length + 12, address, true);
  out.set(createHash("sha256").update(payload).digest(), payload.length + HASH_AT);
  return out;
}
