import { concat } from "../../core/index.ts";
import { FLAG, HEADER, HEADER_BYTES, IMAGE_MAGIC_V1 } from "../format/header.ts";
import { parseImage } from "../format/parse.ts";
import type { Tlv } from "../format/tlv-area.ts";
import { TLV } from "../format/tlvs.ts";
import { keyTlvOf } from "../inspect/verify.ts";
import { type KeyTypeName, keyTypeRow } from "../keys/key-types.ts";
import type { MutantOutcome, MutationBootloader } from "./mutant.ts";
import type { Changes, MutationBase } from "./mutation-base.ts";

interface MutationRow {
  readonly name: string;
  readonly outcome: MutantOutcome | ((bootloader: MutationBootloader) => MutantOutcome);
  readonly why: string;
  readonly runs?: false;
  /** Undefined when this image has no such mutant. */
  make(base: MutationBase, bootloader: MutationBootloader): Uint8Array | undefined;
}

/** An image that is right but for these changes. */
const remade =
  (
    changes: Changes | ((base: MutationBase) => Changes | undefined),
    only: "any" | "encrypted" = "any",
  ): MutationRow["make"] =>
  (base) => {
    if (only === "encrypted" && !base.encrypted) return undefined;
    const wanted = typeof changes === "function" ? changes(base) : changes;
    return wanted && base.make(wanted);
  };

const patched =
  (at: number | ((base: MutationBase) => number), ...bytes: readonly number[]): MutationRow["make"] =>
  (base) =>
    base.patched(typeof at === "number" ? at : at(base), ...bytes);

export const REFUSED = "refused and erased";
const CUSTOM_TYPE = 0xa0;
/** Start of the network core's application on an nRF5340 with b0n. Source: a published partitions_CPUNET.yml. */
const NET_CORE_RESET = 0x0100_8c01;
const ELSEWHERE = 0x0080_0000;
const headerOffset = (name: string): number => HEADER.find((row) => row.name === name)?.offset ?? 0;
const withoutType =
  (type: number): NonNullable<Changes["tlvs"]> =>
  (entries) =>
    entries.filter((entry) => entry.type !== type);
/** Swap using offset looks for the header in two places, by its magic: without one there is no image to refuse. */
export const wrongMagic = ({ mode }: MutationBootloader): MutantOutcome => (mode === "offset" ? "no image" : REFUSED);
/** Rules that many mutants break. */
export const WHY = {
  hash: "bootutil_img_validate: the hash is over header, plain body and protected TLVs",
  header: "boot_is_header_valid: magic, and header, body and protected TLVs within the slot",
  walk: "bootutil_tlv_iter: a TLV and its data must lie in their area",
} as const;

