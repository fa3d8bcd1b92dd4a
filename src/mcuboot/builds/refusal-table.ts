interface RefusalRow {
  readonly name: string;
  /** What a bootloader saw, with `{name}` where a number or a name stands. */
  readonly text: string;
  readonly source: string;
}

/** Why a bootloader does not take an image. The boot itself says which, where it turns away: nothing else guesses. */
const REFUSALS = [
  { name: "no image", text: "slot 1 holds no image", source: "MCUboot loader.c boot_validate_slot" },
  {
    name: "non-bootable",
    text: "its flags say NON_BOOTABLE (0x10): it is never booted",
    source: "MCUboot loader.c boot_validate_slot, IMAGE_F_NON_BOOTABLE",
  },
  {
    name: "wrong upload address",
    text: "it lies in the first sector of slot 1; swap using offset wants it in the second",
    source: "MCUboot loader.c, MCUBOOT_SWAP_USING_OFFSET",
  },
  {
    name: "older version",
    text: "it is {version}, older than {running}, and this bootloader prevents downgrades",
    source: "MCUboot loader.c check_downgrade_prevention, boot_validate_slot",
  },
  {
    name: "header",
    text: "its header has no image magic",
    source: "MCUboot bootutil_loader.c boot_check_header_valid",
  },
  {
    name: "past the slot",
    text: "header and body claim {found} bytes; the slot has {limit}",
    source: "MCUboot bootutil_loader.c boot_check_header_valid",
  },
  {
    name: "encryption not built in",
    text: "its flags say encrypted, and this bootloader has no decryption",
    source: "MCUboot bootutil_loader.c boot_check_header_valid",
  },
  {
    name: "two key sizes",
    text: "its flags say encrypted with AES-128 and with AES-256",
    source: "MCUboot bootutil_loader.c boot_check_header_valid",
  },
  {
    name: "compression not built in",
    text: "its flags say compressed (0x{flags}), and this bootloader does not unpack",
    source: "MCUboot bootutil_loader.c boot_check_header_valid, MCUBOOT_DECOMPRESS_IMAGES",
  },
  {
    name: "key size",
    text: "it carries an {found} key, and this bootloader opens {wanted} keys",
    source: "MCUboot encrypted.c BOOT_ENC_TLV_SIZE",
  },
  {
    name: "encryption key",
    text: "the key in it cannot be opened with this bootloader's key: it was encrypted for another one",
    source: "MCUboot encrypted.c boot_enc_decrypt",
  },
  {
    name: "no key",
    text: "its flags say encrypted, and no TLV carries a key of the kind that this bootloader opens",
    source: "MCUboot encrypted.c boot_enc_load",
  },
  {
    name: "not for RAM",
    text: "its header does not say RAM_LOAD (imgtool --load-addr), and this bootloader runs images out of RAM only",
    source: "MCUboot ram_load.c boot_load_image_to_sram",
  },
  {
    name: "RAM address",
    text: "it would lie at {found} in RAM; images may lie from {from} to {end}",
    source: "MCUboot ram_load.c boot_verify_ram_load_address",
  },
  {
    name: "RAM overlap",
    text: "it would lie in RAM where another image does",
    source: "MCUboot ram_load.c boot_check_ram_load_overlapping",
  },
  { name: "TLVs", text: "its TLVs cannot be read", source: "MCUboot tlv.c bootutil_tlv_iter_begin" },
  {
    name: "too long",
    text: "{found} bytes; {mode} takes {limit} here",
    source: "MCUboot image_validate.c bootutil_img_validate, bootutil_max_image_size",
  },
  {
    name: "no room to swap",
    text: "swapping it takes {found} bytes; {limit} are there",
    source: "MCUboot swap_move.c, swap_offset.c swap_run",
  },
  {
    name: "body in clear",
    text: "its flags say encrypted and its body is stored in clear: decrypted, it is no firmware",
    source: "MCUboot image_validate.c bootutil_img_hash",
  },
  { name: "hash", text: "its hash does not fit its bytes", source: "MCUboot image_validate.c bootutil_img_validate" },
  {
    name: "unlisted TLV",
    text: "TLV 0x{type} stands in the unprotected area, and is not on this bootloader's allow list",
    source: "MCUboot image_validate.c allowed_unprot_tlvs, MCUBOOT_USE_TLV_ALLOW_LIST",
  },
  {
    name: "no hash",
    text: "it has no hash of the kind that this bootloader checks",
    source: "MCUboot image_validate.c EXPECTED_HASH_TLV",
  },
  {
    name: "no signature",
    text: "it has no signature of the kind that this bootloader checks",
    source: "MCUboot image_validate.c EXPECTED_SIG_TLV",
  },
  {
    name: "signing key",
    text: "it is signed with another key than this bootloader knows",
    source: "MCUboot image_validate.c bootutil_find_key",
  },
  { name: "signature", text: "its signature is wrong", source: "MCUboot image_validate.c bootutil_verify_sig" },
  {
    name: "load address",
    text: "its header's load address is {found}, and this bootloader takes {from} to {end} there (imgtool --rom-fixed)",
    source: "sdk-mcuboot 348bc330 loader.c boot_validate_slot, MCUBOOT_CHECK_HEADER_LOAD_ADDRESS",
  },
  {
    name: "wrong half",
    text: "it is an update of MCUboot for the half (S0, S1) that runs: one for the other half is wanted",
    source: "sdk-mcuboot cbbbd771 loader.c boot_validated_swap_type",
  },
  {
    name: "reset address",
    text: "its {which} does not point into slot 0",
    source: "MCUboot loader.c, MCUBOOT_VERIFY_IMG_ADDRESS",
  },
  {
    name: "slots",
    text: "the slots do not go together: {rest}",
    source: "MCUboot swap_*.c boot_slots_compatible",
  },
  {
    name: "life cycle",
    text: "the board's life is in the state {state}, in which this bootloader updates nothing",
    source: "sdk-mcuboot f7664a2a loader.c boot_prepare_image_for_update, CONFIG_NCS_MCUBOOT_LCS_AWARE",
  },
  {
    name: "dependencies",
    text: "an image that is depended on is missing or too old",
    source: "MCUboot loader.c boot_verify_dependencies",
  },
] as const satisfies readonly RefusalRow[];

export type RefusalName = (typeof REFUSALS)[number]["name"];

export type RefusalValues = Readonly<Record<string, string | number>>;

/** Why an image may not run, before it is known which one. */
export interface Fault {
  readonly reason: RefusalName;
  readonly values?: RefusalValues;
}

/** The sentence of a refusal, with its numbers. */
export function refusalText({ reason, values = {} }: Fault): string {
  const row: RefusalRow | undefined = REFUSALS.find((candidate) => candidate.name === reason);
  if (row === undefined) throw new RangeError(`no row says what the refusal ${reason} is`);
  return row.text.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? "?"));
}
