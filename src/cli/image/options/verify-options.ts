import { defined, UsageError } from "../../../core/index.ts";
import type { MaxAlign, StructureOptions } from "../../../image/index.ts";
import { anyText, parseInteger } from "./grammar.ts";
import type { OptionTable, OptionValuesOf, Usage } from "./option.ts";
import { SIGN_OPTIONS } from "./sign-options.ts";

const DECRYPT_KEY = {
  kind: "value",
  metavar: "FILE",
  parse: anyText,
  about: "Private key that opens an encrypted image: hash and signature are then checked over the plain body.",
} as const;

const VERIFY_OPTIONS = {
  key: {
    kind: "value",
    short: "k",
    metavar: "FILE",
    parse: anyText,
    about:
      "Key (PEM, public is enough) that should have signed. Several, with commas between (as in CONFIG_BOOT_SIGNATURE_KEY_FILE): any of them; which one is said.",
  },
  "decrypt-key": DECRYPT_KEY,
  payload: {
    kind: "value",
    metavar: "FILE",
    parse: anyText,
    about: "Fail, with offsets, when a 16-byte block of this firmware stands in the image in clear.",
  },
  strict: { kind: "flag", about: "Warnings are failures; two images that share one AES key are one." },
  "tlv-allow-list": { kind: "flag", about: "Refuse unlisted TLVs outside the protected area, as such builds do." },
  "swap-mode": {
    ...SIGN_OPTIONS["swap-mode"],
    about: "Check the size as a bootloader of this mode; with --slot-size.",
  },
  "slot-size": { kind: "value", short: "S", metavar: "BYTES", parse: parseInteger, about: "Size of each slot." },
  "secondary-slot-size": {
    kind: "value",
    metavar: "BYTES",
    parse: parseInteger,
    about: "Size of the secondary slot, where it is another: swap using move and offset allow one sector.",
  },
  "sector-size": SIGN_OPTIONS["sector-size"],
  "slot-address": {
    kind: "value",
    metavar: "ADDRESS",
    parse: parseInteger,
    about: "Address of the primary slot: a fixed address and the reset vector must fit it.",
  },
  "checks-load-address": {
    kind: "flag",
    about:
      "The bootloader goes by the header's load address (nRF Connect SDK 3.4 without Partition Manager): it must lie in the slot; " +
      "with --slot-address and --slot-size.",
  },
  align: { ...SIGN_OPTIONS.align, about: "Write size of the flash, for --swap-mode; default 4." },
  "max-align": SIGN_OPTIONS["max-align"],
  "max-sectors": SIGN_OPTIONS["max-sectors"],
  "save-enctlv": SIGN_OPTIONS["save-enctlv"],
} as const satisfies OptionTable;

export type VerifyValues = OptionValuesOf<typeof VERIFY_OPTIONS>;

export const verifyUsage = {
  name: "verify",
  about: "Check that each IMGFILE (binary or .hex) is whole, fit for a bootloader, and signed with a key.",
  options: VERIFY_OPTIONS,
  positionals: ["IMGFILE…"],
} as const satisfies Usage<typeof VERIFY_OPTIONS>;

/** What the options say of the bootloader and its slots. @throws UsageError when half of a pair is missing. */
export function structureOptionsOf(values: VerifyValues): StructureOptions {
  const { "swap-mode": mode, "slot-size": slotBytes, "slot-address": slotAddress } = values;
  if (mode !== undefined && slotBytes === undefined) throw new UsageError("--swap-mode needs --slot-size.");
  if (slotBytes !== undefined && mode === undefined) throw new UsageError("--slot-size needs --swap-mode.");
  const secondarySlotBytes = values["secondary-slot-size"];
  if (secondarySlotBytes !== undefined && slotBytes === undefined) {
    throw new UsageError("--secondary-slot-size needs --slot-size.");
  }
  const checksLoadAddress = values["checks-load-address"];
  if (checksLoadAddress && (slotBytes === undefined || slotAddress === undefined)) {
    throw new UsageError("--checks-load-address needs --slot-address and --slot-size.");
  }
  const address = defined({ slotAddress });
  const common = {
    tlvAllowList: values["tlv-allow-list"],
    saveEncTlv: values["save-enctlv"],
    checksLoadAddress,
    ...address,
  };
  if (mode === undefined || slotBytes === undefined) return common;
  const writeBytes = Number(values.align ?? "4");
  const maxAlign: MaxAlign = values["max-align"] === undefined ? maxAlignFor(writeBytes) : maxAlignOf(values);
  const sectorBytes = values["sector-size"] ?? 4096;
  const maxSectors = values["max-sectors"] ?? 128;
  const secondary = defined({ secondarySlotBytes });
  const slots = { mode, slotBytes, ...secondary, sectorBytes, writeBytes, maxAlign, maxSectors };
  return { ...common, slots };
}

function maxAlignOf(values: VerifyValues): MaxAlign {
  return Number(values["max-align"]) as MaxAlign;
}

function maxAlignFor(writeBytes: number): MaxAlign {
  return writeBytes > 16 ? 32 : writeBytes > 8 ? 16 : 8;
}
