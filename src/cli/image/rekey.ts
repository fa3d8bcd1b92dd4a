import { UsageError } from "../../core/index.ts";
import { formatIntelHex, parseImage, rekeyImage } from "../../image/index.ts";
import { anyText, oneOf } from "./options/grammar.ts";
import type { OptionTable, OptionValuesOf, Usage } from "./options/option.ts";
import { SIGN_OPTIONS } from "./options/sign-options.ts";
import {
  asUsage,
  decryptionKeyFrom,
  encryptionKeyFrom,
  firmwareFrom,
  type ImageTool,
  isHexFile,
} from "./options/tool.ts";

const REKEY_OPTIONS = {
  "decrypt-key": {
    kind: "value",
    metavar: "FILE",
    required: true,
    parse: anyText,
    about: "Private key that opens IMGFILE.  [required]",
  },
  encrypt: { ...SIGN_OPTIONS.encrypt, required: true, about: "Encrypt for this key.  [required]" },
  "hmac-sha": { ...SIGN_OPTIONS["hmac-sha"], parse: oneOf("auto", "256", "512") },
} as const satisfies OptionTable;

export const rekeyUsage = {
  name: "rekey",
  about: "Encrypt IMGFILE anew for another device's key: same firmware, same signature, new AES key.",
  options: REKEY_OPTIONS,
  positionals: ["IMGFILE", "OUTFILE"],
} as const satisfies Usage<typeof REKEY_OPTIONS>;

/** `hil image rekey`; imgtool has no such command. Writes the image only: no slot padding, no trailer. */
export function runRekey(
  tool: ImageTool,
  values: OptionValuesOf<typeof REKEY_OPTIONS>,
  positionals: readonly string[],
): number {
  const [inputPath = "", outputPath = ""] = positionals;
  const input = firmwareFrom(tool, inputPath, `Image file ${inputPath} not found`);
  if (parseImage(input.bytes).rest.length > 0) {
    throw new UsageError(
      `${inputPath} is a whole slot with its trailer; rekey takes the image alone.`,
      "Sign it without --pad.",
    );
  }
  const decryptKey = decryptionKeyFrom(tool, values["decrypt-key"]);
  const encryptFor = encryptionKeyFrom(tool, values.encrypt);
  const hmac = values["hmac-sha"] === "512" ? "sha512" : "sha256";
  const image = asUsage(() => rekeyImage(input.bytes, { decryptKey, encryptFor, hmac, randomness: tool.randomness }));
  tool.files.write(outputPath, fileOf(outputPath, image, input.address));
  tool.tell?.({ output: outputPath, imageBytes: image.length, encryptedFor: encryptFor.type });
  return 0;
}

function fileOf(path: string, image: Uint8Array, address: number | undefined): Uint8Array {
  if (!isHexFile(path)) return image;
  if (address === undefined) throw new UsageError("hex output needs hex input: a binary has no address.");
  return Buffer.from(formatIntelHex([{ address, bytes: image }]), "latin1");
}
