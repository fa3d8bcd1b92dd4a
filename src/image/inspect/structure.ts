import { hexOf } from "../../core/index.ts";
import { hashOfTlv } from "../format/hashes.ts";
import { ENCRYPTED_FLAGS, FLAG, HEADER_FLAGS } from "../format/header.ts";
import { isMarkedEncrypted, type ParsedImage, tlvsOf } from "../format/parse.ts";
import { type SlotPair, slotImageBytesMax } from "../format/slot-fit.ts";
import type { PlacedTlv } from "../format/tlv-area.ts";
import { TLV, tlvLabel, tlvRow } from "../format/tlvs.ts";
import { keyWrapRow } from "../keys/image-key.ts";
import { KEY_TYPES } from "../keys/key-types.ts";

/** Something about an image's structure that a bootloader refuses ("refused"), or that is no good idea ("warning"). */
export interface StructureFinding {
  readonly rule: string;
  readonly severity: "refused" | "warning";
  readonly text: string;
  /** Offset in the file, where the finding has one. */
  readonly offset?: number;
}

export interface StructureOptions {
  /** MCUBOOT_USE_TLV_ALLOW_LIST: only listed types may stand in the unprotected area. */
  readonly tlvAllowList?: boolean;
  /** The slots the image is for; default: `keySlotBytes` is worked out from the image. */
  readonly slots?: Omit<SlotPair, "keySlotBytes">;
  /** MCUBOOT_SWAP_SAVE_ENCTLV: the trailer keeps whole key TLVs. */
  readonly saveEncTlv?: boolean;
  /** Address of the primary slot: a fixed address and the reset vector must point there. */
  readonly slotAddress?: number;
  /** MCUBOOT_CHECK_HEADER_LOAD_ADDRESS: the header's load address must lie in the slot; with `slotAddress` and `slots`. */
  readonly checksLoadAddress?: boolean;
  /** The body as it runs, where it is known. */
  readonly plainBody?: Uint8Array | undefined;
}

type Draft = Omit<StructureFinding, "rule" | "severity"> & { readonly severity?: StructureFinding["severity"] };

interface StructureRule {
  readonly rule: string;
  readonly severity: StructureFinding["severity"];
  check(image: ParsedImage, options: StructureOptions): Iterable<Draft>;
  readonly source: string;
}

const RESERVED_OFFSET = 28;
const RESET_VECTOR_OFFSET = 4;
const MYNEWT_NONCE_BYTES = 8;
const KNOWN_FLAGS = HEADER_FLAGS.reduce((all, row) => all | row.value, 0);
const COMPRESSED = FLAG.COMPRESSED_LZMA1 | FLAG.COMPRESSED_LZMA2;

