/** All TLV types. A new one is a new row; encoder, reader, dump and checks walk this table. */

type TlvAreaName = "protected" | "unprotected";

interface TlvRow {
  readonly type: number;
  /** As imgtool prints it. */
  readonly name: string;
  readonly area: TlvAreaName;
  /** Legal data lengths in bytes; absent when any length may be right. */
  readonly bytes?: readonly number[];
  /** True when the bootloader's allow-list lets it stand in the unprotected area. */
  readonly allowed?: true;
  readonly source: string;
}

const mcuboot = "MCUboot image.h IMAGE_TLV_*";

/** Mynewt's newt shortens key hashes. Source: mynewt-artifact image/create.go, sec/. */
export const SHORT_KEY_HASH_BYTES = 4;

export const TLVS = [
  {
    type: 0x01,
    name: "KEYHASH",
    area: "unprotected",
    bytes: [SHORT_KEY_HASH_BYTES, 32, 48, 64],
    allowed: true,
    source: `${mcuboot}; newt writes the first 4 bytes (mynewt-artifact image/)`,
  },
  { type: 0x02, name: "PUBKEY", area: "unprotected", allowed: true, source: mcuboot },
  { type: 0x10, name: "SHA256", area: "unprotected", bytes: [32], allowed: true, source: mcuboot },
  { type: 0x11, name: "SHA384", area: "unprotected", bytes: [48], allowed: true, source: mcuboot },
  { type: 0x12, name: "SHA512", area: "unprotected", bytes: [64], allowed: true, source: mcuboot },
  { type: 0x20, name: "RSA2048", area: "unprotected", bytes: [256], allowed: true, source: mcuboot },
  { type: 0x21, name: "ECDSA224", area: "unprotected", allowed: true, source: `${mcuboot} (no longer used)` },
  { type: 0x22, name: "ECDSASIG", area: "unprotected", allowed: true, source: mcuboot },
  { type: 0x23, name: "RSA3072", area: "unprotected", bytes: [384], allowed: true, source: mcuboot },
  { type: 0x24, name: "ED25519", area: "unprotected", bytes: [64], allowed: true, source: mcuboot },
  { type: 0x25, name: "SIG_PURE", area: "unprotected", bytes: [1], allowed: true, source: mcuboot },
  { type: 0x30, name: "ENCRSA2048", area: "unprotected", bytes: [256], allowed: true, source: mcuboot },
  { type: 0x31, name: "ENCKW", area: "unprotected", bytes: [24, 40], allowed: true, source: mcuboot },
  { type: 0x32, name: "ENCEC256", area: "unprotected", bytes: [113, 129], allowed: true, source: mcuboot },
  { type: 0x33, name: "ENCX25519", area: "unprotected", bytes: [80, 96], allowed: true, source: mcuboot },
  { type: 0x34, name: "ENCX25519_SHA512", area: "unprotected", bytes: [112, 128], allowed: true, source: mcuboot },
  { type: 0x40, name: "DEPENDENCY", area: "protected", bytes: [12], source: mcuboot },
  { type: 0x50, name: "SEC_CNT", area: "protected", bytes: [4], source: mcuboot },
  { type: 0x60, name: "BOOT_RECORD", area: "protected", source: mcuboot },
  { type: 0x70, name: "DECOMP_SIZE", area: "protected", bytes: [4], source: mcuboot },
  { type: 0x71, name: "DECOMP_SHA", area: "protected", bytes: [32, 48, 64], source: mcuboot },
  { type: 0x72, name: "DECOMP_SIGNATURE", area: "protected", source: mcuboot },
  { type: 0x73, name: "COMP_DEC_SIZE", area: "protected", bytes: [4], source: mcuboot },
  { type: 0x74, name: "UUID_VID", area: "protected", bytes: [16], source: mcuboot },
  { type: 0x75, name: "UUID_CID", area: "protected", bytes: [16], source: mcuboot },
  { type: 0x76, name: "MANIFEST", area: "protected", source: "nRF Connect SDK fork of MCUboot, image.h" },
] as const satisfies readonly TlvRow[];

type TlvName = (typeof TLVS)[number]["name"];

/** Type number of each TLV by name. */
export const TLV = Object.fromEntries(TLVS.map((row) => [row.name, row.type])) as Readonly<Record<TlvName, number>>;

/** Custom TLVs may take these numbers. Source: imgtool `--custom-tlv`; MCUboot image.h IMAGE_TLV_ANY is 0xFFFF. */
export const CUSTOM_TLV = { min: 0xa0, max: 0xfffe } as const;

const ROWS: ReadonlyMap<number, TlvRow> = new Map(TLVS.map((row) => [row.type, row]));

/** The row of a TLV type, or undefined for custom and unknown ones. */
export function tlvRow(type: number): TlvRow | undefined {
  return ROWS.get(type);
}

/** The name of a TLV type for people, e.g. "SHA256 (0x10)" or "custom 0x00a0". */
export function tlvLabel(type: number): string {
  const row = tlvRow(type);
  if (row !== undefined) return `${row.name} (0x${type.toString(16)})`;
  return `${type >= CUSTOM_TLV.min ? "custom" : "unknown"} 0x${type.toString(16).padStart(4, "0")}`;
}
