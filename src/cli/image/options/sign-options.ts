import { SWAP_MODES, TRAPS, type TrapName } from "../../../image/index.ts";
import {
  anyText,
  oneOf,
  parseDecimal,
  parseDependencies,
  parseHeaderSize,
  parseInteger,
  parseSecurityCounter,
  parseVersionText,
} from "./grammar.ts";
import type { OptionTable, OptionValuesOf } from "./option.ts";

const SWAP_MODE_NAMES = SWAP_MODES.map((row) => row.name);

const trap = oneOf(...TRAPS.map(({ name }) => name));
const trapsOf = (text: string): ReadonlySet<TrapName> => new Set(text.split(",").map(trap));

const lzma = { kind: "value", metavar: "INTEGER", parse: parseDecimal } as const;

/** Source: nRF Connect SDK fork of imgtool. */
const LZMA_OPTIONS = {
  "compression-lzma-dictsize": { ...lzma, about: "Size of the dictionary in bytes; default 131072." },
  "compression-lzma-pb": { ...lzma, about: "Position bits; default 2." },
  "compression-lzma-lc": { ...lzma, about: "Literal context bits; default 3." },
  "compression-lzma-lp": { ...lzma, about: "Literal position bits; default 1." },
  "compression-lzma-preset": { ...lzma, about: "How hard to look, 0 to 9; default 9." },
} as const satisfies OptionTable;

