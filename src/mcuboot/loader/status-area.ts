import type { Area } from "../builds/build.ts";
import { readMagic } from "../trailer/trailer.ts";
import { type ImagePair, type LoaderState, PRIMARY } from "./loader-state.ts";

/** The area whose trailer describes an interrupted swap. Source: MCUboot bootutil_misc.c boot_find_status. */
export function statusArea(loader: LoaderState, image: ImagePair): Area {
  const { flash, build } = loader;
  const { scratch } = build;
  const inScratch = scratch !== undefined && build.mode === "scratch" && readMagic(flash, build, scratch) === "good";
  return inScratch ? scratch : image.areas[PRIMARY];
}
