import type { BoardProfile } from "../../board/index.ts";
import { ConfigurationError, readInput, resolveFrom } from "../../core/index.ts";
import { type DfuFile, readDfuZip } from "../../image/index.ts";
import { modeRow, NET_APP } from "../../mcuboot/index.ts";
import { slotBeside } from "../verdict/slots.ts";
import { applicationPart, type ImageCore, type ImagePart, networkPart, type Role } from "./image-part.ts";
import type { ScenarioFile } from "./scenario.ts";

/** What of a board decides where a package's file goes. */
export interface PackagePlace {
  /** Device address of the application's primary slot, and its length. */
  readonly primaryAddress: number;
  readonly slotBytes: number;
  /** One pair of slots takes the images of both cores. */
  readonly onePair: boolean;
  /** Where images run in place: of the secondary slot. Packages hold the application twice then, linked for either. */
  readonly updateAddress?: number | undefined;
  /** Where the newest image runs: the slot of the old one. */
  readonly startSlot?: 0 | 1;
  /** The slot that an image is for, of a package that holds one for each. */
  readonly slot?: 0 | 1;
}

/** The same for an image of a role: where images run in place, the new one is for the slot without the old one. */
export function placeFor(place: PackagePlace, role: Role): PackagePlace {
  if (place.updateAddress === undefined) return place;
  const { startSlot = 0 } = place;
  if (role === "old") return { ...place, slot: startSlot };
  return { ...place, slot: slotBeside(startSlot), primaryAddress: place.updateAddress };
}

export function packagePlaceOf(profile: BoardProfile, { value: { start } }: ScenarioFile): PackagePlace {
  const { slots, bootloader } = profile;
  const [own, other] = start.slot === 0 ? [slots.primary, slots.secondary] : [slots.secondary, slots.primary];
  const { offset: primaryAddress, bytes: slotBytes } = own;
  return {
    primaryAddress,
    slotBytes,
    onePair: slots.networkSecondary === undefined && bootloader.networkCoreUpgrade,
    ...(modeRow(bootloader.mode).inPlace && { updateAddress: other.offset }),
    startSlot: start.slot,
  };
}

/** Image numbers, and the slots of each as packages count them. Source: nRF Connect SDK dfu_application.zip. */
const CORES = [
  { core: "application", slots: { slot_index_primary: 1, slot_index_secondary: 2 } },
  { core: "network", slots: { slot_index_primary: 3, slot_index_secondary: 4 } },
] as const;

/** Keys of an image number; one of them stands in a manifest that tells numbers at all. */
const INDEX_KEYS = ["image_index", "image", "partition"] as const;

/**
 * Which core a file of a package is for, by its manifest: the image number where one stands; the board's name or the
 * load address in packages without (format 0, one pair of slots).
 * @throws ConfigurationError for another image, and for a manifest that goes against itself or the board.
 */
function coreOf(file: DfuFile, place: PackagePlace): ImageCore {
  const { name, entry } = file;
  const isTold = INDEX_KEYS.some((key) => entry[key] !== undefined);
  const byName = netSigns(file);
  const row = rowOf(file);
  // With one pair of slots the network core's image comes in the application's.
  const core = byName !== undefined && (!isTold || place.onePair) ? "network" : row.core;
  if (core === "application" && byName !== undefined) {
    throw new ConfigurationError(`its ${name} is for image 0, and ${byName}, which is the network core`);
  }
  if (!place.onePair) checkSlots(file, core);
  checkAddress(file, core, place);
  return core;
}

function rowOf({ name, imageIndex }: DfuFile) {
  const row = CORES[imageIndex];
  if (row !== undefined) return row;
  throw new ConfigurationError(`its ${name} is for image ${imageIndex}, and campaigns upgrade images 0 and 1`);
}

function likelyCore(file: DfuFile): ImageCore {
  const { core } = rowOf(file);
  return netSigns(file) === undefined ? core : "network";
}

/** What in a manifest says that a file is for the network core, besides its number. */
function netSigns({ entry }: DfuFile): string | undefined {
  const { board } = entry;
  if (typeof board === "string" && board.includes("cpunet")) return `its board is ${board}`;
  const address = addressOf(entry);
  return address !== undefined && isNetAddress(address) ? `its address is 0x${address.toString(16)}` : undefined;
}

function addressOf(entry: DfuFile["entry"]): number | undefined {
  const address = entry["load_address"];
  return address === undefined ? undefined : Number(address);
}

function isNetAddress(address: number): boolean {
  return address >= NET_APP.address && address < NET_APP.endAddress;
}

function checkSlots({ name, entry, imageIndex }: DfuFile, core: ImageCore): void {
  const row = CORES.find((candidate) => candidate.core === core);
  for (const [key, expected] of Object.entries(row?.slots ?? {})) {
    const found = entry[key];
    if (found !== undefined && Number(found) !== expected) {
      throw new ConfigurationError(`its ${name} has ${key} ${Number(found)}; image ${imageIndex} has ${expected}`);
    }
  }
}