/** Options of `sign`, spelled as imgtool's. Source: MCUboot docs/imgtool.md; imgtool 2.5.0 `sign --help`; nRF Connect SDK fork. */
export const SIGN_OPTIONS = {
  key: { kind: "value", short: "k", metavar: "FILE", parse: anyText, about: "Private key (PEM) to sign with." },
  "public-key-format": {
    kind: "value",
    metavar: "[hash|full]",
    parse: oneOf("hash", "full"),
    about: "How the image names its key: hash (default) or the whole public key.",
  },
  version: {
    kind: "value",
    short: "v",
    metavar: "MAJ[.MIN[.REV[+BUILD]]]",
    required: true,
    parse: parseVersionText,
    about: "Version of the image.  [required]",
  },
  "header-size": {
    kind: "value",
    short: "H",
    metavar: "BYTES",
    parse: parseHeaderSize,
    about: "Size of the header room, at least 32; default auto, which is 32 (as in the nRF Connect SDK's imgtool).",
  },
  "slot-size": {
    kind: "value",
    short: "S",
    metavar: "BYTES",
    required: true,
    parse: parseInteger,
    about: "Size of the slot; 0 turns the size check off.  [required]",
  },
  "pad-header": { kind: "flag", about: "Put header room in front of the input." },
  "pad-value": {
    kind: "value",
    metavar: "[0|0xff]",
    parse: oneOf("0", "0xff"),
    about: "Fill header room and slot with this value (nRF Connect SDK).",
  },
  align: {
    kind: "value",
    metavar: "[1|2|4|8|16|32]",
    parse: oneOf("1", "2", "4", "8", "16", "32"),
    about: "Write size of the flash; default 1.",
  },
  "max-align": {
    kind: "value",
    metavar: "[8|16|32]",
    parse: oneOf("8", "16", "32"),
    about: "BOOT_MAX_ALIGN of the bootloader; default: 8, or --align when larger.",
  },
  "max-sectors": {
    kind: "value",
    short: "M",
    metavar: "INTEGER",
    parse: parseDecimal,
    about: "Sectors the bootloader can swap; default 128.",
  },
  "swap-mode": {
    kind: "value",
    metavar: `[${SWAP_MODE_NAMES.join("|")}]`,
    parse: oneOf(...SWAP_MODE_NAMES),
    about: "Refuse what a bootloader of this mode would refuse on the device; with --sector-size.",
  },
  "sector-size": {
    kind: "value",
    metavar: "BYTES",
    parse: parseInteger,
    about: "Erase unit of the flash, for --swap-mode; default 4096.",
  },
  "overwrite-only": { kind: "flag", about: "The bootloader overwrites instead of swapping." },
  pad: { kind: "flag", about: "Fill up to the slot's size and write the trailer: a test swap." },
  confirm: { kind: "flag", about: "As --pad, and mark the image as confirmed: a permanent swap." },
  test: { kind: "flag", about: "As --pad." },
  "erased-val": {
    kind: "value",
    short: "R",
    metavar: "[0|0xff]",
    parse: oneOf("0", "0xff"),
    about: "What erased flash reads; default 0xff.",
  },
  endian: {
    kind: "value",
    short: "e",
    metavar: "[little|big]",
    parse: oneOf("little", "big"),
    about: "Byte order; default little.",
  },
  "security-counter": {
    kind: "value",
    short: "s",
    metavar: "auto|INTEGER",
    parse: parseSecurityCounter,
    about: "Security counter; auto makes it from the version.",
  },
  dependencies: {
    kind: "value",
    short: "d",
    metavar: "(ID,VERSION)…",
    parse: parseDependencies,
    about: "Images this one needs, with their versions.",
  },
  "boot-record": { kind: "value", metavar: "TYPE", parse: anyText, about: "Software type of a boot record." },
  "custom-tlv": { kind: "pairs", metavar: "TAG VALUE", about: "Custom TLV: 0x… is bytes, the rest text. Repeatable." },
  "custom-tlv-file": { kind: "pairs", metavar: "TAG FILE", about: "Custom TLV with a file's contents. Repeatable." },
  vid: { kind: "value", metavar: "UUID|NAME", parse: anyText, about: "Vendor identifier." },
  cid: { kind: "value", metavar: "UUID|NAME", parse: anyText, about: "Class identifier." },
  manifest: {
    kind: "value",
    metavar: "FILE",
    parse: anyText,
    about: "Manifest of several images (YAML, nRF Connect SDK).",
  },
  "load-addr": { kind: "value", short: "L", metavar: "ADDRESS", parse: parseInteger, about: "RAM address to load to." },
  "rom-fixed": {
    kind: "value",
    short: "F",
    metavar: "ADDRESS",
    parse: parseInteger,
    about: "Flash address the image must run from.",
  },
  "non-bootable": { kind: "flag", about: "Mark the image as not bootable." },
  "hex-addr": {
    kind: "value",
    short: "x",
    metavar: "ADDRESS",
    parse: parseInteger,
    about: "Address of the header in hex output; default: the input's.",
  },
  encrypt: {
    kind: "value",
    short: "E",
    metavar: "FILE",
    parse: anyText,
    about: "Encrypt for this key: PEM (public is enough), or a base64 wrapping key.",
  },
  "encrypt-keylen": {
    kind: "value",
    metavar: "[128|256]",
    parse: oneOf("128", "256"),
    about: "Bits of the image key; default 128.",
  },
  clear: { kind: "flag", short: "c", about: "Leave the body plain, for a first image that a swap re-encrypts." },
  "hmac-sha": {
    kind: "value",
    metavar: "[auto|256|512]",
    parse: oneOf("auto", "256", "512"),
    about: "Hash of ECIES-X25519; auto is 256.",
  },
  "save-enctlv": { kind: "flag", about: "The bootloader saves whole key TLVs: count them in the trailer." },
  sha: {
    kind: "value",
    metavar: "[auto|256|384|512]",
    parse: oneOf("auto", "256", "384", "512"),
    about: "Hash of the image; auto goes by the key.",
  },
  pure: { kind: "flag", about: "Sign the image itself, not its digest (Ed25519)." },
  "pad-sig": { kind: "flag", about: "Pad ECDSA signatures with zeros, for MCUboot before 1.5." },
  "fix-sig": { kind: "value", metavar: "FILE", parse: anyText, about: "Signature made elsewhere (base64)." },
  "fix-sig-pubkey": { kind: "value", metavar: "FILE", parse: anyText, about: "Public key of --fix-sig." },
  "sig-out": { kind: "value", metavar: "FILE", parse: anyText, about: "Write the signature (base64) here." },
  "vector-to-sign": {
    kind: "value",
    metavar: "[payload|digest]",
    parse: oneOf("payload", "digest"),
    about: "Write what is to be signed elsewhere, instead of an image.",
  },
  compression: {
    kind: "value",
    metavar: "[disabled|lzma2|lzma2armthumb]",
    parse: oneOf("disabled", "lzma2", "lzma2armthumb"),
    about: "Compress the body; needs the library lzma-native.",
  },
  "imgtool-trap": {
    kind: "value",
    metavar: "NAME[,NAME]",
    parse: trapsOf,
    about: `Do as imgtool does where hil refuses. ${TRAPS.map(({ name, what }) => `${name}: ${what}`).join(". ")}.`,
  },
  ...LZMA_OPTIONS,
} as const satisfies OptionTable;

export type SignValues = OptionValuesOf<typeof SIGN_OPTIONS>;
