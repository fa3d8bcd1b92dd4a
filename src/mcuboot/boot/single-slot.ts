import { FLAG } from "../../image/index.ts";
import type { Fault } from "../builds/refusal-table.ts";
import { hasMagic, headerAt, type ImagePair, type LoaderState, log, PRIMARY } from "../loader/loader-state.ts";
import { refuse } from "../loader/refusals.ts";
import { writeFlag, writeMagic } from "../loader/trailer-writes.ts";
import type { BootResult, Steps } from "../steps/steps.ts";
import { readTrailer } from "../trailer/trailer.ts";
import { checkImage } from "./image-check.ts";

/** Which row of "bad image magic" is this loader's: it names no image. */
const OF_SINGLE_LOADER = 1;

/**
 * A boot with one slot: what lies there runs, or nothing does. No trailer is looked at, but for the mark that a build
 * leaves which validates once. Of an encrypted image the flags are passed over: serial recovery has decrypted it.
 * Source: MCUboot boot/zephyr/single_loader.c boot_go, boot_image_validate; bootutil_public.c boot_image_load_header.
 */
export function* bootSingle(loader: LoaderState): Steps<BootResult> {
  const [image] = loader.images;
  if (image === undefined) throw new RangeError("a bootloader build without images");
  const area = image.areas[PRIMARY];
  const header = headerAt(loader, area, 0);
  image.headers[PRIMARY] = header;
  const swapTypes = [image.swapType];
  const fault = (yield* headerFaultOf(loader, image)) ?? (yield* validate(loader, image));
  if (fault === undefined) return { kind: "run", slots: [area.offset], swapTypes };
  refuse(loader, image, PRIMARY, fault);
  return { kind: "fail", reason: "no bootable image in the slot", swapTypes };
}

function* headerFaultOf(loader: LoaderState, image: ImagePair): Steps<Fault | undefined> {
  const header = image.headers[PRIMARY];
  if (!hasMagic(header)) {
    yield* log(loader, "bad image magic", { value: `0x${header.magic.toString(16)}` }, OF_SINGLE_LOADER);
    return { reason: "header" };
  }
  if ((header.flags & FLAG.NON_BOOTABLE) !== 0) {
    yield* log(loader, "image not bootable");
    return { reason: "non-bootable" };
  }
  const found = header.headerBytes + header.bodyBytes + header.protectedTlvBytes;
  const limit = image.areas[PRIMARY].bytes;
  if (found < limit) return undefined;
  yield* log(loader, "image past its slot", { bytes: found, available: limit });
  return { reason: "past the slot", values: { found: `0x${found.toString(16)}`, limit: `0x${limit.toString(16)}` } };
}

/** By the options of the build: every boot, once, or never. */
function* validate(loader: LoaderState, image: ImagePair): Steps<Fault | undefined> {
  const { flash, build } = loader;
  const isOnce = !build.validatePrimarySlot && build.validatesOnce === true;
  if ((!build.validatePrimarySlot && !isOnce) || build.defects.has("swap-unvalidated")) return undefined;
  if (!isOnce) return yield* checkImage(loader, image, PRIMARY);
  const target = { build, area: image.areas[PRIMARY] };
  const { magic, imageOk } = readTrailer(flash, build, target.area);
  if (magic === "good" && imageOk === "set") return undefined;
  const fault = yield* checkImage(loader, image, PRIMARY);
  if (fault !== undefined) return fault;
  if (magic !== "good") yield writeMagic(target);
  yield writeFlag(target, "imageOk");
  return undefined;
}
