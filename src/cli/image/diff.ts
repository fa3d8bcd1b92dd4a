import { compareImages, type ImageComparison } from "../../image/index.ts";
import { anyText } from "./options/grammar.ts";
import type { OptionTable, OptionValuesOf, Usage } from "./options/option.ts";
import { decryptionKeyFrom, firmwareFrom, type ImageTool } from "./options/tool.ts";

const LINES_MAX = 200;

const DIFF_OPTIONS = {
  "decrypt-key": {
    kind: "value",
    metavar: "FILE",
    parse: anyText,
    about: "Private key that opens both images: their bodies are compared as they run.",
  },
  "decrypt-key-b": {
    kind: "value",
    metavar: "FILE",
    parse: anyText,
    about: "Private key that opens IMGFILE_B, where it is another one.",
  },
} as const satisfies OptionTable;

export const diffUsage = {
  name: "diff",
  about: "Say what differs between two images: header, TLVs, body. Exit code 1 when anything does.",
  options: DIFF_OPTIONS,
  positionals: ["IMGFILE_A", "IMGFILE_B"],
} as const satisfies Usage<typeof DIFF_OPTIONS>;

/** `hil image diff`: one line a difference; imgtool has no such command. */
export function runDiff(
  tool: ImageTool,
  values: OptionValuesOf<typeof DIFF_OPTIONS>,
  positionals: readonly string[],
): number {
  const [a = "", b = ""] = positionals;
  const keyA = values["decrypt-key"];
  const keyB = values["decrypt-key-b"] ?? keyA;
  const comparison = compareImages(sideOf(tool, a, keyA), sideOf(tool, b, keyB));
  tool.tell?.({ same: comparison.differences.length === 0, ...comparison });
  tool.io.out(textOf(comparison));
  return comparison.differences.length === 0 ? 0 : 1;
}

function sideOf(tool: ImageTool, path: string, keyPath: string | undefined): Parameters<typeof compareImages>[0] {
  const { bytes } = firmwareFrom(tool, path, `Image file ${path} not found`);
  return keyPath === undefined ? { bytes } : { bytes, decryptKey: decryptionKeyFrom(tool, keyPath) };
}

function textOf({ differences, bodies }: ImageComparison): string {
  if (differences.length === 0) return "the images are the same\n";
  const lines = differences.slice(0, LINES_MAX).map(({ part, what, a, b }) => {
    return `${part} ${what}: ${a ?? "absent"} | ${b ?? "absent"}`;
  });
  const more = differences.length - lines.length;
  if (more > 0) lines.push(`… and ${more} more differences`);
  if (bodies === "stored") lines.push("The bodies were compared as stored: --decrypt-key compares them as they run.");
  return `${lines.join("\n")}\n`;
}
