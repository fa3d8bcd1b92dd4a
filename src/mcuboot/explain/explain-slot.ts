import { equalBytes } from "../../core/index.ts";
import { trailerMagic } from "../../image/index.ts";
import { type ImageEntry, imageListOf } from "../boot/image-state.ts";
import { newestRuns } from "../builds/boot-mode.ts";
import type { BootloaderBuild } from "../builds/build.ts";
import { FlashContent } from "../flash/flash-content.ts";
import { PRIMARY, type Slot } from "../loader/loader-state.ts";
import { readTrailer, type TrailerState, trailerBytesOf } from "../trailer/trailer.ts";
import type { Action } from "./actions.ts";
import { doing, type LogContext } from "./outlook.ts";
import { faultIn, faultText } from "./refusal.ts";
import { type Told, toldOf, WHETHER_FIT } from "./told.ts";
import { trailerText } from "./trailer-line.ts";

/** True when the bytes end as a trailer does: with its magic. */
export function endsInMagic(bytes: Uint8Array, build: BootloaderBuild): boolean {
  const magic = trailerMagic(build.maxAlign);
  return bytes.length >= magic.length && equalBytes(bytes.subarray(bytes.length - magic.length), magic);
}

/** What one slot, or its last bytes, tells. */
interface SlotExplained {
  readonly told: Told;
  /** The image in it; undefined when only a trailer was given, or none can be read. */
  readonly entry: ImageEntry | undefined;
}

/**
 * One slot alone, or the last bytes of it with the trailer: the other slot is not known.
 * @param bytes the slot from its start, or as many bytes as you have up to its end.
 */
export function explainSlot(bytes: Uint8Array, build: BootloaderBuild, image: number, slot: Slot): SlotExplained {
  const areas = build.images[image];
  if (areas === undefined) throw new RangeError(`this bootloader has ${build.images.length} images, no image ${image}`);
  const area = slot === PRIMARY ? areas.primary : areas.secondary;
  const end = Math.max(
    ...build.images.flatMap((pair) => [pair.primary, pair.secondary]).map((a) => a.offset + a.bytes),
  );
  const flash = FlashContent.erased(end, build.sectorBytes);
  const kept = bytes.subarray(Math.max(0, bytes.length - area.bytes));
  flash.load(area.offset + area.bytes - kept.length, kept);
  const isWhole = bytes.length >= area.bytes;
  const trailer = readTrailer(flash, build, area);
  const fault = isWhole ? faultIn(flash, build, image, slot) : undefined;
  const fitness = !isWhole || slot === PRIMARY ? undefined : fault === undefined ? "fit" : "unfit";
  const told = tell(build, image, slot, trailer, fitness);
  const entry = imageListOf(flash, build).find((each) => each.image === image && each.slot === slot);
  const content = isWhole
    ? [fault === undefined ? `${entry?.version ?? "its image"} is fit by hash and signature` : faultText(slot, fault)]
    : [`only the last ${bytes.length} bytes of slot ${slot} are given (a trailer has ${trailerBytesOf(build)})`];
  return { told: { ...told, because: `${[told.because, ...content].join("; ")}.` }, entry };
}

/** What is known of the image in slot 1; undefined: nothing. */
type Fitness = "fit" | "unfit" | undefined;

/** What takes an image from slot 1 only after it was validated. */
const VALIDATES: readonly Action[] = ["test", "perm", "copy", "network"];

function tell(build: BootloaderBuild, image: number, slot: Slot, trailer: TrailerState, fitness: Fitness): Told {
  const context: LogContext = {
    mode: build.mode,
    generation: build.generation,
    images: build.images.length,
    printsSwapStart: true,
    bootstrap: build.bootstrap,
    network: build.netCore?.upgrades === true,
  };
  const known = slot === PRIMARY ? { primary: trailer } : { secondary: trailer };
  const asked = newestRuns(build.mode)
    ? []
    : doing(context, { image, lines: [], ...known }, { end: undefined, before: [] });
  const may = fitness === "unfit" ? asked.filter((action) => !VALIDATES.includes(action)) : asked;
  const told = toldOf(image, may, "slot", `slot ${slot}'s trailer says ${trailerText(trailer)}`);
  const open = fitness === "fit" ? told.open.filter((text) => text !== WHETHER_FIT) : told.open;
  return { ...told, open: [...open, `what slot ${1 - slot} holds and asks for`] };
}
