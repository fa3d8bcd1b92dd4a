import { viewOf } from "../../core/index.ts";
import { compareVersions, TLV, type Version } from "../../image/index.ts";
import { type ImagePair, type LoaderState, PRIMARY, SECONDARY, type Slot } from "../loader/loader-state.ts";
import { refuse } from "../loader/refusals.ts";
import { protectedEntries } from "../loader/tlv-walk.ts";
import { isUpgrade } from "../trailer/swap-codes.ts";

const DEPENDENCY_BYTES = 12;

/**
 * With several images and one about to move: if what any image depends on would not be there afterwards, nothing moves.
 * Source: MCUboot loader.c boot_verify_dependencies.
 */
export function holdUnmetDependencies(loader: LoaderState): void {
  const { images } = loader;
  if (!images.some((image) => isUpgrade(image.swapType))) return;
  if (images.every((image) => dependenciesMet(loader, image, slotAfterwards(image)))) return;
  for (const image of images) {
    if (isUpgrade(image.swapType)) refuse(loader, image, SECONDARY, { reason: "dependencies" });
    image.swapType = "none";
  }
}

/** The slot that holds what will run: the secondary, unless nothing is to be done. */
function slotAfterwards({ swapType }: ImagePair): Slot {
  return swapType === "none" || swapType === "fail" ? PRIMARY : SECONDARY;
}

/** True when every image that the image in this slot depends on is new enough, where it stands afterwards. */
export function dependenciesMet(
  loader: LoaderState,
  image: ImagePair,
  slot: Slot,
  slotOf: (other: ImagePair) => Slot = (other) => (isUpgrade(other.swapType) ? SECONDARY : PRIMARY),
): boolean {
  const { images, build } = loader;
  // What runs on the network core has no TLVs to be read; that it holds nothing up follows from NCSDK-34106, where the
  // application is updated alone.
  if (slot === PRIMARY && image.areas[PRIMARY].inRam === true) return true;
  // The other half may hold nothing, and the loop over the images then ends without a word.
  if (slot === PRIMARY && image.own) return true;
  const entries = protectedEntries(loader, image, slot);
  if (entries === undefined) return false;
  return entries
    .filter((entry) => entry.type === TLV.DEPENDENCY)
    .every(({ data }) => {
      const other = images[data[0] ?? images.length];
      if (data.length !== DEPENDENCY_BYTES || other === undefined) return false;
      const found = other.headers[slotOf(other)].version;
      return compareVersions(found, versionIn(data), { useBuildNumber: build.versionCmpUsesBuild }) >= 0;
    });
}

/** The least version in a dependency TLV. Source: MCUboot image.h struct image_dependency. */
function versionIn(data: Uint8Array): Version {
  const view = viewOf(data);
  return {
    major: view.getUint8(4),
    minor: view.getUint8(5),
    revision: view.getUint16(6, true),
    build: view.getUint32(8, true),
  };
}
