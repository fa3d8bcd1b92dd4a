import { concat } from "../../core/index.ts";
import { type CheckResult, verifyImage } from "../../image/index.ts";
import { anyText } from "./options/grammar.ts";
import type { OptionTable, OptionValuesOf, Usage } from "./options/option.ts";
import { decryptionKeyFrom, firmwareFrom, type ImageTool } from "./options/tool.ts";

const DECRYPT_OPTIONS = {
  "decrypt-key": {
    kind: "value",
    metavar: "FILE",
    required: true,
    parse: anyText,
    about: "Private key of the device (PEM), or the base64 wrapping key.  [required]",
  },
  body: { kind: "flag", about: "Write only the body, without header and TLVs." },
} as const satisfies OptionTable;

export const decryptUsage = {
  name: "decrypt",
  about: "Write IMGFILE with its body plain, as --clear would have left it; only when its hash then fits.",
  options: DECRYPT_OPTIONS,
  positionals: ["IMGFILE", "OUTFILE"],
} as const satisfies Usage<typeof DECRYPT_OPTIONS>;

/** `hil image decrypt`; imgtool has no such command. 1 when the key or the image is wrong: then nothing is written. */
export function runDecrypt(
  tool: ImageTool,
  values: OptionValuesOf<typeof DECRYPT_OPTIONS>,
  positionals: readonly string[],
): number {
  const [inputPath = "", outputPath = ""] = positionals;
  const key = decryptionKeyFrom(tool, values["decrypt-key"]);
  const { bytes } = firmwareFrom(tool, inputPath, `Image file ${inputPath} not found`);
  const verdict = verifyImage(bytes, { decryptKey: key });
  const wrong = [verdict.decryption, verdict.hash].find((answer: CheckResult) => answer.result !== "valid");
  if (wrong !== undefined || verdict.plainBody === undefined) {
    tool.tell?.({ decrypted: false, reason: wrong?.reason });
    tool.io.err(`Error: ${wrong?.reason ?? "the body could not be decrypted"}\n`);
    return 1;
  }
  const { image, plainBody } = verdict;
  const end = image.headerRoom.length + plainBody.length;
  const whole = concat(image.headerRoom, plainBody, bytes.subarray(end, image.imageBytes));
  const contents = values.body ? plainBody : whole;
  tool.files.write(outputPath, contents);
  tool.tell?.({ decrypted: true, output: outputPath, bytes: contents.length, digest: verdict.digest });
  return 0;
}
