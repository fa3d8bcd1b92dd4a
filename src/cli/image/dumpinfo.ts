import { basename } from "node:path";
import { parseJson, utf8 } from "../../core/index.ts";
import { DUMP_FORMATS, dumpImage, formatDump } from "../../image/index.ts";
import { anyText, oneOf } from "./options/grammar.ts";
import type { OptionTable, OptionValuesOf, Usage } from "./options/option.ts";
import { firmwareFrom, type ImageTool } from "./options/tool.ts";

const DUMPINFO_OPTIONS = {
  format: {
    kind: "value",
    short: "f",
    metavar: "[human|yaml|json]",
    parse: oneOf(...DUMP_FORMATS),
    about: "Form of the output; default human, or yaml with --outfile.",
  },
  outfile: { kind: "value", short: "o", metavar: "FILE", parse: anyText, about: "Write here instead of printing." },
  silent: { kind: "flag", short: "s", about: "Accepted and without effect, as in imgtool." },
} as const satisfies OptionTable;

export const dumpinfoUsage = {
  name: "dumpinfo",
  about: "Print header, TLV areas and trailer of IMGFILE (binary or .hex). Nothing is verified.",
  options: DUMPINFO_OPTIONS,
  positionals: ["IMGFILE"],
} as const satisfies Usage<typeof DUMPINFO_OPTIONS>;

/** `hil image dumpinfo` */
export function runDumpinfo(
  tool: ImageTool,
  values: OptionValuesOf<typeof DUMPINFO_OPTIONS>,
  positionals: readonly string[],
): number {
  const [path = ""] = positionals;
  const dump = dumpImage(firmwareFrom(tool, path, `Image file not found (${path})`).bytes, basename(path));
  tool.tell?.({ dump: parseJson(formatDump(dump, "json")) });
  const format = values.format ?? (values.outfile === undefined ? "human" : "yaml");
  if (dump.trailer !== undefined && dump.trailer.maxAlign === undefined) {
    const warning = "Warning: the trailer magic value is invalid!\n";
    // imgtool prints it before the dump, whatever the form; a program that reads json or yaml would choke on it.
    if (format === "human") tool.io.out(warning);
    else tool.io.err(warning);
  }
  const text = formatDump(dump, format);
  if (values.outfile === undefined) tool.io.out(text);
  else tool.files.write(values.outfile, utf8(text));
  return 0;
}