/** What parseImage does not check already. */
const STRUCTURE_RULES: readonly StructureRule[] = [
  {
    rule: "tlv-length",
    severity: "refused",
    *check(image) {
      for (const entry of tlvsOf(image)) {
        const lengths = tlvRow(entry.type)?.bytes;
        if (lengths === undefined || lengths.includes(entry.data.length) || isMynewtKey(image, entry)) continue;
        yield at(entry, `has ${entry.data.length} bytes, not ${lengths.join(" or ")}`);
      }
    },
    source: "MCUboot image_validate.c, image_ecdsa.c, encrypted.c: each checks its TLV's length",
  },
  {
    rule: "mynewt-hardware-key",
    severity: "warning",
    *check(image) {
      const nonce = tlvsOf(image).find((entry) => isMynewtKey(image, entry));
      if (nonce === undefined) return;
      yield at(nonce, "is newt's nonce: the body is encrypted with a key that is only in the device's hardware");
    },
    source: "mynewt-artifact image/image.go: AES_NONCE 0x50, SECRET_ID 0x60",
  },
  {
    rule: "encrypted-without-key",
    severity: "refused",
    *check(image, { plainBody }) {
      if (!isMarkedEncrypted(image.header) || keyTlvs(image).length > 0) return;
      const flagged = "the flags say encrypted, and no TLV carries the image's key";
      if (plainBody === undefined) yield { text: `${flagged}: nobody can decrypt it`, offset: 16 };
      // A primary slot is checked without a look at the flag.
      else yield { text: `${flagged}: it runs from a primary slot, and is no update`, offset: 16, severity: "warning" };
    },
    source: "MCUboot encrypted.c boot_enc_load",
  },
  {
    rule: "key-without-encrypted",
    severity: "warning",
    *check(image) {
      if (isMarkedEncrypted(image.header)) return;
      for (const entry of keyTlvs(image)) yield at(entry, "has no effect: no flag says that the image is encrypted");
    },
    source: "MCUboot bootutil_img_hash: decrypts only where the header has the flag",
  },
  {
    rule: "key-length",
    severity: "refused",
    *check(image) {
      const { flags } = image.header;
      if ((flags & ENCRYPTED_FLAGS) === 0) return;
      const wantsLong = (flags & FLAG.ENCRYPTED_AES256) !== 0;
      for (const entry of keyTlvs(image)) {
        const lengths: readonly number[] = tlvRow(entry.type)?.bytes ?? [];
        // RSA-OAEP has one length for either key.
        if (lengths.length < 2 || entry.data.length === lengths[wantsLong ? 1 : 0]) continue;
        yield at(entry, `does not have the length of the AES-${wantsLong ? 256 : 128} key that the flags speak of`);
      }
    },
    source: "MCUboot encrypted.c: BOOT_ENC_TLV_SIZE of the build",
  },
  {
    rule: "signature-before-key",
    severity: "refused",
    *check(image) {
      let named = false;
      for (const entry of image.area.entries) {
        if (entry.type === TLV.KEYHASH || entry.type === TLV.PUBKEY) named = true;
        else if (isSignatureTlv(entry.type) && !named) {
          yield at(entry, "stands before the TLV that names its key: a bootloader passes over it");
        }
      }
    },
    source: "MCUboot image_validate.c: TLVs in file order, key_id from KEYHASH",
  },
  {
    rule: "two-of-a-kind",
    severity: "warning",
    *check(image) {
      const hashes = image.area.entries.filter((entry) => hashOfTlv(entry.type) !== undefined);
      for (const group of [hashes, keyTlvs(image)]) {
        const [first, second] = group;
        if (first === undefined || second === undefined) continue;
        yield at(second, `comes after ${tlvLabel(first.type)}: a bootloader looks at one of them`);
      }
    },
    source: "MCUboot image_validate.c: one EXPECTED_HASH_TLV; encrypted.c takes the first key TLV",
  },
  {
    rule: "tlv-area",
    severity: "warning",
    *check(image, { tlvAllowList = false }) {
      for (const entry of image.area.entries) {
        const row = tlvRow(entry.type);
        if (tlvAllowList && row?.allowed !== true) {
          yield { ...at(entry, "may not stand in the unprotected area"), severity: "refused" };
        } else if (row === undefined || row.area === "protected") {
          yield at(entry, "stands in the unprotected area, where nothing vouches for it");
        }
      }
      for (const entry of image.protectedArea?.entries ?? []) {
        if (tlvRow(entry.type)?.area === "unprotected") yield at(entry, "stands in the protected area");
      }
    },
    source: "MCUboot image_validate.c allowed_unprot_tlvs; tlv.c: dependencies and counters are read protected only",
  },
  {
    rule: "unknown-flags",
    severity: "warning",
    *check({ header }) {
      const unknown = header.flags & ~KNOWN_FLAGS;
      if (unknown !== 0) yield { text: `the header has unknown flags 0x${(unknown >>> 0).toString(16)}`, offset: 16 };
      if (header.reserved !== 0) yield { text: "the header's reserved word is not 0", offset: RESERVED_OFFSET };
    },
    source: "MCUboot image.h IMAGE_F_*",
  },
  {
    rule: "contradicting-flags",
    severity: "refused",
    *check({ header }) {
      const both = FLAG.RAM_LOAD | FLAG.ROM_FIXED;
      if ((header.flags & both) === both) {
        yield { text: "the flags say that it is loaded to RAM, and that it runs at a fixed flash address", offset: 16 };
      }
      if ((header.flags & FLAG.COMPRESSED_ARM_THUMB) !== 0 && (header.flags & COMPRESSED) === 0) {
        yield { text: "the flags name a filter of compression, and no compression", offset: 16 };
      }
    },
    source: "MCUboot image.h; image_validate.c boot_is_header_valid; boot_decompress (nRF Connect SDK fork)",
  },
  {
    rule: "compressed-without-sizes",
    severity: "refused",
    *check(image) {
      if ((image.header.flags & COMPRESSED) === 0) return;
      const types = (image.protectedArea?.entries ?? []).map((entry) => entry.type);
      for (const type of [TLV.DECOMP_SIZE, TLV.DECOMP_SHA]) {
        if (!types.includes(type)) yield { text: `the image is compressed, and has no ${tlvLabel(type)}`, offset: 16 };
      }
    },
    source: "boot_decompress, bootutil_img_validate (nRF Connect SDK fork)",
  },
  { rule: "too-large", severity: "refused", check: sizeDrafts, source: "MCUboot swap_*.c app_max_size; mcuboot #1845" },
  { rule: "wrong-address", severity: "refused", check: addressDrafts, source: "MCUboot CHECK_HEADER_LOAD_ADDRESS" },
  {
    rule: "load-address",
    severity: "refused",
    *check({ header: { loadAddress } }, { checksLoadAddress = false, slotAddress, slots }) {
      if (!checksLoadAddress || slotAddress === undefined || slots === undefined) return;
      const end = slotAddress + slots.slotBytes;
      if (loadAddress >= slotAddress && loadAddress < end) return;
      const range = `${hexOf(slotAddress)} to ${hexOf(end - 1)}`;
      yield { text: `the load address is ${hexOf(loadAddress)}, and a bootloader takes ${range} here`, offset: 4 };
    },
    source: "sdk-mcuboot 348bc330 loader.c boot_validate_slot, MCUBOOT_CHECK_HEADER_LOAD_ADDRESS",
  },
];

