import { type ImagePair, type Loader, log, PRIMARY, SECONDARY, type StatusSource } from "./loader.ts";
import type { Steps } from "./steps.ts";
import { FLAG_CODE, readTrailer, type TrailerState } from "./trailer.ts";

const hexOf = (value: number): string => `0x${value.toString(16)}`;

/** Prints what a trailer says. */
export function* logTrailer(
  loader: Loader,
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
export function* primaryStatusSource(loader: Loader, { areas }: ImagePair): Steps<StatusSource> {
  const { flash, build } = loader;
  const primary = readTrailer(flash, build, areas[PRIMARY]);
  const secondary = readTrailer(flash, build, areas[SECONDARY]);
  yield* logTrailer(loader, "Primary image", primary);
  yield* logTrailer(loader, "Secondary image", secondary);
  const interrupted = primary.magic === "good" && primary.copyDone === "unset" && secondary.magic !== "good";
  const source = interrupted && !build.defects.has("forget-resume") ? "primary slot" : "none";
  yield* log(loader, "boot source", { bootSource: source });
  return source;
}
