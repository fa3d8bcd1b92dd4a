import { ConfigurationError, hex, isKind } from "../core/index.ts";
import {
  formatVersion,
  type ImageVerdict,
  isMarkedEncrypted,
  keyTypeRow,
  type VerifyOptions,
  verifyImage,
} from "../image/index.ts";
import { anyText } from "./image-grammar.ts";
import type { OptionTable, Usage, ValuesOf } from "./image-option.ts";
import { encryptionKeyFrom, firmwareFrom, type ImageTool, keyFrom } from "./image-tool.ts";

const VERIFY_OPTIONS = {
  key: {
    kind: "value",
    short: "k",
    metavar: "FILE",
    parse: anyText,
    about: "Key (PEM, public is enough) that should have signed.",
  },
  "decrypt-key": {
    kind: "value",
    metavar: "FILE",
    parse: anyText,
    about: "Private key that opens an encrypted image: hash and signature are then checked over the plain body.",
  },
} as const satisfies OptionTable;

export const verifyUsage = {
  name: "verify",
  about: "Check that IMGFILE (binary or .hex) is whole, and signed with a key.",
  options: VERIFY_OPTIONS,
  positionals: ["IMGFILE"],
} as const satisfies Usage<typeof VERIFY_OPTIONS>;

/** imgtool's words for a file that is no image, by the field that is wrong. */
const NO_IMAGE = new Map([
  ["magic", "Invalid image magic; is this an MCUboot image?"],
  ["TLV info magic", "Invalid TLV info magic; is this an MCUboot image?"],
]);

/** `hil image verify`: 0 when the image is good; 1 with one line on standard output when not, as imgtool does. */
export function runVerify(
  tool: ImageTool,
  values: ValuesOf<typeof VERIFY_OPTIONS>,
  positionals: readonly string[],
): number {
  const [path = ""] = positionals;
  const keys = keysOf(tool, values);
  const { bytes } = firmwareFrom(tool, path, `Image file ${path} not found`);
  let verdict: ImageVerdict;
  try {
    verdict = verifyImage(bytes, keys);
  } catch (error) {
    if (!isKind(error, "image")) throw error;
    const line = NO_IMAGE.get("fault" in error ? ((error.fault as { field?: string }).field ?? "") : "");
    if (line !== undefined) tool.io.out(`${line}\n`);
    tool.io.err(`Error: ${error.paragraph()}\n`);
    return error.exitCode;
  }
  if (!verdict.ok) return report(tool, verdict);
  tool.io.out(`Image was correctly validated\nImage version: ${formatVersion(verdict.image.header.version)}\n`);
  tool.io.out(identityLine(verdict, keys));
  return 0;
}

function keysOf(tool: ImageTool, values: ValuesOf<typeof VERIFY_OPTIONS>): VerifyOptions {
  const publicKey = values.key === undefined ? undefined : keyFrom(tool, values.key);
  const path = values["decrypt-key"];
  if (path === undefined) return publicKey === undefined ? {} : { publicKey };
  const decryptKey = encryptionKeyFrom(tool, path);
  if (decryptKey.role === "public") {
    throw new ConfigurationError(`key file ${path} is a public key.`, "Decrypting takes the private one.");
  }
  return publicKey === undefined ? { decryptKey } : { publicKey, decryptKey };
}

/** imgtool's line for the first thing that is wrong, and on standard error why, where the line does not say. */
function report(tool: ImageTool, verdict: ImageVerdict): number {
  const { hash, signature, keyHash, decryption } = verdict;
  if (!verdict.keyFitsHash) {
    tool.io.out("Key type does not match TLV record\n");
  } else if (hash.result !== "valid" || decryption.result === "invalid") {
    tool.io.out("Image has an invalid hash\n");
    const why = decryption.result === "invalid" ? decryption.reason : hash.reason;
    if (isMarkedEncrypted(verdict.image.header) || verdict.digest === undefined) tool.io.err(`Error: ${why}\n`);
    if (decryption.result === "unchecked" && hash.result === "unchecked") {
      tool.io.err("Give --decrypt-key with the private key of the device.\n");
    }
  } else {
    tool.io.out("No signature found for the given key\n");
    if (signature.result === "valid") tool.io.err(`Error: ${keyHash.reason}\n`);
  }
  return 1;
}

function identityLine(verdict: ImageVerdict, keys: VerifyOptions): string {
  const { publicKey } = keys;
  if (verdict.pure && publicKey !== undefined) {
    const { signatureTlv } = keyTypeRow(publicKey.type);
    const signature = verdict.image.area.entries.find((entry) => entry.type === signatureTlv);
    return `Image signature over image: ${hex(signature?.data ?? new Uint8Array(0))}\n`;
  }
  return `Image digest: ${hex(verdict.digest ?? new Uint8Array(0))}\n`;
}
