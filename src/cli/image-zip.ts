import { basename, join } from "node:path";
import { ConfigurationError, UsageError, wallTime } from "../core/index.ts";
import { type DfuFileRequest, formatVersion, parseImage, readDfuZip, writeDfuZip } from "../image/index.ts";
import { readNamed } from "./image-files.ts";
import { anyText, parseDecimal } from "./image-grammar.ts";
import type { OptionTable, Usage, ValuesOf } from "./image-option.ts";
import type { ImageTool } from "./image-tool.ts";

const ACTIONS = ["list", "extract", "create"] as const;

const ZIP_OPTIONS = {
  board: { kind: "value", metavar: "NAME", parse: anyText, about: "create: board, e.g. nrf5340dk/nrf5340/cpuapp." },
  soc: { kind: "value", metavar: "NAME", parse: anyText, about: "create: SoC, e.g. nrf5340." },
  name: { kind: "value", metavar: "NAME", parse: anyText, about: "create: name of the application." },
  time: {
    kind: "value",
    metavar: "UNIX_S",
    parse: parseDecimal,
    about: "create: time of the build, seconds since 1970; else SOURCE_DATE_EPOCH, else now.",
  },
} as const satisfies OptionTable;

type ZipValues = ValuesOf<typeof ZIP_OPTIONS>;

export const zipUsage = {
  name: "zip",
  about: "DFU packages: list ZIPFILE; extract ZIPFILE [FOLDER]; create ZIPFILE IMAGE0 [IMAGE1 …] in image order.",
  options: ZIP_OPTIONS,
  positionals: [ACTIONS.join("|"), "ZIPFILE", "[FOLDER|FILE]…"],
} as const satisfies Usage<typeof ZIP_OPTIONS>;

/** `hil image zip`: the dfu_application.zip of the nRF Connect SDK, read and written. */
export function runZip(tool: ImageTool, values: ZipValues, positionals: readonly string[]): number {
  const [action = "", path = "", ...rest] = positionals;
  if (action === "list" && rest.length === 0) return list(tool, path);
  if (action === "extract" && rest.length <= 1) return extract(tool, path, rest[0] ?? ".");
  if (action === "create") return create(tool, values, path, rest);
  throw new UsageError(
    ACTIONS.some((known) => known === action)
      ? `zip ${action} takes ${action === "list" ? "a package" : "a package and a folder"}, and nothing more.`
      : `zip does not know "${action}".`,
    `It knows ${ACTIONS.join(", ")}.`,
  );
}

function list(tool: ImageTool, path: string): number {
  const { files, formatVersion: format } = readDfuZip(readNamed(tool.files, path, "package"));
  tool.tell?.({
    format,
    files: files.map(({ name, imageIndex, bytes, entry }) => ({ name, imageIndex, bytes: bytes.length, entry })),
  });
  for (const { name, imageIndex, bytes, entry } of files) {
    const version = entry["version_MCUBOOT"] ?? entry["version"];
    tool.io.out(`image ${imageIndex}  ${name}  ${bytes.length} bytes  ${typeof version === "string" ? version : ""}\n`);
  }
  return 0;
}

function extract(tool: ImageTool, path: string, folder: string): number {
  const { files } = readDfuZip(readNamed(tool.files, path, "package"));
  // All names first: a package that would write elsewhere writes nothing at all.
  for (const { name } of files) {
    if (name === basename(name) && !/^\.{1,2}$|[\\\0]/.test(name)) continue;
    throw new ConfigurationError(`the package names a file "${name}", which lies outside the folder.`);
  }
  for (const { name, bytes } of files) tool.files.write(join(folder, name), bytes);
  tool.tell?.({ folder, files: files.map((file) => file.name) });
  return 0;
}

function create(tool: ImageTool, values: ZipValues, path: string, inputs: readonly string[]): number {
  const { board, soc, name } = values;
  if (board === undefined || soc === undefined) throw new UsageError("zip create needs --board and --soc.");
  if (inputs.length === 0) throw new UsageError("zip create needs the images, application core first.");
  const epoch = tool.io.env["SOURCE_DATE_EPOCH"];
  const timeUnixS = values.time ?? (epoch === undefined ? Math.floor(wallTime().getTime() / 1000) : Number(epoch));
  const files = inputs.map((input, index) => fileOf(tool, input, { index, board, soc, timeUnixS }));
  if (new Set(files.map((file) => file.name)).size < files.length) {
    throw new UsageError("two of the images have one name: a package holds each name once.");
  }
  tool.files.write(path, writeDfuZip(files, { timeUnixS, ...(name === undefined ? {} : { name }) }));
  tool.tell?.({ output: path, files: files.map(({ name, details }) => ({ name, ...details })) });
  return 0;
}

interface Place {
  readonly index: number;
  readonly board: string;
  readonly soc: string;
  readonly timeUnixS: number;
}

/** Slots count from 1 through all images. Source: nRF Connect SDK dfu_application.zip, manifest. */
function fileOf(tool: ImageTool, path: string, { index, board, soc, timeUnixS }: Place): DfuFileRequest {
  const bytes = readNamed(tool.files, path, "image file");
  const { header } = parseImage(bytes);
  const details = {
    image_index: String(index),
    slot_index_primary: String(2 * index + 1),
    slot_index_secondary: String(2 * index + 2),
    version_MCUBOOT: formatVersion(header.version),
  };
  return { name: basename(path), bytes, type: "application", board, soc, modifiedUnixS: timeUnixS, details };
}