/** All findings about an image's structure, by the rules of MCUboot that parseImage leaves open. */
export function structureFindings(image: ParsedImage, options: StructureOptions = {}): readonly StructureFinding[] {
  return STRUCTURE_RULES.flatMap((row) =>
    [...row.check(image, options)].map((draft) => ({ severity: row.severity, ...draft, rule: row.rule })),
  );
}

function* sizeDrafts(image: ParsedImage, { slots, saveEncTlv = false }: StructureOptions): Iterable<Draft> {
  if (slots === undefined) return;
  const limit = slotImageBytesMax({ ...slots, keySlotBytes: savedKeyBytes(image, saveEncTlv) });
  if (image.imageBytes <= limit) return;
  const sizes = `0x${image.imageBytes.toString(16)} bytes, and a bootloader that swaps by ${slots.mode} takes`;
  yield { text: `the image has ${sizes} 0x${limit.toString(16)} in this slot` };
}

/** What a bootloader that can open this image keeps of its key during a swap. */
function savedKeyBytes(image: ParsedImage, saveEncTlv: boolean): number {
  if (!isMarkedEncrypted(image.header)) return 0;
  if (saveEncTlv) return keyTlvs(image)[0]?.data.length ?? 0;
  return (image.header.flags & FLAG.ENCRYPTED_AES256) === 0 ? 16 : 32;
}

/** A fixed address must be the slot's; the reset vector of a Cortex-M must point into the slot. */
function* addressDrafts(image: ParsedImage, options: StructureOptions): Iterable<Draft> {
  const { slotAddress, slots, plainBody } = options;
  if (slotAddress === undefined) return;
  const { flags, loadAddress, headerBytes } = image.header;
  if ((flags & FLAG.ROM_FIXED) !== 0 && loadAddress !== slotAddress) {
    yield { text: `the image is for address ${hexOf(loadAddress)}, the slot is at ${hexOf(slotAddress)}`, offset: 4 };
  }
  // In RAM or compressed the vector says nothing of the slot.
  if ((flags & (FLAG.RAM_LOAD | COMPRESSED)) !== 0 || plainBody === undefined || plainBody.length < 8) return;
  const vector = new DataView(plainBody.buffer, plainBody.byteOffset).getUint32(RESET_VECTOR_OFFSET, true);
  const start = slotAddress + headerBytes;
  const end = slots === undefined ? start + plainBody.length : slotAddress + slots.slotBytes;
  if (vector % 2 === 1 && vector >= start && vector < end) return;
  const text = `its reset vector is ${hexOf(vector)}, no Thumb address from ${hexOf(start)} to ${hexOf(end)}`;
  yield { text: `${text}: another slot's, another core's, or no firmware`, offset: headerBytes + RESET_VECTOR_OFFSET };
}

/** newt's nonce has the number of MCUboot's security counter, and twice its length; its key number is beside it. */
function isMynewtKey(image: ParsedImage, entry: PlacedTlv): boolean {
  if (entry.type !== TLV.SEC_CNT || entry.data.length !== MYNEWT_NONCE_BYTES) return false;
  return tlvsOf(image).some((other) => other.type === TLV.BOOT_RECORD && other.data.length === 4);
}

function isSignatureTlv(type: number): boolean {
  return KEY_TYPES.some((row) => row.signatureTlv === type);
}

function keyTlvs(image: ParsedImage): readonly PlacedTlv[] {
  return image.area.entries.filter((entry) => keyWrapRow(entry.type) !== undefined);
}

function at(entry: PlacedTlv, what: string): Draft {
  return { text: `TLV ${tlvLabel(entry.type)} at ${hexOf(entry.offset)} ${what}`, offset: entry.offset };
}
