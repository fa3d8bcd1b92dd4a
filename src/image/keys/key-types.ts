import type { HashName } from "../format/hashes.ts";
import { TLV } from "../format/tlvs.ts";

interface KeyTypeRow {
  /** As `keygen -t` names it. */
  readonly name: string;
  /** For people. */
  readonly title: string;
  /** node:crypto's names. */
  readonly algorithm: "rsa" | "ec" | "ed25519" | "x25519";
  readonly modulusBits: number | undefined;
  readonly curve: string | undefined;
  /** Names in generated C and Rust sources. */
  readonly shortName: string;
  /** imgtool's name of the signature scheme. */
  readonly signatureName: string;
  /** TLV of its signatures; undefined for keys that cannot sign. */
  readonly signatureTlv: number | undefined;
  /** Image hashes it may sign; the first is `--sha auto`. */
  readonly hashes: readonly HashName[];
  /** Image hashes that are allowed when only the public half is known (verify, signatures made elsewhere). */
  readonly publicHashes: readonly HashName[];
  /** Length that `--pad-sig` fills up to; undefined where signatures have one length. */
  readonly paddedSignatureBytes: number | undefined;
  readonly source: string;
}

const source = "imgtool keys/, MCUboot docs/imgtool.md";

/** Kinds of keys that MCUboot images know. */
export const KEY_TYPES = [
  {
    name: "rsa-2048",
    title: "RSA-2048",
    signatureName: "PKCS1_PSS_RSA2048_SHA256",
    algorithm: "rsa",
    modulusBits: 2048,
    curve: undefined,
    shortName: "rsa",
    signatureTlv: TLV.RSA2048,
    hashes: ["sha256"],
    publicHashes: ["sha256"],
    paddedSignatureBytes: undefined,
    source,
  },
  {
    name: "rsa-3072",
    title: "RSA-3072",
    signatureName: "PKCS1_PSS_RSA3072_SHA256",
    algorithm: "rsa",
    modulusBits: 3072,
    curve: undefined,
    shortName: "rsa",
    signatureTlv: TLV.RSA3072,
    hashes: ["sha256"],
    publicHashes: ["sha256"],
    paddedSignatureBytes: undefined,
    source,
  },
  {
    name: "ecdsa-p256",
    title: "ECDSA P-256",
    signatureName: "ECDSA256_SHA256",
    algorithm: "ec",
    modulusBits: undefined,
    curve: "prime256v1",
    shortName: "ecdsa",
    signatureTlv: TLV.ECDSASIG,
    hashes: ["sha256"],
    publicHashes: ["sha256", "sha512"],
    paddedSignatureBytes: 72,
    source,
  },
  {
    name: "ecdsa-p384",
    title: "ECDSA P-384",
    signatureName: "ECDSA384_SHA384",
    algorithm: "ec",
    modulusBits: undefined,
    curve: "secp384r1",
    shortName: "ecdsap384",
    signatureTlv: TLV.ECDSASIG,
    hashes: ["sha384"],
    publicHashes: ["sha384"],
    paddedSignatureBytes: 103,
    source,
  },
  {
    name: "ed25519",
    title: "Ed25519",
    signatureName: "ED25519",
    algorithm: "ed25519",
    modulusBits: undefined,
    curve: undefined,
    shortName: "ed25519",
    signatureTlv: TLV.ED25519,
    hashes: ["sha256", "sha512"],
    publicHashes: ["sha256", "sha512"],
    paddedSignatureBytes: undefined,
    source,
  },
  {
    name: "x25519",
    title: "X25519",
    signatureName: "X25519",
    algorithm: "x25519",
    modulusBits: undefined,
    curve: undefined,
    shortName: "x25519",
    signatureTlv: undefined,
    hashes: [],
    publicHashes: [],
    paddedSignatureBytes: undefined,
    source,
  },
] as const satisfies readonly KeyTypeRow[];

export type KeyTypeName = (typeof KEY_TYPES)[number]["name"];

/** Everything about a kind of key. @throws RangeError for a name that the table has not. */
export function keyTypeRow(name: KeyTypeName): KeyTypeRow {
  const row: KeyTypeRow | undefined = KEY_TYPES.find((candidate) => candidate.name === name);
  if (row === undefined) throw new RangeError(`no key type is named ${name}`);
  return row;
}
