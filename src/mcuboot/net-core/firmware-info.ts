import { createHash } from "node:crypto";
import { equalBytes, viewOf } from "../../core/index.ts";

/**
 * Words of the struct that b0n looks for in a network-core application. The third: version 2 of the struct, hardware 53
 * (the nRF53), crypto 0, and in its last byte a number that a project may choose
 * (CONFIG_FW_INFO_MAGIC_COMPATIBILITY_ID), the same in b0n and application of one build.
 * Source: sdk-nrf include/fw_info_bare.h, subsys/fw_info/Kconfig.
 */
const INFO_MAGIC = [0x281e_e6de, 0x8fce_bb4c, 0x0000_3502] as const;
/** What of the third word is not the project's own. */
const COMPATIBILITY_MASK = 0x00ff_ffff;
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
/** So far behind the firmware it is looked for, byte by byte. Source: bl_validation.c validation_info_find. */
const VALIDATION_SEARCH_BYTES = 4;

/** What a network-core application says of itself. */
interface FirmwareInfo {
  /** Bytes of firmware, without the validation struct behind it. */
  readonly bytes: number;
  /** Monotonic version counter: what READ_VERSION answers. */
  readonly version: number;
  readonly address: number;
}

/** Where the struct lies in firmware made here, if nothing else is said: behind a generated payload's line of text. */
const FIRMWARE_INFO_OFFSET = 0x400;
/** Bytes of the struct itself. */
const FIRMWARE_INFO_BYTES = 4 * INFO_WORDS;

/** As much of a firmware as holds its info struct, in bytes. */
export const FIRMWARE_HEAD_BYTES = 0x1100;

/** A struct, and where it was found. */
export interface FoundFirmware extends FirmwareInfo {
  /** Offset of the struct, and of the word in it that says valid, in bytes. */
  readonly at: number;
  readonly validAt: number;
  /** It was not marked invalid by the bootloader that starts it. */
  readonly isValid: boolean;
}

/** The struct in the first bytes of what a bootloader of nRF Connect SDK starts, also one that was marked invalid. */
export function firmwareIn(firmware: Uint8Array): FoundFirmware | undefined {
  const view = viewOf(firmware);
  for (const at of INFO_OFFSETS) {
    if (at + FIRMWARE_INFO_BYTES > firmware.length) continue;
    const word = (index: number) => view.getUint32(at + 4 * index, true);
    if (!isMagic(INFO_MAGIC, word)) continue;
    const said = { bytes: word(WORD.size), version: word(WORD.version), address: word(WORD.address) };
    return { ...said, at, validAt: at + 4 * WORD.valid, isValid: word(WORD.valid) === INFO_VALID };
  }
  return undefined;
}

/**
 * The struct in the first bytes of a firmware; undefined where there is none, as in whatever is no network-core
 * application, or an encrypted one.
 */
export function findFirmwareInfo(firmware: Uint8Array): FirmwareInfo | undefined {
  const found = firmwareIn(firmware);
  if (found?.isValid !== true) return undefined;
  const { bytes, version, address } = found;
  return { bytes, version, address };
}

/** The three words of a struct's magic, of whatever project. */
function isMagic(magic: readonly [number, number, number], word: (index: number) => number): boolean {
  return word(0) === magic[0] && word(1) === magic[1] && (word(2) & COMPATIBILITY_MASK) === magic[2];
}

/**
 * True when b0n takes a firmware: it finds the struct, the firmware is for this address, and the hash behind it fits.
 * Signatures are MCUboot's to check. Source: sdk-nrf samples/nrf5340/netboot/src/main.c.
 * @param firmware bytes from the firmware's start; may go on behind its end.
 */
export function isValidFirmware(firmware: Uint8Array, address: number): boolean {
  return firmwareFault(firmware, address) === undefined;
}

/** Why b0n does not take a firmware, as the end of a sentence; undefined when it does. */
export function firmwareFault(firmware: Uint8Array, address: number): string | undefined {
  const info = findFirmwareInfo(firmware);
  if (info === undefined) return "it has no firmware info struct (CONFIG_FW_INFO) where b0n looks for one";
  const hexText = (value: number) => `0x${value.toString(16)}`;
  if (info.address !== address)
    return `it is for ${hexText(info.address)}, and b0n keeps its application at ${hexText(address)}`;
  return sumFault(firmware, info);
}

/** The same of a firmware whose struct was found already. */
export function sumFault(firmware: Uint8Array, info: Omit<FirmwareInfo, "version">): string | undefined {
  const behind = validationBehind(firmware, info.bytes, info.address);
  if (behind === undefined) {
    return "no validation info follows it: it was not signed for b0n (take the build's signed_by_b0_ or signed_by_mcuboot_and_b0_ file)";
  }
  const hash = createHash("sha256").update(firmware.subarray(0, info.bytes)).digest();
  const isHash = equalBytes(behind.subarray(HASH_AT, HASH_AT + hash.length), new Uint8Array(hash));
  return isHash ? undefined : "the hash in its validation info is another one than its own";
}

/** The struct behind a firmware of so many bytes, which must be for the same address. */
function validationBehind(firmware: Uint8Array, bytes: number, address: number): Uint8Array | undefined {
  for (let at = bytes; at <= bytes + VALIDATION_SEARCH_BYTES; at += 1) {
    const end = at + VALIDATION_BYTES;
    if (end > firmware.length) return undefined;
    const behind = firmware.subarray(at, end);
    const word = (index: number) => viewOf(behind).getUint32(4 * index, true);
    if (isMagic(VALIDATION_MAGIC, word)) return word(3) === address ? behind : undefined;
  }
  return undefined;
}

/**
 * Makes a network-core application of a payload: writes the struct into it, at its offset, and puts the validation
 * struct with the hash behind it. Key and signature stay blank: b0n's own signature is no part of this model.
 * @param payload with room for the struct, a whole number of words; changed.
 */
export function asNetFirmware(
  payload: Uint8Array,
  { version, address }: Omit<FirmwareInfo, "bytes">,
  infoOffset = FIRMWARE_INFO_OFFSET,
): Uint8Array {
  const view = viewOf(payload);
  const put = (index: number, value: number): void => view.setUint32(infoOffset + 4 * index, value, true);
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

/**
 * Makes of a payload a MCUboot that NSIB starts from this address; as `asNetFirmware`. NSIB looks for the struct from
 * the half's start on, so that where it may lie depends on the header before the firmware.
 * @param headerBytes of MCUboot's image header there; up to 0xdc0.
 */
export function ownFirmware(payload: Uint8Array, said: Omit<FirmwareInfo, "bytes">, headerBytes: number): Uint8Array {
  const at = INFO_OFFSETS.find((offset) => offset >= headerBytes + TEXT_BYTES);
  if (at === undefined) throw new RangeError(`no place for the struct of firmware behind a header of ${headerBytes} B`);
  return asNetFirmware(payload, said, at - headerBytes);
}

/** A generated payload begins with its vector table and a line of text. */
const TEXT_BYTES = 0x240;
