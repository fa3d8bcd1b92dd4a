import { newestRuns } from "../builds/boot-mode.ts";
import { assertionsOf, type BootloaderBuild } from "../builds/build.ts";
import type { Flash } from "../flash/operation.ts";
import {
  hasMagic,
  type ImagePair,
  type LoaderState,
  log,
  newLoaderState,
  PRIMARY,
  type Swap,
} from "../loader/loader-state.ts";
import { nsibStart } from "../nsib/start.ts";
import { startLines } from "../steps/start-lines.ts";
import { BootHang, BootPanic, BootReset, type BootResult, type Steps } from "../steps/steps.ts";
import type { SwapType } from "../trailer/swap-codes.ts";
import { holdUnmetDependencies } from "./dependencies.ts";
import { readHeaders } from "./headers.ts";
import { bootNewest } from "./newest-runs.ts";
import { prepareImage } from "./prepare.ts";
import { bootSingle } from "./single-slot.ts";
import { updateImage } from "./update.ts";
import { validateSlot } from "./validate-slot.ts";

/**
 * One boot, from reset: behind NSIB, from its start, and again from there when MCUboot has updated itself. Yields each
 * flash operation before it takes effect, each log line, and the time spent on image checks; returns what runs. Nothing
 * of it survives but the flash: a power cut is a `next()` that is never called.
 * @param onState is given the loader state, and each new one, to compare two boots while they run.
 * Source: MCUboot loader.c context_boot_go.
 */
export function* boot(
  flash: Flash,
  build: BootloaderBuild,
  onState: (state: LoaderState) => void = () => {},
): Steps<BootResult> {
  const { nsib } = build;
  if (nsib === undefined) {
    const result = yield* bootOnce(newLoaderState(flash, build), onState);
    if (result.kind !== "reset") return result;
    throw new RangeError("a bootloader that nothing starts has reset the board");
  }
  for (let starts = 0; starts < STARTS_MAX; starts += 1) {
    onState(newLoaderState(flash, build));
    const bootloader = yield* nsibStart(flash, nsib);
    if (bootloader === undefined) return { kind: "panic", reason: "NSIB finds no MCUboot that is whole, in S0 or S1" };
    yield* startLines(build);
    const result = yield* bootOnce(newLoaderState(flash, build, bootloader.half), onState);
    if (result.kind === "run") return { ...result, bootloader };
    if (result.kind !== "reset") return result;
  }
  return { kind: "hang", reason: "MCUboot updates itself again and again" };
}

/** Resets in one boot: an update of MCUboot is one; more than a few would not end. */
const STARTS_MAX = 4;

/** One start of MCUboot, up to where something else starts. */
function* bootOnce(
  loader: LoaderState,
  onState: (state: LoaderState) => void,
): Steps<BootResult | { readonly kind: "reset" }> {
  const { build } = loader;
  onState(loader);
  if (build.lifeCycle?.boots === false) {
    const { name, code } = build.lifeCycle;
    yield* log(loader, "unbootable state", { code });
    return { kind: "panic", reason: `the board's life is in the state ${name}, in which nothing is started` };
  }
  try {
    if (newestRuns(build.mode)) return yield* bootNewest(loader);
    return yield* build.mode === "single" ? bootSingle(loader) : bootSwap(loader);
  } catch (error) {
    if (error instanceof BootReset) return { kind: "reset" };
    if (error instanceof BootHang) return { kind: "hang", reason: error.message };
    if (!(error instanceof BootPanic)) throw error;
    if (error.isAssertion && assertionsOf(build) === "abort") yield* log(loader, "abort");
    return { kind: "panic", reason: error.message };
  }
}

function* bootSwap(loader: LoaderState): Steps<BootResult> {
  const { images } = loader;
  let swap: Swap | undefined;
  for (const image of images) swap = yield* prepareImage(loader, image);
  if (images.length > 1) holdUnmetDependencies(loader);
  for (const image of images) yield* updateImage(loader, image, images.length === 1 ? swap : undefined);
  for (const image of images) {
    // What lies in the other half is NSIB's to look at.
    if (!image.own && !(yield* isBootable(loader, image))) return failed(loader, image);
  }
  const slots = loader.build.images.map(({ primary }) => primary.offset);
  return { kind: "run", slots, swapTypes: swapTypes(loader) };
}

/** The last look at the primary slot before it runs. */
function* isBootable(loader: LoaderState, image: ImagePair): Steps<boolean> {
  if (image.swapType !== "none" && !(yield* readHeaders(loader, image))) return false;
  if (loader.build.validatePrimarySlot) return yield* validateSlot(loader, image, PRIMARY);
  const { magic } = image.headers[PRIMARY];
  if (hasMagic(image.headers[PRIMARY])) return true;
  yield* log(loader, "bad image magic", { value: `0x${magic.toString(16)}`, image: image.index });
  return false;
}

function failed(loader: LoaderState, image: ImagePair): BootResult {
  const reason = `no bootable image in the primary slot of image ${image.index}`;
  return { kind: "fail", reason, swapTypes: swapTypes(loader) };
}

function swapTypes(loader: LoaderState): SwapType[] {
  return loader.images.filter((image) => !image.own).map((image) => image.swapType);
}
