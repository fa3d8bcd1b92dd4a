import type { BootMode } from "../builds/boot-mode.ts";
import type { GenerationRow } from "../builds/generation-row.ts";
import { isUpgrade, type SwapType } from "../trailer/swap-codes.ts";
import { swapRow } from "../trailer/swap-table.ts";
import { EMPTY_TRAILER, type TrailerState } from "../trailer/trailer.ts";
import { type Action, actionSet } from "./actions.ts";
import type { BootEnd } from "./boots.ts";
import type { ImageStory } from "./story.ts";

/** What is known of the bootloader besides one boot's lines. */
export interface LogContext {
  readonly mode: BootMode;
  readonly generation: GenerationRow;
  readonly images: number;
  /** It prints a line when a swap begins; undefined: old ones do not, and nothing tells which this is. */
  readonly printsSwapStart: boolean;
  readonly bootstrap: boolean;
  /** It hands images to the network core. */
  readonly network: boolean;
}

/** A boot of which this is told: whether its lines stop before its end, and how it ended. */
interface BootAround {
  readonly end: BootEnd;
  /** What it may do by what was known before its first line. */
  readonly before: readonly Action[];
}

/** All that a bootloader that swaps or copies may do, when nothing is known of the flash. */
export function anything({ mode, network, bootstrap }: LogContext): readonly Action[] {
  const more: readonly Action[] = actionSet(network ? ["network"] : [], bootstrap ? ["copy"] : []);
  if (mode === "overwrite") return actionSet("stays", "copy", "refused", more);
  return actionSet("stays", "test", "perm", "revert", "resume", "refused", more);
}

/** What the two trailers ask for, as the bootloader will decide it. Undefined: it is on its way already. */
function rowType({ mode, generation }: LogContext, primary: TrailerState, secondary: TrailerState): SwapType {
  const rules = { mode, revertNeedsSecondaryUnset: generation.revertNeedsSecondaryUnset };
  return swapRow(rules, primary, secondary)?.result ?? "none";
}

function asksFor(context: LogContext, type: SwapType): readonly Action[] {
  if (type === "panic") return ["stops"];
  if (!isUpgrade(type)) return context.bootstrap ? ["stays", "copy"] : ["stays"];
  const network: readonly Action[] = context.network ? ["network"] : [];
  return actionSet(upgradeAction(context, type), "refused", network);
}

function upgradeAction({ mode }: LogContext, type: SwapType): Action {
  if (mode === "overwrite") return "copy";
  return type === "perm" || type === "revert" ? type : "test";
}

/**
 * The status of a swap was found, and no type was decided anew. Swap using scratch looks for it in a primary slot whose
 * trailer is blank, too: that says nothing.
 */
function goesOn({ mode }: LogContext, story: ImageStory): boolean {
  const { source, asked } = story;
  if (source === undefined || source === "none" || isWeak(story)) return false;
  return mode === "offset" || asked === undefined;
}

function isWeak({ source, primary, began }: ImageStory): boolean {
  return source === "primary slot" && primary !== undefined && primary.magic !== "good" && began === undefined;
}

/** What this boot does with the image, by its lines: what it did when it is over, what it will do when it is not. */
export function doing(context: LogContext, story: ImageStory, boot: BootAround): readonly Action[] {
  const { network, asked, began } = story;
  if (network !== undefined) return networkAction(network);
  if (story.unread || story.incompatible) return givenUp(context, story);
  if (story.refusal !== undefined || story.noRoom || story.stuckCleared) return ["refused"];
  if (isDropped(context, story)) return ["refused"];
  if (began === "copy") {
    // Swap modes copy to fill an unfit slot 0 (bootstrap), and go on as they were asked.
    const isAsked = context.mode !== "overwrite" && asked !== undefined && isUpgrade(asked);
    return isAsked ? [upgradeAction(context, asked)] : ["copy"];
  }
  if (began === "swap") {
    // Whether there is room for it is looked at last.
    const late: readonly Action[] = boot.end === undefined && !goesOn(context, story) ? ["refused"] : [];
    return actionSet(swapping(context, story), late);
  }
  const isOver = boot.end === "ran" || boot.end === "no boot";
  if (asked !== undefined && !goesOn(context, story)) {
    if (isUpgrade(asked) && isOver && (context.printsSwapStart || context.mode === "overwrite")) return ["refused"];
    // Swap using offset asks before it looks for a swap to go on with.
    const early = context.mode === "offset" && !isUpgrade(asked) && mayGoOn(context, story);
    return actionSet(asksFor(context, asked), early ? ["resume", "refused"] : []);
  }
  if (goesOn(context, story)) {
    if (isOver && context.printsSwapStart) return ["refused", "stays"];
    const idle = typeUnderWay(story) === undefined || !context.generation.readsSwapSizeForHeaders;
    return idle ? ["resume", "refused", "stays"] : ["resume", "refused"];
  }
  return byTrailers(context, story) ?? (boot.before.length > 0 ? boot.before : anything(context));
}

