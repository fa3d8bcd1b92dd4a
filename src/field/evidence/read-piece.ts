import { bootloaderBuildOf, type LoadedProfile } from "../../board/index.ts";
import { ConfigurationError, isKind, messageOf } from "../../core/index.ts";
import { fileKindOf, parseIntelHex, readDfuZip } from "../../image/index.ts";
import {
  type Area,
  type BootloaderBuild,
  endsInMagic,
  FlashContent,
  imageListOf,
  readLog,
  readTrailer,
  trailerFlagsBytesOf,
} from "../../mcuboot/index.ts";
import type { SlotSeen, TrailerSeen } from "./evidence.ts";
import { decoded, isText, readList } from "./foreign-text.ts";
import type { Belief, Piece } from "./piece.ts";
import { readImage } from "./read-image.ts";

const WANTED =
  "Taken are DFU packages, signed images, HEX files, boot logs, image lists, flash dumps (whole, a slot, a trailer), build folders and run folders.";
/** Application cores crash into such files. Source: Zephyr coredump, header "ZE" or lines "#CD:"; ELF of a debugger. */
const CORE = /^#CD:BEGIN#|^\s*\S*#CD:/m;

/**
 * What a file is, by its content.
 * @throws ConfigurationError for a file that is nothing that a history could be asked for.
 */
export async function readPiece(
  name: string,
  bytes: Uint8Array,
  belief: Belief,
  profiles: readonly LoadedProfile[],
): Promise<Piece> {
  const kind = fileKindOf(bytes)?.kind;
  if (kind === "empty") throw new ConfigurationError(`${name} is empty.`, WANTED);
  try {
    if (kind === "zip") return await ofPackage(name, bytes, profiles);
    if (kind === "hex") return ofHex(name, bytes, profiles);
  } catch (error) {
    if (!isKind(error, "image") && !isKind(error, "configuration")) throw error;
    throw new ConfigurationError(`${name} cannot be read: ${messageOf(error)}`, WANTED, { cause: error });
  }
  if (kind === "image") {
    return { name, kind: "images", read: "a signed image", files: [readImage(name, bytes, 0, profiles)] };
  }
  const build = bootloaderBuildOf(belief.loaded);
  const text = decoded(bytes);
  if (isText(text)) {
    const found = ofText(name, text, build);
    if (found !== undefined) return found;
  }
  if (kind === "elf" || (bytes[0] === 0x5a && bytes[1] === 0x45)) return opaqueCore(name);
  const dump = ofDump(name, bytes, build);
  if (dump !== undefined) return dump;
  // A log with some garbage in it.
  if (readLog(text, build) !== undefined) return { name, kind: "log", text };
  throw new ConfigurationError(`${name} is nothing that a failure could be read from.`, WANTED);
}

function opaqueCore(name: string): Piece {
  return { name, kind: "opaque", read: "a core dump: an application ran, and crashed; nothing of it is read" };
}

function ofText(name: string, text: string, build: BootloaderBuild): Piece | undefined {
  const list = readList(text);
  if (list !== undefined && !("wrong" in list)) {
    const slots = list.map(({ pending, confirmed, active, permanent, ...rest }) => ({
      ...rest,
      ...(rest.version !== undefined && { version: rest.version }),
      pending: pending === true,
      confirmed: confirmed === true,
      active: active === true,
      permanent: permanent === true,
    }));
    return { name, kind: "list", slots };
  }
  if (readLog(text, build) !== undefined) return { name, kind: "log", text };
  return CORE.test(text) ? opaqueCore(name) : undefined;
}

async function ofPackage(name: string, bytes: Uint8Array, profiles: readonly LoadedProfile[]): Promise<Piece> {
  const { files } = await readDfuZip(bytes);
  const read = files.map((file) => readImage(`${name}: ${file.name}`, file.bytes, file.imageIndex, profiles));
  return {
    name,
    kind: "images",
    read: `a DFU package with ${files.length} file${files.length === 1 ? "" : "s"}`,
    files: read,
  };
}

function ofHex(name: string, bytes: Uint8Array, profiles: readonly LoadedProfile[]): Piece {
  const segments = parseIntelHex(decoded(bytes));
  const images = segments.filter(({ bytes: own }) => fileKindOf(own)?.kind === "image");
  const files = images.map(({ address, bytes: own }) =>
    readImage(`${name} at 0x${address.toString(16)}`, own, 0, profiles),
  );
  const first = segments[0]?.address ?? 0;
  return {
    name,
    kind: "images",
    read: `a HEX file from 0x${first.toString(16)}, ${images.length} image${images.length === 1 ? "" : "s"} in it`,
    files,
  };
}

function ofDump(name: string, bytes: Uint8Array, build: BootloaderBuild): Piece | undefined {
  const areas = build.images[0];
  if (areas === undefined) return undefined;
  const end = Math.max(...[areas.primary, areas.secondary].map((area) => area.offset + area.bytes));
  if (bytes.length >= end) {
    const flash = FlashContent.erased(end, build.sectorBytes);
    flash.load(0, bytes.subarray(0, end));
    const slots = imageListOf(flash, build).map((entry): SlotSeen => entry);
    const trailers = ([0, 1] as const).map((slot) =>
      trailerOf(flash, build, slot === 0 ? areas.primary : areas.secondary, slot),
    );
    return { name, kind: "dump", read: "a flash dump", slots, trailers };
  }
  const isSlot = bytes.length === areas.primary.bytes || bytes.length === areas.secondary.bytes;
  if (!isSlot && !endsInMagic(bytes, build)) return undefined;
  if (bytes.length < trailerFlagsBytesOf(build)) return undefined;
  const slot = slotNamed(name);
  if (slot === undefined) {
    throw new ConfigurationError(
      `${name} is ${isSlot ? "as long as a slot" : "the end of a slot"}, and its name does not tell which.`,
      "Name it slot0… or slot1….",
    );
  }
  const area = slot === 0 ? areas.primary : areas.secondary;
  const flash = FlashContent.erased(end, build.sectorBytes);
  flash.load(area.offset + area.bytes - bytes.length, bytes);
  return {
    name,
    kind: "dump",
    read: isSlot ? `slot ${slot}` : `the trailer of slot ${slot}`,
    trailers: [trailerOf(flash, build, area, slot)],
  };
}

function slotNamed(name: string): 0 | 1 | undefined {
  if (/slot[-_ ]?1|secondary|image[-_ ]?1/i.test(name)) return 1;
  return /slot[-_ ]?0|primary|image[-_ ]?0/i.test(name) ? 0 : undefined;
}

function trailerOf(flash: FlashContent, build: BootloaderBuild, area: Area, slot: 0 | 1): TrailerSeen {
  const { magic, swapType, copyDone, imageOk } = readTrailer(flash, build, area);
  return { slot, text: `${magic} ${swapType} ${copyDone} ${imageOk}` };
}