function checkAddress({ name, entry }: DfuFile, core: ImageCore, { primaryAddress, slotBytes }: PackagePlace): void {
  const at = addressOf(entry);
  if (at === undefined) return;
  const isNet = core === "network";
  const [from, end] = isNet ? [NET_APP.address, NET_APP.endAddress] : [primaryAddress, primaryAddress + slotBytes];
  if (at >= from && at < end) return;
  const slot = `${isNet ? "the network core's application is" : "the profile's primary slot is"} 0x${from.toString(16)} to 0x${end.toString(16)}`;
  throw new ConfigurationError(`its ${name} is for address 0x${at.toString(16)}; ${slot}`);
}

/**
 * The file of a package for one core.
 * @throws ConfigurationError when it holds none, or two; and as `coreOf`.
 */
export async function fileIn(archive: Uint8Array, core: ImageCore, place: PackagePlace): Promise<DfuFile> {
  const found = (await filesByCore(archive, place))[core];
  if (found !== undefined) return found;
  const which = place.slot === undefined ? "of the application" : `of the application for slot ${place.slot}`;
  throw new ConfigurationError(`it holds no image ${core === "network" ? "of the network core" : which}`);
}

/** The files of a package by core. @throws as `fileIn`. */
async function filesByCore(archive: Uint8Array, place: PackagePlace): Promise<{ readonly [C in ImageCore]?: DfuFile }> {
  return sortedByCore((await readDfuZip(archive)).files, place);
}

/** Direct-XIP: `slot` of the manifest, "0" or "1". Source: nRF Connect SDK cmake/sysbuild, dfu_application.zip. */
function slotTold({ entry }: DfuFile): string | undefined {
  const { slot } = entry;
  return typeof slot === "string" || typeof slot === "number" ? String(slot) : undefined;
}

function isForOtherSlot(file: DfuFile, place: PackagePlace | undefined): boolean {
  const told = slotTold(file);
  return told !== undefined && place?.slot !== undefined && Number(told) !== place.slot;
}

/** @param place left out: of a board that is not known; then only what manifests say of cores is looked at. */
export function sortedByCore(files: readonly DfuFile[], place?: PackagePlace): { readonly [C in ImageCore]?: DfuFile } {
  if (files.length === 0) throw new ConfigurationError("it holds no firmware");
  const byCore: { [C in ImageCore]?: DfuFile } = {};
  for (const file of files) {
    if (isForOtherSlot(file, place)) continue;
    const core = place === undefined ? likelyCore(file) : coreOf(file, place);
    const other = byCore[core];
    if (place === undefined && other !== undefined && slotTold(other) !== slotTold(file)) continue;
    const which = core === "network" ? "the network core" : "image 0";
    if (other !== undefined) throw new ConfigurationError(`${other.name} and ${file.name} are both for ${which}`);
    byCore[core] = file;
  }
  return byCore;
}

/**
 * The images of a role: those that the scenario names, and the network core's one that comes in the application's
 * package unnamed. Nothing of a package is left out: what is used by nobody is an error.
 * @throws ConfigurationError with the scenario's line and field.
 */
export async function partsOf(scenario: ScenarioFile, role: Role, place: PackagePlace): Promise<readonly ImagePart[]> {
  const application = applicationPart(scenario, role);
  const network = networkPart(scenario, role) ?? (await packagedNetwork(scenario, application, place));
  const parts = [application, ...(network ? [network] : [])];
  for (const part of parts) await requireAllUsed(scenario, part, parts, place);
  return parts;
}

async function packagedNetwork(
  scenario: ScenarioFile,
  { role, path, source }: ImagePart,
  place: PackagePlace,
): Promise<ImagePart | undefined> {
  const { dfu_zip } = source.payload;
  if (dfu_zip === undefined) return undefined;
  const held = await heldBy(scenario, { role, path, source }, place);
  if (held?.network === undefined) return undefined;
  return { role, core: "network", path, source: { payload: { dfu_zip } }, version: undefined, encrypt: undefined };
}

async function requireAllUsed(
  scenario: ScenarioFile,
  part: ImagePart,
  parts: readonly ImagePart[],
  place: PackagePlace,
): Promise<void> {
  const { dfu_zip: zip } = part.source.payload;
  if (zip === undefined) return;
  const held = await heldBy(scenario, part, place);
  const file = (named: string | undefined) => named && resolveFrom(scenario.file, named);
  for (const core of ["application", "network"] as const) {
    const found = held?.[core];
    const user = parts.find((other) => other.core === core);
    if (found === undefined || file(user?.source.payload.dfu_zip) === file(zip)) continue;
    const which = core === "network" ? "the network core" : "the application";
    throw scenario.wrong(
      [...part.path, "payload", "dfu_zip"],
      `names ${file(zip)}, which holds ${found.name} for ${which} as well, and ${(user?.path ?? []).join(".")} names another`,
      "Nothing of a package is left out: name it there, too, or a package without that file.",
    );
  }
}

/** The files of the package that a part names; undefined where that cannot be read, which reading the part tells. */
async function heldBy(
  scenario: ScenarioFile,
  { role, source }: Pick<ImagePart, "role" | "path" | "source">,
  place: PackagePlace,
) {
  try {
    const archive = readInput(resolveFrom(scenario.file, source.payload.dfu_zip ?? ""));
    return await filesByCore(archive, placeFor(place, role));
  } catch {
    // Whoever reads the image itself says what is wrong, and where.
    return undefined;
  }
}
