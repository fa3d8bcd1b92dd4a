import { isHilError, messageOf } from "../../core/index.ts";
import { FLAG, type ImageHeader } from "../format/header.ts";
import { parseImage } from "../format/parse.ts";
import { formatVersion } from "../format/version.ts";
import type { DfuFile, DfuPackage } from "./dfu-zip.ts";

/** What a package's file is, by its own header, and what of its manifest does not fit. */
export interface DfuFinding {
  readonly file: DfuFile;
  /** Version in the header, `major.minor.revision+build`; undefined for a file that is no MCUboot image. */
  readonly headerVersion: string | undefined;
  /** Version in the manifest, as it stands. */
  readonly manifestVersion: string | undefined;
  /** Slot of a direct-XIP build; else the slots of a swap: primary and secondary. */
  readonly slots: string | undefined;
  readonly problems: readonly string[];
}

/** Newest format of a manifest that this reader was written for. Source: nRF Connect SDK, generate_zip.py. */
const FORMAT_VERSION_MAX = 1;
/** Types of files that MCUboot does not boot; others are taken for images. Source: Nordic's iOS DFU library. */
const OTHER_TYPES = ["suit-envelope", "cache"] as const;
/** Keys of a file's version, MCUboot's before the network core's own. */
const VERSION_KEYS = ["version_MCUBOOT", "version_MCUBOOT+XIP"] as const;

/** Each file of a package beside its manifest entry, and what is wrong with the package as a whole. */
export function checkDfuPackage({ files, formatVersion: format }: DfuPackage): {
  readonly findings: readonly DfuFinding[];
  readonly problems: readonly string[];
} {
  const problems = [
    ...(Number.isInteger(format) && format >= 0 && format <= FORMAT_VERSION_MAX
      ? []
      : [`format-version ${format} is not known here (0 and ${FORMAT_VERSION_MAX} are): it may mean something else`]),
    ...(files.length === 0 ? ["the manifest lists no file: there is nothing to send"] : []),
  ];
  return { problems, findings: files.map((file) => findingOf(file, files)) };
}

function findingOf(file: DfuFile, all: readonly DfuFile[]): DfuFinding {
  const { entry, bytes } = file;
  const manifestVersion = VERSION_KEYS.map((key) => textOf(entry[key])).find((text) => text !== undefined);
  const slots = slotsOf(file);
  const twins = all.filter((other) => other !== file && slotKey(other) === slotKey(file)).map(({ name }) => name);
  const problems =
    twins.length === 0 ? [] : [`${twins.join(", ")} would go into the same slot, image ${file.imageIndex}`];
  const type = textOf(entry["type"]);
  const shared = { file, manifestVersion: manifestVersion ?? textOf(entry["version"]), slots };
  if (type !== undefined && OTHER_TYPES.some((other) => other === type)) {
    return { ...shared, headerVersion: undefined, problems: [...problems, `a ${type} is no MCUboot image`] };
  }
  const header = headerOf(bytes);
  if (typeof header === "string") return { ...shared, headerVersion: undefined, problems: [...problems, header] };
  const version = formatVersion(header.version);
  const address = numberOf(entry["load_address"]);
  const fixed = (header.flags & FLAG.ROM_FIXED) !== 0 && address !== undefined && address !== header.loadAddress;
  return {
    ...shared,
    headerVersion: version,
    problems: [
      ...problems,
      ...(manifestVersion === undefined || sameVersion(manifestVersion, version)
        ? []
        : [`the header says ${version}, the manifest ${manifestVersion}`]),
      ...(fixed ? [`it runs from ${hexOf(header.loadAddress)} only, the manifest says ${hexOf(address)}`] : []),
    ],
  };
}

const hexOf = (address: number) => `0x${address.toString(16)}`;

/** The header, or why there is none. */
function headerOf(bytes: Uint8Array): ImageHeader | string {
  if (bytes.length === 0) return "the file is empty";
  try {
    return parseImage(bytes).header;
  } catch (error) {
    if (!isHilError(error)) throw error;
    return messageOf(error).replace(/\.$/, "");
  }
}

/** `1.2.3` is `1.2.3+0`, as the manifest's makers and imgtool read it. */
function sameVersion(manifest: string, header: string): boolean {
  const parts = (text: string) => text.split(/[.+]/).map(Number);
  const [wanted, found] = [parts(manifest), parts(header)];
  return found.every((part, index) => part === (wanted[index] ?? 0)) && wanted.length <= found.length;
}

function slotsOf({ entry }: DfuFile): string | undefined {
  const [slot, primary, secondary] = ["slot", "slot_index_primary", "slot_index_secondary"].map((key) =>
    textOf(entry[key]),
  );
  if (slot !== undefined) return `slot ${slot}`;
  return primary === undefined && secondary === undefined ? undefined : `slots ${primary ?? "?"}/${secondary ?? "?"}`;
}

/** Where a file goes: one image has one file, and in a direct-XIP build one for each slot. */
function slotKey({ imageIndex, entry }: DfuFile): string {
  return `${imageIndex} ${textOf(entry["slot"]) ?? ""}`;
}

/** Addresses stand as numbers, or as text in older manifests. */
function numberOf(value: unknown): number | undefined {
  const number = Number(textOf(value) ?? Number.NaN);
  return Number.isFinite(number) ? number : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}