/** One mutant a row; families with a mutant for each field or TLV follow in `flips`. */
export const MUTATIONS: readonly MutationRow[] = [
  {
    name: "none",
    outcome: "accepted",
    why: "nothing is wrong with it: shows that the others are refused for their fault, not for the bench's",
    make: remade({}),
  },
  {
    name: "wrong-signing-key",
    outcome: REFUSED,
    why: "bootutil_find_key: KEYHASH names a key that the bootloader does not have",
    make: remade((base) => ({ signWith: base.foreignSigning })),
  },
  {
    name: "forged-signature",
    outcome: REFUSED,
    why: "bootutil_verify_sig: KEYHASH names the right key, the signature is another's",
    make: remade((base) => ({ signWith: base.foreignSigning, named: base.signing })),
  },
  {
    name: "wrong-encryption-key",
    outcome: REFUSED,
    why: "boot_enc_decrypt: the image key was wrapped for another device",
    make: remade((base) => base.foreignDevice && { wrapFor: base.foreignDevice }, "encrypted"),
  },
  {
    name: "other-image-key",
    outcome: REFUSED,
    why: `the key TLV opens, and the body was encrypted with another key. ${WHY.hash}`,
    make: remade({ otherBodyKey: true }, "encrypted"),
  },
  {
    name: "plain-body-flagged-encrypted",
    outcome: REFUSED,
    why: `the body is decrypted because of the flag, and was plain. ${WHY.hash}`,
    make: remade({ encryption: "plain" }, "encrypted"),
  },
  {
    name: "encrypted-flag-without-key-tlv",
    outcome: REFUSED,
    why: "boot_enc_load: no TLV carries the image key",
    make: remade((base) => ({ tlvs: (list) => list.filter((tlv) => !isKeyTlvOf(base, tlv.type)) }), "encrypted"),
  },
  {
    name: "key-tlv-without-encrypted-flag",
    outcome: "accepted",
    why: "only the header's flag makes the bootloader decrypt; the key TLV is not looked at",
    make: remade((base) => {
      const left = base.image.area.entries.filter((tlv) => isKeyTlvOf(base, tlv.type));
      return { encryption: "none", tlvs: (list) => [...list, ...left] };
    }, "encrypted"),
  },
  {
    name: "plain-and-signed",
    outcome: "accepted",
    why: "encryption is no condition of a boot: signed and plain, it runs (a profile may forbid it)",
    make: remade({ encryption: "none" }, "encrypted"),
  },
  {
    name: "both-aes-flags",
    outcome: REFUSED,
    why: "boot_is_header_valid: AES-128 and AES-256 at once",
    make: remade(({ image }) => flags(image.header.flags | FLAG.ENCRYPTED_AES128 | FLAG.ENCRYPTED_AES256), "encrypted"),
  },
  {
    name: "other-aes-length",
    outcome: REFUSED,
    why: "boot_enc_load: the length of the key TLV is not that of this build's AES",
    make: remade(({ image }) => {
      const is256 = (image.header.flags & FLAG.ENCRYPTED_AES256) !== 0;
      // RSA-OAEP has one length of TLV for both.
      return image.area.entries.some((tlv) => tlv.type === TLV.ENCRSA2048 || tlv.type === TLV.ENCKW)
        ? undefined
        : { keyBits: is256 ? 128 : 256 };
    }, "encrypted"),
  },
  {
    name: "compressed-flag",
    outcome: REFUSED,
    why: "boot_is_header_valid: a build without decompression refuses the flag",
    make: remade(({ image }) => flags(image.header.flags | FLAG.COMPRESSED_LZMA2)),
  },
  {
    name: "non-bootable",
    outcome: "no image",
    why: "boot_validate_slot: IMAGE_F_NON_BOOTABLE is treated as an empty slot; only the trailer goes",
    make: remade(({ image }) => flags(image.header.flags | FLAG.NON_BOOTABLE)),
  },
  {
    name: "erased-header",
    outcome: "no image",
    why: "boot_check_header_erased: a slot without a header holds no image; only the trailer goes",
    make: patched(0, ...new Uint8Array(HEADER_BYTES).fill(0xff)),
  },
  {
    name: "format-before-1.0",
    outcome: wrongMagic,
    why: WHY.header,
    make: patched(0, IMAGE_MAGIC_V1 & 0xff),
  },
  {
    name: "header-size-below-fields",
    outcome: REFUSED,
    why: `the body is looked for inside the header. ${WHY.hash}`,
    make: patched(headerOffset("headerBytes"), 16, 0),
  },
  {
    name: "header-size-huge",
    outcome: REFUSED,
    why: WHY.header,
    make: patched(headerOffset("headerBytes"), 0xff, 0xff),
  },
  {
    name: "body-size-huge",
    outcome: REFUSED,
    why: WHY.header,
    make: patched(headerOffset("bodyBytes"), 0xff, 0xff, 0xff, 0x7f),
  },
  {
    name: "body-size-overflows",
    outcome: REFUSED,
    why: `${WHY.header}; the sum must not wrap at 32 bits`,
    make: (base) => {
      const wrapped = 0x1_0000_0000 - base.image.headerRoom.length;
      return base.patched(headerOffset("bodyBytes"), ...[0, 8, 16, 24].map((shift) => (wrapped >>> shift) & 0xff));
    },
  },
  {
    name: "body-size-longer",
    outcome: REFUSED,
    why: `TLVs are looked for past the body's real end. ${WHY.walk}`,
    make: (base) => base.patched(headerOffset("bodyBytes"), ((base.bytes[headerOffset("bodyBytes")] ?? 0) + 16) & 0xff),
  },
  {
    name: "protected-size-huge",
    outcome: REFUSED,
    why: "the header's protected size and the area must agree",
    make: patched(headerOffset("protectedTlvBytes"), 0xff, 0xff),
  },
  {
    name: "tlv-area-magic",
    outcome: REFUSED,
    why: "bootutil_tlv_iter_begin: no info magic, no TLVs",
    make: patched((base) => base.areaOffset, 0x00, 0x00),
  },
  { name: "tlv-area-empty", outcome: REFUSED, why: "no hash TLV is seen", make: remade({ tlvs: () => [] }) },
  {
    name: "tlv-area-overflows",
    outcome: REFUSED,
    why: WHY.walk,
    make: patched((base) => base.areaOffset + 2, 0xff, 0xff),
  },
  {
    name: "tlv-area-too-short",
    outcome: REFUSED,
    why: `the area ends inside its last TLV. ${WHY.walk}`,
    make: (base) => {
      const { totalBytes } = base.image.area;
      return base.patched(base.areaOffset + 2, (totalBytes - 2) & 0xff, (totalBytes - 2) >> 8);
    },
  },
  {
    name: "tlv-oversize",
    outcome: REFUSED,
    why: WHY.walk,
    make: patched((base) => base.lastTlvOffset + 2, 0xff, 0xff),
  },
  {
    name: "no-hash-tlv",
    outcome: REFUSED,
    why: "image_hash_valid stays false",
    make: remade(({ image }) => ({ tlvs: withoutType(hashTypeOf(image.area.entries)) })),
  },
  {
    name: "no-key-hash",
    outcome: REFUSED,
    why: "no signature is looked at before a TLV has named its key",
    make: remade({ tlvs: withoutType(TLV.KEYHASH) }),
  },
  {
    name: "no-signature",
    outcome: REFUSED,
    why: "valid_signature stays unset",
    make: remade(({ signing }) => ({ tlvs: (list) => list.filter((tlv) => !isSignature(tlv.type, signing.type)) })),
  },
  {
    name: "signature-before-key-hash",
    outcome: REFUSED,
    why: "TLVs are walked in file order: the signature comes when no key is known yet",
    make: remade({
      tlvs: (list) => [
        ...list.filter((tlv) => tlv.type !== TLV.KEYHASH),
        ...list.filter((tlv) => tlv.type === TLV.KEYHASH),
      ],
    }),
  },
  {
    name: "second-foreign-signature",
    outcome: "accepted",
    why: "a signature after an unknown key is passed over; the right one before it counts",
    make: remade((base) => ({
      tlvs: (list) => {
        const foreign = base.make({ signWith: base.foreignSigning });
        return [...list, ...foreignPair(base, foreign)];
      },
    })),
  },
  {
    name: "unlisted-tlv",
    outcome: ({ tlvAllowList }) => (tlvAllowList === true ? REFUSED : "accepted"),
    why: "allowed_unprot_tlvs: only a build with MCUBOOT_USE_TLV_ALLOW_LIST minds",
    make: remade({ tlvs: (list) => [...list, { type: CUSTOM_TYPE, data: Uint8Array.of(1, 2, 3, 4) }] }),
  },
  {
    name: "bytes-behind-the-image",
    outcome: "accepted",
    why: "nothing behind the TLVs is looked at",
    make: (base) => concat(base.bytes, new Uint8Array(64).fill(0x5a)),
  },
  {
    name: "downgrade",
    outcome: ({ downgradePrevention }) => (downgradePrevention === true ? REFUSED : "accepted"),
    why: "an older version is stopped only by MCUBOOT_DOWNGRADE_PREVENTION",
    make: remade({ header: { version: { major: 0, minor: 0, revision: 1, build: 0 } } }),
  },
  {
    name: "wrong-slot-address",
    outcome: ({ checksAddress }) => (checksAddress === true ? REFUSED : "accepted"),
    why: "the header's flash address is looked at only with MCUBOOT_CHECK_HEADER_LOAD_ADDRESS",
    make: remade(({ image }) => ({
      header: { flags: encryptedFlags(image.header.flags) | FLAG.ROM_FIXED, loadAddress: ELSEWHERE },
    })),
  },
  {
    name: "other-cores-image",
    outcome: ({ checksAddress }) => (checksAddress === true ? REFUSED : "accepted"),
    why: "the reset vector is not looked at (and is cipher text): signed firmware of the network core is taken",
    runs: false,
    make: remade(({ image, plainBody }) => {
      const body = Uint8Array.from(plainBody);
      new DataView(body.buffer).setUint32(4, NET_CORE_RESET, true);
      const header = {
        flags: encryptedFlags(image.header.flags) | FLAG.ROM_FIXED,
        loadAddress: NET_CORE_RESET & ~0x4ff,
      };
      return { body, header };
    }),
  },
  {
    name: "too-large-for-the-swap",
    outcome: REFUSED,
    why: "app_max_size: the trailer, and in swap-move and swap-offset a free sector, must fit beside the image",
    make: (base, { imageBytesMax }) => {
      if (imageBytesMax === undefined) return undefined;
      // A few bytes over: an ECDSA signature has not always one length, and the trailer's flags must stay free.
      const body = new Uint8Array(imageBytesMax + 4 - base.overheadBytes);
      body.set(base.plainBody.subarray(0, body.length));
      return base.make({ body });
    },
  },
];

function flags(value: number): Changes {
  return { header: { flags: value } };
}

function encryptedFlags(value: number): number {
  return value & (FLAG.ENCRYPTED_AES128 | FLAG.ENCRYPTED_AES256);
}

function isKeyTlvOf(base: MutationBase, type: number): boolean {
  return keyTlvOf(base.image)?.type === type;
}

function isSignature(type: number, key: KeyTypeName): boolean {
  return keyTypeRow(key).signatureTlv === type;
}

/** KEYHASH and signature of a mutant that somebody else has signed. */
function foreignPair(base: MutationBase, foreign: Uint8Array): readonly Tlv[] {
  const { entries } = parseImage(foreign).area;
  return entries.filter((tlv) => tlv.type === TLV.KEYHASH || isSignature(tlv.type, base.signing.type));
}

function hashTypeOf(entries: readonly { readonly type: number }[]): number {
  const hashes = [TLV.SHA256, TLV.SHA384, TLV.SHA512];
  return entries.find((entry) => hashes.includes(entry.type))?.type ?? TLV.SHA256;
}
