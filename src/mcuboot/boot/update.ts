import { unreachable } from "../../core/index.ts";
import {
  assertion,
  type ImagePair,
  isErasedHeader,
  type LoaderState,
  log,
  must,
  PRIMARY,
  SECONDARY,
  type Swap,
} from "../loader/loader-state.ts";
import { olderVersion, refuse } from "../loader/refusals.ts";
import type { Steps } from "../steps/steps.ts";
import { copyImage } from "../swap/overwrite.ts";
import { finishSwap, markImageOk, newSwap, swapImage } from "../swap/swap-image.ts";
import { downgradePrevented } from "./downgrade.ts";
import { validateSlot } from "./validate-slot.ts";

/**
 * Does with an image what was decided.
 * @param known the swap as it was prepared, in builds with one image; several images start with a new one, so that what
 *   is known of a begun trailer is lost (measured on MCUboot 2d4bacc3).
 * Source: MCUboot loader.c context_boot_go, second loop.
 */
export function* updateImage(loader: LoaderState, image: ImagePair, known: Swap | undefined): Steps {
  const swap = known ?? newSwap(loader);
  if (known === undefined) image.keys.fill(undefined);
  swap.type = image.swapType;
  switch (image.swapType) {
    case "none":
      return;
    case "test":
    case "perm":
      if (yield* downgradePrevented(loader, image)) {
        refuse(loader, image, SECONDARY, olderVersion(image));
        image.swapType = "none";
      } else yield* performUpdate(loader, image, swap);
      return;
    case "revert":
      yield* performUpdate(loader, image, swap);
      return;
    case "fail":
      if (loader.build.mode !== "overwrite") yield* markImageOk(loader, image);
      return;
    case "panic":
      image.swapType = "panic";
      yield* log(loader, "panic");
      must(false, "context_boot_go", "0");
      return;
    default:
      throw unreachable(image.swapType);
  }
}

/** Source: MCUboot loader.c boot_perform_update. */
function* performUpdate(loader: LoaderState, image: ImagePair, swap: Swap): Steps {
  const { build } = loader;
  if (build.mode === "overwrite") {
    assertion(loader, yield* copyImage(loader, image, swap), "boot_perform_update");
    return;
  }
  if (build.bootstrap && !(yield* holdsValidImage(loader, image, swap))) {
    assertion(loader, yield* copyImage(loader, image, swap), "boot_perform_update");
  } else {
    yield* swapImage(loader, image, swap);
  }
  yield* finishSwap(loader, image, image.swapType);
}

function* holdsValidImage(loader: LoaderState, image: ImagePair, swap: Swap): Steps<boolean> {
  const valid = yield* validateSlot(loader, image, PRIMARY, swap);
  return valid && !isErasedHeader(image.headers[PRIMARY]);
}
