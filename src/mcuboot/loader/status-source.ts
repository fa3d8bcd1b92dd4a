import type { Area } from "../builds/build.ts";
import type { Steps } from "../steps/steps.ts";
import { FLAG_CODE, type Flag, type Magic, readTrailer, type TrailerState } from "../trailer/trailer.ts";
import { type ImagePair, type LoaderState, log, PRIMARY, SECONDARY, type StatusSource } from "./loader-state.ts";

const hexOf = (value: number): string => `0x${value.toString(16)}`;

/** Prints what a trailer says. */
export function* logTrailer(
  loader: LoaderState,
  area: "Primary image" | "Secondary image" | "Scratch",
  trailer: TrailerState,
): Steps {
  yield* log(loader, "swap state", {
    area,
    magic: trailer.magic,
    swapType: hexOf(trailer.swapCode),
    copyDone: hexOf(FLAG_CODE[trailer.copyDone]),
    imageOk: hexOf(FLAG_CODE[trailer.imageOk]),
  });
}

/**
 * Status source of the modes that keep it in the primary slot: an interrupted swap has a complete trailer there, not
 * yet marked as done, and the secondary slot no longer asks for anything.
 * Source: MCUboot swap_move.c and swap_offset.c swap_status_source.
 */
export function* primaryStatusSource(loader: LoaderState, { areas }: ImagePair): Steps<StatusSource> {
  const { flash, build } = loader;
  const primary = readTrailer(flash, build, areas[PRIMARY]);
  const secondary = readTrailer(flash, build, areas[SECONDARY]);
  yield* logTrailer(loader, "Primary image", primary);
  yield* logTrailer(loader, "Secondary image", secondary);
  const asked = secondary.magic === "good" && !build.defects.has("R5-829");
  const interrupted = primary.magic === "good" && primary.copyDone === "unset" && !asked;
  const source = interrupted && !build.defects.has("forget-resume") ? "primary slot" : "none";
  yield* log(loader, "boot source", { bootSource: source });
  return source;
}

interface SourceRow {
  readonly primaryMagic?: Magic;
  /** "not good" is any but good. */
  readonly scratchMagic?: "good" | "not good";
  readonly copyDone?: Flag;
  readonly source: StatusSource;
}

/**
 * Where swap using scratch keeps its status; first match wins, no match is none. Source: swap_scratch.c
 * boot_status_tables.
 */
const SCRATCH_SOURCES: readonly SourceRow[] = [
  { primaryMagic: "good", scratchMagic: "not good", copyDone: "set", source: "none" },
  { primaryMagic: "good", scratchMagic: "not good", copyDone: "unset", source: "primary slot" },
  { scratchMagic: "good", source: "scratch" },
  { primaryMagic: "unset", copyDone: "unset", source: "primary slot" },
];

/**
 * Status source of swap using scratch. With several images the status in the scratch area counts only for the image
 * that it names.
 * Source: MCUboot swap_scratch.c swap_status_source.
 */
export function* scratchStatusSource(loader: LoaderState, image: ImagePair, scratch: Area): Steps<StatusSource> {
  const { flash, build, images } = loader;
  const primary = readTrailer(flash, build, image.areas[PRIMARY]);
  const kept = readTrailer(flash, build, scratch);
  yield* logTrailer(loader, "Primary image", primary);
  yield* logTrailer(loader, "Scratch", kept);
  const row = SCRATCH_SOURCES.find(
    ({ primaryMagic, scratchMagic, copyDone }) =>
      (primaryMagic ?? primary.magic) === primary.magic &&
      (scratchMagic === undefined || (scratchMagic === "good") === (kept.magic === "good")) &&
      (copyDone ?? primary.copyDone) === primary.copyDone,
  );
  const foreign = row?.source === "scratch" && images.length > 1 && kept.imageNumber !== image.index;
  const source = foreign || build.defects.has("forget-resume") ? "none" : (row?.source ?? "none");
  yield* log(loader, "boot source", { bootSource: source });
  return source;
}
