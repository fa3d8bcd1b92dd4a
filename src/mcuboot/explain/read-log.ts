import { type BootMode, newestRuns } from "../builds/boot-mode.ts";
import type { BootloaderBuild } from "../builds/build.ts";
import { isWithin } from "../builds/release.ts";
import type { SwapRules } from "../trailer/swap-table.ts";
import { type Action, actionSet } from "./actions.ts";
import { type BootEnd, type SeenBoot, splitBoots } from "./boots.ts";
import { logLines, type SeenLine, seenLines } from "./log-text.ts";
import { afterApplication, afterwards, anything, doing, ifCut, type LogContext } from "./outlook.ts";
import { type ImageStory, imageNamed, storiesOf } from "./story.ts";
import { typeOf } from "./trailer-line.ts";
import { isXip, xipAfterwards, xipDoing } from "./xip.ts";

/** What a log tells of one image, at its end. */
export interface ImageOutlook {
  readonly image: number;
  /** What the last boot did, when its end was seen. */
  readonly did: readonly Action[] | undefined;
  /** What comes: in the boot that the log stops in, or in the next one when that is over. */
  readonly may: readonly Action[];
  /** Does the board start an application then? Undefined: the log does not tell. */
  readonly boots: boolean | undefined;
  /** When the log stops in a boot: what the next one does if power goes there. */
  readonly ifCut: readonly Action[] | undefined;
  /** What the boot after that does, if nobody confirms or asks for anything. */
  readonly after: readonly Action[];
  /** What the last boot says of the image. */
  readonly story: ImageStory;
  /** What the boot before it left, when that one stopped in the middle: its story. */
  readonly cutStory: ImageStory | undefined;
  /** The lines that were printed by the application afterwards. */
  readonly later: readonly SeenLine[];
}

/** A boot log as it was read. */
export interface LogReading {
  /** As the log shows it, else as the profile says. */
  readonly mode: BootMode;
  /** The log shows another mode than the profile's. */
  readonly otherMode: boolean;
  /** By which trailers were read. */
  readonly rules: SwapRules;
  readonly boots: readonly SeenBoot[];
  /** How the last boot ended; undefined: the log stops in it. */
  readonly end: BootEnd;
  /** The last boot is over, and says nothing of slots and trailers. */
  readonly saysNothing: boolean;
  /** Images are loaded into RAM: a mode that is not modelled. */
  readonly loadsIntoRam: boolean;
  readonly images: readonly ImageOutlook[];
}

/**
 * Reads a boot log as a sequence of boots. Undefined when it has no line of a bootloader.
 * @param build the bootloader as the profile has it; what the log shows goes first.
 */
export function readLog(text: string, build: BootloaderBuild): LogReading | undefined {
  const lines = seenLines(logLines(text));
  // A log may have more lines than a call takes arguments.
  const images = lines.reduce((most, line) => Math.max(most, (imageNamed(line) ?? 0) + 1), build.images.length);
  const boots = splitBoots(lines, images);
  if (boots.length === 0) return undefined;
  const mode = modeOf(boots, build.mode);
  const context = contextOf(lines, build, mode, images);
  const walk = walkBoots(context, boots, build);
  const last = boots.at(-1);
  const says = walk.some(({ story }) => story.lines.length > 0);
  return {
    mode,
    otherMode: mode !== build.mode,
    rules: { mode, revertNeedsSecondaryUnset: build.generation.revertNeedsSecondaryUnset },
    boots,
    end: last?.end,
    saysNothing: last?.end === "ran" && last.headSeen && !says,
    loadsIntoRam: lines.some((line) => line.event === "ram loaded"),
    images: walk,
  };
}

function contextOf(lines: readonly SeenLine[], build: BootloaderBuild, mode: BootMode, images: number): LogContext {
  const { generation, bootstrap, netCore } = build;
  const seen = lines.some((line) => line.event === "starting swap");
  const oldType = lines.some((line) => line.event === "swap type" && line.fields["image"] === undefined);
  // From 1.9 on, and printed with the image's number soon after: without the number nothing is known of the line.
  const printsSwapStart =
    seen || isWithin(generation.release, oldType ? { from: "1.9.99", to: "1.10" } : { from: "1.9.99" });
  return { mode, generation, images, printsSwapStart, bootstrap, network: netCore?.upgrades === true };
}

/** The mode by the log's own lines; by the profile where no line tells. */
function modeOf(boots: readonly SeenBoot[], known: BootMode): BootMode {
  if (isXip(boots)) return "direct-xip";
  const lines = boots.flatMap((boot) => boot.lines);
  const algorithm = lines.findLast((line) => line.event === "starting swap")?.fields["algorithm"];
  if (algorithm === "move" || algorithm === "offset" || algorithm === "scratch") return algorithm;
  const areas = lines.filter((line) => line.event === "swap state").map((line) => line.fields["area"]);
  if (areas.includes("Scratch")) return "scratch";
  if (areas.includes("Secondary image")) return known === "offset" ? known : "move";
  if (areas.length > 0) return known === "overwrite" || movesNothing(known) ? "move" : known;
  const copies = boots.some(
    ({ headSeen, end, lines: own }) =>
      headSeen && end === "ran" && own.some((line) => line.event === "swap type" || line.event === "upgrading"),
  );
  return copies ? "overwrite" : known;
}

