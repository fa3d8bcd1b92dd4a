export type { Assembled } from "./build/assemble.ts";
export * from "./build/build.ts";
export * from "./build/build-options.ts";
export * from "./build/clear-blocks.ts";
export {
  type CompressionOptions,
  LZMA_DEFAULTS,
  type Lzma2Encoder,
  type LzmaParameters,
} from "./build/compressed.ts";
export * from "./build/protected-tlvs.ts";
export * from "./crypto/body-cipher.ts";
export * from "./crypto/ecdsa.ts";
export * from "./crypto/randomness.ts";
export * from "./files/dfu-check.ts";
export * from "./files/dfu-zip.ts";
export * from "./files/firmware-file.ts";
export * from "./files/hex-image.ts";
export * from "./files/intel-hex.ts";
export * from "./files/runnable.ts";
export * from "./files/zip.ts";
export * from "./format/hashes.ts";
export * from "./format/header.ts";
export * from "./format/parse.ts";
export * from "./format/payload.ts";
export * from "./format/slot-fit.ts";
export * from "./format/tlv-area.ts";
export * from "./format/tlvs.ts";
export * from "./format/trailer.ts";
export * from "./format/uuid.ts";
export * from "./format/version.ts";
export * from "./inspect/compare-images.ts";
export * from "./inspect/dump.ts";
export * from "./inspect/dump-text.ts";
export * from "./inspect/structure.ts";
export * from "./inspect/verify.ts";
export * from "./keys/encryption-key.ts";
export * from "./keys/image-key.ts";
export * from "./keys/key-export.ts";
export * from "./keys/key-file.ts";
export * from "./keys/key-generate.ts";
export * from "./keys/key-types.ts";
export * from "./keys/keys.ts";
export * from "./keys/signature.ts";
export * from "./mutate/mutant.ts";
export { type MutationKeys } from "./mutate/mutation-base.ts";
export * from "./mutate/mutations.ts";
export * from "./rekey/rekey.ts";
export * from "./rekey/shared-key.ts";
