import type { TrailerField } from "../../image/index.ts";
import type { Area, BootloaderBuild } from "../builds/build.ts";
import { type FlashOperation, operationBytes } from "../flash/operation.ts";
import { CHUNK_BYTES } from "../loader/regions.ts";
import { NSIB_HALVES } from "../steps/steps.ts";
import { layoutOf, statusOffset, trailerBytesOf } from "../trailer/trailer.ts";

/** Where in a boot an operation stands. "erase" and "copy" belong to overwrite-only, "clean" to a refused image. */
export type Phase = "prepare" | "move up" | "swap" | "finish" | "erase" | "copy" | "clean";

/** What an operation does, told from its place alone. */
export interface OperationName {
  readonly area: Area | undefined;
  readonly kind: "erase" | "copy" | "field" | "status" | "erase trailer";
  /** Number of the status entry, for kind "status". */
  readonly entry: number | undefined;
  /** For people: "erase primary sector 3", "status of sector 48, step 1". */
  readonly description: string;
}

const FIELD_NAMES: Readonly<Record<TrailerField, string>> = {
  magic: "magic",
  imageOk: "image_ok",
  copyDone: "copy_done",
  swapInfo: "swap_info",
  tlvSizes: "TLV sizes",
  swapSize: "swap_size",
  key0: "key of slot 0",
  key1: "key of slot 1",
  status: "status",
};

/** What a status entry stands for: the phase, and the sector (or group) it counts, from 1. */
interface EntryMeaning {
  readonly phase: "move up" | "swap";
  readonly sector: number;
  readonly state: number;
}

/** Meaning of status entry number `entry`. Source: MCUboot boot_status_internal_off of each mode. */
export function entryMeaning(build: BootloaderBuild, entry: number): EntryMeaning {
  const moves = build.maxImgSectors;
  if (build.mode === "move" && entry < moves) return { phase: "move up", sector: entry + 1, state: 1 };
  const states = build.mode === "scratch" ? 3 : 2;
  const done = build.mode === "move" ? entry - moves : entry;
  return { phase: "swap", sector: Math.floor(done / states) + 1, state: (done % states) + 1 };
}

/** Names an operation of a boot. */
export function nameOperation(build: BootloaderBuild, operation: FlashOperation): OperationName {
  const place = areaAt(build, operation.offset);
  if (place === undefined) {
    const description = `${operation.kind} at 0x${operation.offset.toString(16)}, outside all slots`;
    return { area: undefined, kind: operation.kind === "erase" ? "erase" : "copy", entry: undefined, description };
  }
  const { area, name } = place;
  const offset = operation.offset - area.offset;
  if (operation.kind === "erase") return nameErase(build, area, name, offset, operation.bytes);
  return trailerWrite(build, area, name, operation) ?? nameCopy(build, area, name, offset, operation);
}

/** Areas that end in no trailer, or in one of their own. */
const WITHOUT_TRAILER: ReadonlySet<string> = new Set(["scratch", ...NSIB_HALVES]);

function nameErase(build: BootloaderBuild, area: Area, name: string, offset: number, bytes: number): OperationName {
  const first = Math.floor(offset / build.sectorBytes);
  const last = Math.floor((offset + bytes - 1) / build.sectorBytes);
  const where = first === last ? `sector ${first}` : `sectors ${first} to ${last}`;
  const holdsTrailer = !WITHOUT_TRAILER.has(name) && offset + bytes > area.bytes - trailerBytesOf(build);
  const kind = holdsTrailer && first === last ? "erase trailer" : "erase";
  return {
    area,
    kind,
    entry: undefined,
    description: `erase ${name} ${kind === "erase" ? where : `trailer (${where})`}`,
  };
}

function nameCopy(
  build: BootloaderBuild,
  area: Area,
  name: string,
  offset: number,
  operation: FlashOperation,
): OperationName {
  if (build.nsib?.s0 === area || build.nsib?.s1 === area) {
    const isMark = operationBytes(operation) === build.writeBytes;
    if (isMark) return { area, kind: "field", entry: undefined, description: `${name}: mark of NSIB, invalid` };
  }
  const sector = Math.floor(offset / build.sectorBytes);
  const part = Math.floor((offset % build.sectorBytes) / CHUNK_BYTES) + 1;
  const parts = Math.ceil(build.sectorBytes / CHUNK_BYTES);
  const short = operationBytes(operation) < CHUNK_BYTES ? `, ${operationBytes(operation)} bytes` : "";
  const description = `copy to ${name} sector ${sector}, part ${part} of ${parts}${short}`;
  return { area, kind: "copy", entry: undefined, description };
}

/**
 * A write of one trailer field or status entry; undefined for data, which comes in chunks or ends before the trailer.
 */
function trailerWrite(
  build: BootloaderBuild,
  area: Area,
  name: string,
  operation: FlashOperation,
): OperationName | undefined {
  const layout = layoutOf(build, area);
  const offset = operation.offset - area.offset;
  const bytes = operationBytes(operation);
  const status = statusOffset(build, area);
  if (offset < status) return undefined;
  const entries = layout.fields.status.bytes / build.writeBytes;
  const entry = (offset - status) / build.writeBytes;
  if (bytes === build.writeBytes && entry < entries) {
    const { phase, sector, state } = entryMeaning(build, entry);
    const unit = build.mode === "scratch" ? "group" : "sector";
    const what = phase === "move up" ? `move ${sector}` : `${unit} ${sector}, step ${state}`;
    return { area, kind: "status", entry, description: `status of ${what}` };
  }
  const fromEnd = area.bytes - offset;
  const field = (Object.keys(layout.fields) as TrailerField[]).find((candidate) => {
    const place = layout.fields[candidate];
    return (
      candidate !== "status" && place !== undefined && fromEnd <= place.fromEnd && fromEnd > place.fromEnd - place.bytes
    );
  });
  if (bytes >= CHUNK_BYTES || (field === undefined && fromEnd > layout.fields.swapInfo.fromEnd)) return undefined;
  return { area, kind: "field", entry: undefined, description: `${name} trailer: ${FIELD_NAMES[field ?? "magic"]}` };
}

function areaAt(build: BootloaderBuild, offset: number): NamedArea | undefined {
  return namedAreas(build).find(({ area }) => offset >= area.offset && offset < area.offset + area.bytes);
}

interface NamedArea {
  readonly area: Area;
  readonly name: string;
}

const AREAS = new WeakMap<BootloaderBuild, readonly NamedArea[]>();

function namedAreas(build: BootloaderBuild): readonly NamedArea[] {
  const known = AREAS.get(build);
  if (known !== undefined) return known;
  const several = build.images.length > 1;
  const areas = build.images.flatMap(({ primary, secondary }, image) => {
    const prefix = several ? `image ${image} ` : "";
    return [
      { area: primary, name: `${prefix}primary` },
      { area: secondary, name: `${prefix}secondary` },
    ];
  });
  if (build.scratch !== undefined) areas.push({ area: build.scratch, name: "scratch" });
  for (const half of NSIB_HALVES) {
    const area = build.nsib?.[half];
    if (area !== undefined) areas.push({ area, name: half });
  }
  AREAS.set(build, areas);
  return areas;
}
