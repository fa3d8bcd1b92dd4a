import { createHash } from "node:crypto";
import { TLV } from "./tlvs.ts";

/** Image hashes. `label` is imgtool's text in a boot record. */
export const HASHES = [
  { name: "sha256", bits: "256", bytes: 32, tlv: TLV.SHA256, label: "SHA256", source: "FIPS 180-4; MCUboot image.h" },
  { name: "sha384", bits: "384", bytes: 48, tlv: TLV.SHA384, label: "SHA384", source: "FIPS 180-4; MCUboot image.h" },
  { name: "sha512", bits: "512", bytes: 64, tlv: TLV.SHA512, label: "SHA512", source: "FIPS 180-4; MCUboot image.h" },
] as const;

export type HashRow = (typeof HASHES)[number];
export type HashName = HashRow["name"];

/** The hash that a TLV type carries, or undefined when the type is no hash. */
export function hashOfTlv(type: number): HashRow | undefined {
  return HASHES.find((row) => row.tlv === type);
}

/** Everything about a hash. @throws RangeError for a name that the table has not. */
export function hashRow(name: HashName): HashRow {
  const row = HASHES.find((candidate) => candidate.name === name);
  if (row === undefined) throw new RangeError(`no image hash is named ${name}`);
  return row;
}

/** Digest of the parts, one after the other. */
export function digest(hash: HashName, ...parts: readonly Uint8Array[]): Uint8Array {
  const state = createHash(hash);
  for (const part of parts) state.update(part);
  return new Uint8Array(state.digest());
}