/** An image that this boot gives up: what it was asked for is not done. */
function givenUp(context: LogContext, story: ImageStory): readonly Action[] {
  if (goesOn(context, story)) return ["stays"];
  const type = story.asked ?? typeByTrailers(context, story);
  if (type === undefined) return ["stays", "refused"];
  return isUpgrade(type) ? ["refused"] : ["stays"];
}

function networkAction(network: NonNullable<ImageStory["network"]>): readonly Action[] {
  if (network === "done") return ["network"];
  return network === "failed" ? ["refused"] : ["network", "refused"];
}

/** Swap using move asks again when slot 1 holds no image: its request is gone then. */
function isDropped({ mode }: LogContext, { askedFirst, asked }: ImageStory): boolean {
  return mode === "move" && askedFirst !== undefined && isUpgrade(askedFirst) && asked !== undefined;
}

function swapping(context: LogContext, story: ImageStory): readonly Action[] {
  if (goesOn(context, story)) return ["resume"];
  if (story.asked !== undefined && isUpgrade(story.asked)) return [upgradeAction(context, story.asked)];
  const type = story.source === "none" ? typeByTrailers(context, story) : undefined;
  if (type !== undefined && isUpgrade(type)) return [upgradeAction(context, type)];
  return ["resume", "test", "perm", "revert"];
}

function typeByTrailers(context: LogContext, { primary, secondary }: ImageStory): SwapType | undefined {
  return primary === undefined || secondary === undefined ? undefined : rowType(context, primary, secondary);
}

const OTHER_TRAILERS: readonly TrailerState[] = [
  EMPTY_TRAILER,
  { ...EMPTY_TRAILER, magic: "bad" },
  { ...EMPTY_TRAILER, magic: "good" },
  { ...EMPTY_TRAILER, magic: "good", imageOk: "set" },
  { ...EMPTY_TRAILER, magic: "good", copyDone: "set" },
];

/** By the trailers alone, before a type is printed; a trailer that is not printed may say anything. */
function byTrailers(context: LogContext, story: ImageStory): readonly Action[] | undefined {
  if (story.primary === undefined && story.secondary === undefined) return undefined;
  const asked = firstsOf(story).flatMap((first) =>
    secondsOf(story).map((second) => asksFor(context, rowType(context, first, second))),
  );
  return actionSet(mayGoOn(context, story) ? ["resume", "refused", "stays"] : [], ...asked);
}

function firstsOf({ primary }: ImageStory): readonly TrailerState[] {
  return primary === undefined ? OTHER_TRAILERS : [primary];
}

function secondsOf({ secondary }: ImageStory): readonly TrailerState[] {
  return secondary === undefined ? OTHER_TRAILERS : [secondary];
}

/** No line says yet where the status of a swap is, and a swap may be under way. */
function mayGoOn(context: LogContext, story: ImageStory): boolean {
  if (context.mode === "overwrite" || (story.source !== undefined && !isWeak(story))) return false;
  return firstsOf(story).some((first) => secondsOf(story).some((second) => mayBeUnderWay(context, first, second)));
}

/** Source: MCUboot swap_move.c, swap_offset.c, swap_scratch.c swap_status_source. */
function mayBeUnderWay({ mode }: LogContext, primary: TrailerState, secondary: TrailerState): boolean {
  if (mode === "scratch") return true;
  return primary.magic === "good" && primary.copyDone === "unset" && secondary.magic !== "good";
}

/** Swap type that the status source of a swap that goes on names; undefined: no line shows it. */
function typeUnderWay({ source, primary, scratch }: ImageStory): SwapType | undefined {
  const trailer = source === "scratch" ? scratch : primary;
  return trailer === undefined || !isUpgrade(trailer.swapType) ? undefined : trailer.swapType;
}

/** What the boot after this one does, if this one comes to its end and nobody confirms or asks for anything. */
export function afterwards(context: LogContext, story: ImageStory, did: readonly Action[]): readonly Action[] {
  return actionSet(...did.map((action) => afterAction(context, story, action)));
}

function afterAction(context: LogContext, story: ImageStory, action: Action): readonly Action[] {
  const { mode } = context;
  if (action === "test") return ["revert", "refused"];
  if (action === "resume") return afterResume(context, story);
  if (action === "refused") return afterRefusal(context, story);
  if (action === "perm" || action === "revert" || action === "copy") return ["stays"];
  if (action === "network") return mode === "overwrite" ? ["stays", "network", "refused"] : ["stays"];
  return [action];
}

