import { basename, join } from "node:path";
import { ConfigurationError, defined, UsageError, wallTime } from "../../core/index.ts";
import {
  checkDfuPackage,
  type DfuFileRequest,
  type DfuFinding,
  FLAG,
  formatVersion,
  type ImageHeader,
  parseImage,
  readDfuZip,
  writeDfuZip,
} from "../../image/index.ts";
import { readNamed } from "./options/files.ts";
import { anyText, parseDecimal, parseInteger } from "./options/grammar.ts";
import type { OptionTable, OptionValuesOf, Usage } from "./options/option.ts";
import { firmwareFrom, type ImageTool } from "./options/tool.ts";

const ACTIONS = ["list", "extract", "create"] as const;

const ZIP_OPTIONS = {
  board: {
    kind: "value",
    metavar: "NAME[,NAME…]",
    parse: listed,
    about: "create: board of each image, e.g. nrf5340dk/nrf5340/cpuapp; the network core's follows from it.",
  },
  "load-address": {
    kind: "value",
    metavar: "ADDRESS[,ADDRESS…]",
    parse: (text: string) => listed(text).map(parseInteger),
    about: "create: where each image starts; else its header's, its HEX file's, or the SoC's usual one.",
  },
  soc: { kind: "value", metavar: "NAME", parse: anyText, about: "create: SoC, e.g. nrf5340." },
  name: { kind: "value", metavar: "NAME", parse: anyText, about: "create: name of the application." },
  time: {
    kind: "value",
    metavar: "UNIX_S",
    parse: parseDecimal,
    about: "create: time of the build, seconds since 1970; else SOURCE_DATE_EPOCH, else now.",
  },
} as const satisfies OptionTable;

type ZipValues = OptionValuesOf<typeof ZIP_OPTIONS>;

export const zipUsage = {
  name: "zip",
  about: "DFU packages: list ZIPFILE; extract ZIPFILE [FOLDER]; create ZIPFILE IMAGE0 [IMAGE1 …] in image order.",
  options: ZIP_OPTIONS,
  positionals: [ACTIONS.join("|"), "ZIPFILE", "[FOLDER|FILE]…"],
} as const satisfies Usage<typeof ZIP_OPTIONS>;

