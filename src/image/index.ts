export { type BuiltImage, buildImage } from "./build/build.ts";
export {
  allowedHashes,
  type CompressionOptions,
  chooseKeyWrap,
  type Dependency,
  type EncryptionOptions,
  type ImageOptions,
  type Lzma2Encoder,
  type Signer,
} from "./build/build-options.ts";
export { type ClearSearch, findClearBlocks } from "./build/clear-blocks.ts";
export { LZMA_DEFAULTS } from "./build/compressed.ts";
export { TRAPS, type TrapName } from "./build/traps.ts";
export { aesCtr } from "./crypto/body-cipher.ts";
export { type DrawPurpose, type Randomness, seededRandomness, systemRandomness } from "./crypto/randomness.ts";
export { checkDfuPackage, type DfuFinding } from "./files/dfu-check.ts";
export { type DfuFile, type DfuFileRequest, type DfuPackage, readDfuZip, writeDfuZip } from "./files/dfu-zip.ts";
export { type FileKind, type FirmwareFile, fileKindOf, parseSigned, readFirmwareFile } from "./files/firmware-file.ts";
export { type HexTrailer, imageSegments } from "./files/hex-image.ts";
export { flatten, formatIntelHex, parseIntelHex, type Segment } from "./files/intel-hex.ts";
export { NRF5340_RAM_END, START_BYTES, startFault, VTOR_BYTES } from "./files/runnable.ts";
export { readZip } from "./files/zip.ts";
export { digest, HASHES, type HashName, hashOfTlv } from "./format/hashes.ts";
export {
  decodeHeader,
  ENCRYPTED_FLAGS,
  FLAG,
  flagNames,
  HEADER_BYTES,
  IMAGE_MAGIC,
  type ImageHeader,
} from "./format/header.ts";
export { isMarkedEncrypted, type ParsedImage, parseImage, tlvsOf } from "./format/parse.ts";
export { generatePayload, PAYLOAD_MARK } from "./format/payload.ts";
export { SWAP_MODES, type SwapModeName, slotImageBytesMax } from "./format/slot-fit.ts";
export {
  type PlacedTlv,
  PROTECTED_TLV_INFO_MAGIC,
  readTlvArea,
  TLV_INFO_BYTES,
  TLV_INFO_MAGIC,
  type Tlv,
} from "./format/tlv-area.ts";
export { TLV, TLVS, tlvRow } from "./format/tlvs.ts";
export {
  imgtoolTrailer,
  type MaxAlign,
  type TrailerField,
  type TrailerLayout,
  trailerLayout,
  trailerMagic,
} from "./format/trailer.ts";
export { classId, vendorId } from "./format/uuid.ts";
export { compareVersions, formatVersion, parseVersion, type Version } from "./format/version.ts";
export { compareImages, type ImageComparison } from "./inspect/compare-images.ts";
export { dumpImage, type ImageDump } from "./inspect/dump.ts";
export { DUMP_FORMATS, type DumpFormat, formatDump } from "./inspect/dump-text.ts";
export { type StructureFinding, type StructureOptions, structureFindings } from "./inspect/structure.ts";
export {
  type CheckResult,
  type ImageVerdict,
  namedKey,
  namesKey,
  openImageKey,
  type VerifyOptions,
  verifyImage,
} from "./inspect/verify.ts";
export { loadEncryptionKey } from "./keys/encryption-key.ts";
export { keyWrapRow, unwrapImageKey, type WrappingKey } from "./keys/image-key.ts";
export {
  exportPrivateKey,
  exportPublicKey,
  exportPublicKeyHash,
  PRIVATE_KEY_FORMATS,
  PUBLIC_KEY_FORMS,
  type PublicKeyForm,
} from "./keys/key-export.ts";
export { loadKeyFile, readKeyText } from "./keys/key-file.ts";
export { generateKey, generateWrappingKey, WRAPPING_KEY_TYPES } from "./keys/key-generate.ts";
export { KEY_TYPES, type KeyTypeName, keyTypeRow } from "./keys/key-types.ts";
export {
  type AnyKey,
  isProtectedKey,
  keyHash,
  loadKey,
  loadPrivateKey,
  loadPublicKey,
  PASSPHRASE_VARIABLE,
  type PrivateKey,
  type PublicKey,
  publicHalf,
} from "./keys/keys.ts";
export { verifySignature } from "./keys/signature.ts";
export { type Mutant, type MutantOutcome, type MutationBootloader } from "./mutate/mutant.ts";
export { mutations } from "./mutate/mutations.ts";
export { type RekeyOptions, rekeyImage } from "./rekey/rekey.ts";
export { sharedImageKeys } from "./rekey/shared-key.ts";