/** Boot after boot: what each leaves is what the next one finds. */
function walkBoots(context: LogContext, boots: readonly SeenBoot[], build: BootloaderBuild): readonly ImageOutlook[] {
  let outlooks: readonly ImageOutlook[] = [];
  let previous: SeenBoot | undefined;
  for (const boot of boots) {
    const left = boot.headSeen ? leftBy(context, previous, outlooks) : [];
    const cut = boot.headSeen && previous?.end === undefined ? outlooks.map(({ story }) => story) : [];
    outlooks = storiesOf(boot, context.images, context.mode).map((story, image) =>
      outlookOf(context, boot, story, left[image] ?? [], cut[image], build),
    );
    previous = boot;
  }
  return outlooks;
}

/** What the next boot finds to do, image by image; none where nothing is known. */
function leftBy(
  context: LogContext,
  boot: SeenBoot | undefined,
  outlooks: readonly ImageOutlook[],
): readonly (readonly Action[])[] {
  if (boot === undefined || movesNothing(context.mode)) return [];
  const served = boot.lines.some((line) => line.event === "serial recovery");
  return outlooks.map(({ may, ifCut: cut }) => {
    if (boot.end === undefined) return cut ?? may;
    if (served) return [];
    return boot.end === "ran" ? afterApplication(context, may) : may;
  });
}

function outlookOf(
  context: LogContext,
  boot: SeenBoot,
  story: ImageStory,
  before: readonly Action[],
  cutStory: ImageStory | undefined,
  build: BootloaderBuild,
): ImageOutlook {
  const { end } = boot;
  const shared = { image: story.image, story, cutStory, later: [] };
  if (context.mode === "single") return { ...shared, ...singleOutlook(boot) };
  if (movesNothing(context.mode)) return { ...shared, ...xipOutlook(boot, story, build) };
  if (end === "panic")
    return { ...shared, did: ["stops"], may: ["stops"], boots: false, ifCut: undefined, after: ["stops"] };
  if (end === "recovery") {
    const may = anything(context);
    return { ...shared, did: ["recovery"], may, boots: undefined, ifCut: undefined, after: afterAny(context, may) };
  }
  const now = doing(context, story, { end, before });
  if (end === undefined) {
    const cut = isEmpty(story) ? now : ifCut(context, story, now);
    const boots = isDead(context, boot) ? false : undefined;
    return { ...shared, did: undefined, may: now, boots, ifCut: cut, after: afterwards(context, story, now) };
  }
  const later = boot.later.filter((line) => (imageNamed(line) ?? 0) === story.image);
  const asked = later.at(-1);
  const mends = context.bootstrap && end === "no boot";
  const may =
    asked === undefined
      ? actionSet(afterwards(context, story, now), mends ? ["copy"] : [])
      : doing(
          context,
          { image: story.image, asked: typeOf(asked.fields), source: "none", lines: [] },
          { end: undefined, before },
        );
  const same = may.every((action) => action === "stays" || action === "refused");
  const boots = same ? end === "ran" : undefined;
  return { ...shared, later, did: now, may, boots, ifCut: undefined, after: afterAny(context, may) };
}

/** Images stay in their slots: the newest runs, or the only one. */
function movesNothing(mode: BootMode): boolean {
  return mode === "single" || newestRuns(mode);
}

/** With a single slot there is one thing to do, and no line of a boot that does it. */
function singleOutlook({ end }: SeenBoot): Pick<ImageOutlook, "did" | "may" | "boots" | "ifCut" | "after"> {
  const next = ["runs the only slot"] as const;
  if (end === undefined) return { did: undefined, may: next, boots: undefined, ifCut: next, after: next };
  const did = end === "recovery" ? (["recovery"] as const) : end === "ran" ? next : [];
  return { did, may: next, boots: end === "ran" ? true : undefined, ifCut: undefined, after: next };
}

function xipOutlook(
  boot: SeenBoot,
  story: ImageStory,
  build: BootloaderBuild,
): Pick<ImageOutlook, "did" | "may" | "boots" | "ifCut" | "after"> {
  const reverts = newestRuns(build.mode) ? build.xipRevert : undefined;
  const now = xipDoing(story);
  if (boot.end === "recovery") {
    return { did: ["recovery"], may: ["runs slot 0", "runs slot 1"], boots: undefined, ifCut: undefined, after: [] };
  }
  if (boot.end === "no boot") return { did: [], may: [], boots: false, ifCut: undefined, after: [] };
  const next = xipAfterwards(now, reverts);
  if (boot.end === undefined) {
    return { did: undefined, may: now, boots: undefined, ifCut: actionSet(now, next), after: next };
  }
  return { did: now, may: next, boots: next.length === 1 ? true : undefined, ifCut: undefined, after: next };
}

/** Slot 0 was found unfit in the last look at it: no application starts. Bootstrap looks at it earlier. */
function isDead({ bootstrap }: LogContext, boot: SeenBoot): boolean {
  if (bootstrap) return false;
  return boot.lines.some(
    ({ event, fields }) => event === "bad image magic" || (event === "image invalid" && fields["slot"] === "primary"),
  );
}

function isEmpty(story: ImageStory): boolean {
  return story.lines.length === 0;
}

function afterAny(context: LogContext, may: readonly Action[]): readonly Action[] {
  return afterwards(context, { image: 0, lines: [] }, may);
}
