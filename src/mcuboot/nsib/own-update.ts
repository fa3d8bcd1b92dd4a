import type { Area } from "../builds/build.ts";
import { isForNetCore, type NetCoreBuild } from "../builds/net-core-rules.ts";
import {
  assertion,
  hasMagic,
  type ImagePair,
  type LoaderState,
  log,
  PRIMARY,
  SECONDARY,
} from "../loader/loader-state.ts";
import { refuse } from "../loader/refusals.ts";
import { copyRegion, eraseRegion, eraseSlot, eraseTrailer } from "../loader/regions.ts";
import { decidingWord } from "../net-core/update.ts";
import { BootReset, type Steps } from "../steps/steps.ts";

/** What the candidate in an image's secondary slot is to MCUboot behind NSIB. */
type OwnCandidate =
  /** An update of MCUboot for the half that does not run. */
  | "update"
  /** One that was linked for the half that runs. */
  | "wrong half"
  /** Something else: who it is for is decided as ever. */
  | "other";

/**
 * MCUboot's own updates come through the application's secondary slot, too: the word that tells the cores apart tells
 * them, as well. Source: sdk-mcuboot loader.c boot_validated_swap_type, MCUBOOT_IS_SECOND_STAGE.
 */
export function ownCandidate(loader: LoaderState, image: ImagePair, netCore: NetCoreBuild): OwnCandidate {
  const { own, flash } = loader;
  if (own === undefined || !hasMagic(image.headers[SECONDARY])) return "other";
  const word = decidingWord(flash, image, netCore);
  if (netCore.upgrades && isForNetCore(netCore.rule, word)) return "other";
  const takesEnd = netCore.rule.secondStageTakesEnd;
  if (isIn(own.inactive, word, takesEnd)) return "update";
  return isIn(own.active, word, takesEnd) ? "wrong half" : "other";
}

function isIn({ offset, bytes }: Area, word: number, takesEnd: boolean): boolean {
  return word >= offset && (word < offset + bytes || (takesEnd && word === offset + bytes));
}

/** An update that was linked for the half that runs is erased. Source: sdk-mcuboot cbbbd771 loader.c. */
export function* dropForWrongHalf(loader: LoaderState, image: ImagePair): Steps {
  refuse(loader, image, SECONDARY, { reason: "wrong half" });
  yield* log(loader, "wrong half");
  yield* eraseSlot(loader, image.areas[SECONDARY]);
  yield* log(loader, "cleaned up", { image: image.index });
}

/**
 * Moves an update of MCUboot into the half that does not run, whole, without a trailer, and resets the board: the half
 * that runs is never touched. Source: sdk-mcuboot swap_nsib.c nsib_swap_run, loader.c boot_swap_image, 69c7ba76.
 * @throws BootReset always, when it is done.
 */
export function* moveOwnUpdate(loader: LoaderState, image: ImagePair): Steps {
  const { build, own } = loader;
  const secondary = image.areas[SECONDARY];
  const target = build.defects.has("own-update-in-place") && own !== undefined ? own.active : image.areas[PRIMARY];
  yield* log(loader, "starting swap", { algorithm: "nsib" });
  yield* eraseRegion(loader, { area: target, offset: 0, bytes: target.bytes });
  const copy = { from: { area: secondary, offset: 0 }, to: { area: target, offset: 0 }, bytes: target.bytes };
  assertion(loader, yield* copyRegion(loader, image, copy), "nsib_swap_run");
  yield* eraseTrailer(loader, secondary);
  const bytes = Math.min(target.bytes + build.sectorBytes, secondary.bytes);
  yield* eraseRegion(loader, { area: secondary, offset: 0, bytes });
  throw new BootReset();
}