function afterResume(context: LogContext, story: ImageStory): readonly Action[] {
  if (context.mode === "offset" && story.afterwards === "revert") return ["revert", "refused"];
  const type = typeUnderWay(story);
  if (type === "test") return ["revert", "refused"];
  return type === undefined ? ["revert", "stays", "resume", "refused"] : ["stays"];
}

/** Slot 1 is erased, or its request is gone, or it stays and is refused again. */
function afterRefusal(context: LogContext, story: ImageStory): readonly Action[] {
  const { mode, images } = context;
  const { refusal, askedFirst, asked, primary, secondary } = story;
  if (story.noRoom || story.unread || story.incompatible) return ["refused"];
  if (story.stuckCleared) return ["stays"];
  if (story.network === "failed") return ["network", "refused", "stays"];
  if (goesOn(context, story)) return ["refused", "stays"];
  const alone = mode === "overwrite" ? (["stays"] as const) : withoutSecondary(context, primary);
  if (refusal !== undefined) return alone;
  if (isDropped(context, story) && askedFirst !== undefined) return asked === "none" ? ["stays"] : ["refused", "stays"];
  // The slot without image keeps its request here: it is passed over again.
  if (mode === "overwrite" && images === 1) return ["refused"];
  const again = mode === "overwrite" || images > 1;
  const same =
    asked === undefined && (primary === undefined || secondary === undefined)
      ? (["refused"] as const)
      : asksFor(context, asked ?? rowType(context, primary ?? EMPTY_TRAILER, secondary ?? EMPTY_TRAILER));
  return actionSet(alone, again ? same : []);
}

/** What the primary trailer asks for beside an erased secondary one: there is nothing left to swap back to. */
function withoutSecondary(context: LogContext, primary: TrailerState | undefined): readonly Action[] {
  if (primary === undefined) return ["stays", "refused"];
  return rowType(context, primary, EMPTY_TRAILER) === "none" ? ["stays"] : ["refused"];
}

/**
 * What the next boot does if power goes where the lines stop: anywhere between the last line and the one that would be
 * next.
 */
export function ifCut(context: LogContext, story: ImageStory, now: readonly Action[]): readonly Action[] {
  // A slot 0 that is not whole is filled from slot 1.
  return actionSet(cutWhere(context, story, now), context.bootstrap ? ["copy"] : []);
}

function cutWhere(context: LogContext, story: ImageStory, now: readonly Action[]): readonly Action[] {
  const { network, asked, began } = story;
  if (network !== undefined) return ["network", "refused", "stays"];
  if (story.unread || story.incompatible) return goesOn(context, story) ? ["resume", "stays", "refused"] : now;
  if (story.noRoom) return actionSet("refused", now);
  if (story.refusal !== undefined || story.stuckCleared || isDropped(context, story)) return ["refused", "stays"];
  if (began === "copy") return context.mode === "overwrite" ? ["copy", "refused", "stays"] : anything(context);
  if (began === "swap") {
    return actionSet(...now.map((action) => (action === "refused" ? action : cutInSwap(context, story, action))));
  }
  if (goesOn(context, story)) {
    const silent = context.printsSwapStart ? [] : cutInSwap(context, story, "resume");
    return actionSet("resume", "refused", "stays", silent);
  }
  if (asked === undefined || !isUpgrade(asked)) return now;
  const silent = context.printsSwapStart ? [] : cutInSwap(context, story, upgradeAction(context, asked));
  return actionSet(now, "stays", silent);
}

/** Before its first write, on its way, and after its last. */
function cutInSwap(context: LogContext, story: ImageStory, action: Action): readonly Action[] {
  if (action !== "resume") return actionSet("resume", action, afterSwap(action), "refused");
  const type = typeUnderWay(story);
  const types = type === undefined ? (["test", "perm", "revert"] as const) : [upgradeAction(context, type)];
  return actionSet("resume", ...types.flatMap((each) => [each, ...afterSwap(each)]), "refused");
}

/** A revert that is cut early looks like a permanent upgrade: R18, swap_move.c fixup_revert. */
function afterSwap(action: Action): readonly Action[] {
  if (action === "test") return ["revert"];
  return action === "revert" ? ["stays", "perm"] : ["stays"];
}

/** What the application may have done between two boots: confirmed, or asked for the image in slot 1. */
export function afterApplication(context: LogContext, next: readonly Action[]): readonly Action[] {
  return actionSet(
    next,
    anything(context).filter((action) => action !== "resume"),
  );
}
