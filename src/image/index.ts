export type { Assembled } from "./assemble.ts";
export * from "./body-cipher.ts";
export * from "./build.ts";
export * from "./build-options.ts";
export * from "./clear-blocks.ts";
export * from "./compare-images.ts";
export {
  type CompressionOptions,
  LZMA_DEFAULTS,
  type Lzma2Encoder,
  type LzmaParameters,
} from "./compressed.ts";
export * from "./dfu-check.ts";
export * from "./dfu-zip.ts";
export * from "./dump.ts";
export * from "./dump-text.ts";
export * from "./ecdsa.ts";
export * from "./encryption-key.ts";
export * from "./firmware-file.ts";
export * from "./hashes.ts";
export * from "./header.ts";
export * from "./hex-image.ts";
export * from "./image-key.ts";
export * from "./intel-hex.ts";
export * from "./key-export.ts";
export * from "./key-file.ts";
export * from "./key-generate.ts";
export * from "./key-types.ts";
export * from "./keys.ts";
export * from "./mutant.ts";
export { type MutationKeys } from "./mutation-base.ts";
export * from "./mutations.ts";
export * from "./parse.ts";
export * from "./payload.ts";
export * from "./protected-tlvs.ts";
export * from "./randomness.ts";
export * from "./rekey.ts";
export * from "./runnable.ts";
export * from "./shared-key.ts";
export * from "./signature.ts";
export * from "./slot-fit.ts";
export * from "./structure.ts";
export * from "./tlv-area.ts";
export * from "./tlvs.ts";
export * from "./trailer.ts";
export * from "./uuid.ts";
export * from "./verify.ts";
export * from "./version.ts";
export * from "./zip.ts";
