import { defined, UsageError } from "../../core/index.ts";
import {
  type AnyKey,
  type CompressionOptions,
  classId,
  type EncryptionOptions,
  type HashName,
  type ImageOptions,
  LZMA_DEFAULTS,
  type MaxAlign,
  type Signer,
  type Tlv,
  vendorId,
} from "../../image/index.ts";
import { lzmaEncoder } from "./lzma.ts";
import { manifestData } from "./manifest.ts";
import { readNamed } from "./options/files.ts";
import { HEADER_BYTES_MIN, parseCustomValue, parseInteger } from "./options/grammar.ts";
import type { SignValues } from "./options/sign-options.ts";
import { encryptionKeyFrom, type ImageTool, keyFrom } from "./options/tool.ts";

const BYTE_OF = { "0": 0, "0xff": 0xff } as const;
const HASH_OF: Record<"auto" | "256" | "384" | "512", HashName | undefined> = {
  auto: undefined,
  "256": "sha256",
  "384": "sha384",
  "512": "sha512",
};

/**
 * What `sign`'s options ask for; reads the key files and files of TLVs they name.
 * @throws UsageError for options that contradict each other; ConfigurationError for files that cannot be used.
 */
export function imageOptionsOf(tool: ImageTool, values: SignValues): ImageOptions {
  refuseContradictions(values);
  const signer = signerOf(tool, values);
  return defined({
    version: values.version,
    headerBytes: values["header-size"] ?? HEADER_BYTES_MIN,
    padHeader: values["pad-header"],
    headerFill: values["pad-value"] === undefined ? undefined : BYTE_OF[values["pad-value"]],
    erasedValue: BYTE_OF[values["pad-value"] ?? values["erased-val"] ?? "0xff"],
    endian: values.endian,
    signer,
    hash: HASH_OF[values.sha ?? "auto"],
    pure: values.pure,
    padSignature: values["pad-sig"],
    publicKeyFormat: values["public-key-format"],
    encryption: encryptionOf(tool, values),
    compression: compressionOf(values),
    loadAddress: values["load-addr"],
    romFixed: values["rom-fixed"],
    nonBootable: values["non-bootable"],
    securityCounter: values["security-counter"],
    dependencies: values.dependencies,
    bootRecord: values["boot-record"],
    ...identifiersOf(values),
    manifest: values.manifest === undefined ? undefined : manifestData(tool, values.manifest),
    customTlvs: customTlvsOf(tool, values),
    slotBytes: values["slot-size"],
    writeBytes: Number(values.align ?? "1"),
    maxAlign: values["max-align"] === undefined ? undefined : (Number(values["max-align"]) as MaxAlign),
    maxSectors: values["max-sectors"],
    overwriteOnly: values["overwrite-only"],
    saveEncTlv: values["save-enctlv"],
    trailer: values.confirm ? ("confirm" as const) : values.pad || values.test ? ("pad" as const) : ("none" as const),
    randomness: tool.randomness,
    traps: values["imgtool-trap"],
  });
}

function refuseContradictions(values: SignValues): void {
  if (values["fix-sig"] !== undefined && values["fix-sig-pubkey"] === undefined) {
    throw new UsageError("public key of the fixed signature is not specified");
  }
  if (values["fix-sig"] !== undefined && values.key !== undefined) {
    throw new UsageError("Can not sign using key and provide fixed-signature at the same time");
  }
  if (values["sig-out"] !== undefined && values.key === undefined && values["fix-sig"] === undefined) {
    throw new UsageError("--sig-out needs a signature: give --key or --fix-sig.");
  }
  if (values["load-addr"] !== undefined && values["rom-fixed"] !== undefined) {
    throw new UsageError("Can not set rom_fixed and load_addr at the same time");
  }
}

function signerOf(tool: ImageTool, values: SignValues): Signer | undefined {
  const { key: keyPath, "fix-sig": signaturePath, "fix-sig-pubkey": publicPath } = values;
  if (keyPath !== undefined) {
    const key = keyFrom(tool, keyPath);
    if (key.role === "private") return { kind: "key", key };
    throw new UsageError("Cannot sign with a public-only PEM; signing requires the private key.");
  }
  if (signaturePath === undefined || publicPath === undefined) return undefined;
  const text = Buffer.from(readNamed(tool.files, signaturePath, "signature file")).toString("latin1");
  return { kind: "fixed", key: keyFrom(tool, publicPath), signature: new Uint8Array(Buffer.from(text, "base64")) };
}

function encryptionOf(tool: ImageTool, values: SignValues): EncryptionOptions | undefined {
  if (values.encrypt === undefined) return undefined;
  return {
    key: encryptionKeyFrom(tool, values.encrypt),
    keyBits: values["encrypt-keylen"] === "256" ? 256 : 128,
    hmac: values["hmac-sha"] === "512" ? "sha512" : "sha256",
    clear: values.clear,
  };
}

function compressionOf(values: SignValues): CompressionOptions | undefined {
  if (values.compression === undefined || values.compression === "disabled") return undefined;
  const parameters = {
    dictionaryBytes: values["compression-lzma-dictsize"] ?? LZMA_DEFAULTS.dictionaryBytes,
    positionBits: values["compression-lzma-pb"] ?? LZMA_DEFAULTS.positionBits,
    literalContextBits: values["compression-lzma-lc"] ?? LZMA_DEFAULTS.literalContextBits,
    literalPositionBits: values["compression-lzma-lp"] ?? LZMA_DEFAULTS.literalPositionBits,
    preset: values["compression-lzma-preset"] ?? LZMA_DEFAULTS.preset,
    armThumb: values.compression === "lzma2armthumb",
  };
  return { encode: lzmaEncoder, parameters };
}

function identifiersOf(values: SignValues): { vid: Uint8Array | undefined; cid: Uint8Array | undefined } {
  const vid = values.vid === undefined ? undefined : vendorId(values.vid);
  return { vid, cid: values.cid === undefined ? undefined : classId(values.cid, vid) };
}

function customTlvsOf(tool: ImageTool, values: SignValues): Tlv[] {
  const texts = values["custom-tlv"].map(([tag, value]) => ({
    type: parseInteger(tag),
    data: parseCustomValue(value),
  }));
  const files = values["custom-tlv-file"].map(([tag, path]) => ({
    type: parseInteger(tag),
    data: readNamed(tool.files, path, "custom TLV file"),
  }));
  return [...texts, ...files];
}

/** The signer's line that imgtool prints: RSA and ECDSA hash inside, Ed25519 is given the digest. */
export function signingLine(key: AnyKey): string {
  return `image.py: sign the ${key.type === "ed25519" ? "digest" : "payload"}\n`;
}