/** `hil image zip`: the dfu_application.zip of the nRF Connect SDK, read and written. */
export async function runZip(tool: ImageTool, values: ZipValues, positionals: readonly string[]): Promise<number> {
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

async function list(tool: ImageTool, path: string): Promise<number> {
  const dfu = await readDfuZip(readNamed(tool.files, path, "package"));
  const { findings, problems } = checkDfuPackage(dfu);
  tool.tell?.({
    format: dfu.formatVersion,
    ...(problems.length === 0 ? {} : { problems }),
    files: findings.map((finding) => {
      const { file, headerVersion, slots, problems } = finding;
      const { name, imageIndex, bytes, entry } = file;
      return { name, imageIndex, bytes: bytes.length, headerVersion, slots, problems, entry };
    }),
  });
  for (const problem of problems) tool.io.out(`does not fit: ${problem}\n`);
  for (const finding of findings) tool.io.out(lineOf(finding));
  return 0;
}

/** One file a line; below it, what does not fit. */
function lineOf({ file, headerVersion, manifestVersion, slots, problems }: DfuFinding): string {
  const { name, imageIndex, bytes } = file;
  const version = manifestVersion ?? headerVersion ?? "";
  const facts = [
    `image ${imageIndex}`,
    name,
    `${bytes.length} bytes`,
    version,
    ...(slots === undefined ? [] : [slots]),
  ];
  return [
    facts.filter((fact) => fact !== "").join("  "),
    ...problems.map((problem) => `         does not fit: ${problem}`),
    "",
  ].join("\n");
}

async function extract(tool: ImageTool, path: string, folder: string): Promise<number> {
  const { files } = await readDfuZip(readNamed(tool.files, path, "package"));
  // All names first: a package that would write elsewhere writes nothing at all.
  for (const { name } of files) {
    if (name === basename(name) && !/^\.{1,2}$|[\\\0]/.test(name)) continue;
    throw new ConfigurationError(`the package names a file "${name}", which lies outside the folder.`);
  }
  for (const { name, bytes } of files) tool.files.write(join(folder, name), bytes, { makesFolder: true });
  tool.tell?.({ folder, files: files.map((file) => file.name) });
  return 0;
}

function create(tool: ImageTool, values: ZipValues, path: string, inputs: readonly string[]): number {
  const { board, soc, name } = values;
  if (board === undefined || soc === undefined) throw new UsageError("zip create needs --board and --soc.");
  if (inputs.length === 0) throw new UsageError("zip create needs the images, application core first.");
  const epoch = tool.io.env["SOURCE_DATE_EPOCH"];
  const timeUnixS = values.time ?? (epoch === undefined ? Math.floor(wallTime().getTime() / 1000) : Number(epoch));
  if (board.length > 1 && board.length !== inputs.length) {
    throw new UsageError(`--board names ${board.length} boards for ${inputs.length} images.`);
  }
  const files = inputs.map((input, index) => {
    const given = { board: board[index] ?? coreBoard(board[0] ?? "", index), address: values["load-address"]?.[index] };
    return fileOf(tool, input, { index, ...given, soc, timeUnixS });
  });
  if (new Set(files.map((file) => file.name)).size < files.length) {
    throw new UsageError("two of the images have one name: a package holds each name once.");
  }
  tool.files.write(path, writeDfuZip(files, { timeUnixS, ...defined({ name }) }));
  tool.tell?.({ output: path, files: files.map(({ name, details }) => ({ name, ...details })) });
  return 0;
}

function listed(text: string): readonly string[] {
  return text.split(",").map((word) => word.trim());
}

interface Place {
  readonly index: number;
  readonly board: string;
  readonly soc: string;
  readonly timeUnixS: number;
  /** As asked for. */
  readonly address: number | undefined;
}

/** The network core's board by the application core's: `…/cpuapp/ns` and `…_cpuapp_ns` too. Source: Zephyr, boards/nordic. */
function coreBoard(board: string, index: number): string {
  return index === 0 ? board : board.replace(/([/_])cpuapp(?:[/_]ns)?$/, "$1cpunet");
}

/** Where a core's image starts when nothing else tells. Source: Zephyr, nrf5340_cpuapp and cpunet partitions; sdk-nrf b0n. */
const USUAL_STARTS = [
  { soc: /^nrf5340/i, index: 0, address: 0x1_0000, headerFollows: true },
  { soc: /^nrf5340/i, index: 1, address: 0x0100_8800, headerFollows: false },
] as const;

/** Phones refuse a package without a number here. Source: Nordic's iOS DFU library, load_address. */
function startOf(header: ImageHeader, address: number | undefined, { index, soc, ...place }: Place): number {
  if (place.address !== undefined) return place.address;
  if ((header.flags & FLAG.ROM_FIXED) !== 0) return header.loadAddress + header.headerBytes;
  if (address !== undefined) return address + header.headerBytes;
  const usual = USUAL_STARTS.find((row) => row.index === index && row.soc.test(soc));
  if (usual) return usual.address + (usual.headerFollows ? header.headerBytes : 0);
  throw new UsageError(
    `zip create does not know where image ${index} of the SoC ${soc} starts.`,
    "Say it with --load-address, one address an image with commas between.",
  );
}

/** Slots count from 1 through all images. Source: nRF Connect SDK dfu_application.zip, manifest. */
function fileOf(tool: ImageTool, path: string, place: Place): DfuFileRequest {
  const { index, board, soc, timeUnixS } = place;
  const { bytes, address } = firmwareFrom(tool, path, `image file ${path} cannot be read`);
  const { header } = parseImage(bytes);
  const details = {
    load_address: startOf(header, address, place),
    image_index: String(index),
    slot_index_primary: String(2 * index + 1),
    slot_index_secondary: String(2 * index + 2),
    version_MCUBOOT: formatVersion(header.version),
  };
  const name = basename(path).replace(/\.hex$/i, ".bin");
  return { name, bytes, type: "application", board, soc, modifiedUnixS: timeUnixS, details };
}
