import type { Action } from "./actions.ts";
import type { SeenBoot } from "./boots.ts";
import type { ImageStory } from "./story.ts";

/** Which slot this boot of a bootloader that runs images where they lie takes, the likeliest first. */
export function xipDoing(story: ImageStory): readonly Action[] {
  if (story.loaded !== undefined) return [slotAction(story.loaded)];
  const bad = story.invalidSlots ?? [];
  const left = newestFirst(story).filter((slot) => !bad.includes(slot));
  return left.map(slotAction);
}

/**
 * The next boot takes the same slot, as long as nobody changes one; unless it is built to take back an image that was
 * not confirmed: which no line says.
 */
export function xipAfterwards(did: readonly Action[], reverts: boolean | undefined): readonly Action[] {
  if (reverts === false || did.length !== 1) return did;
  return did[0] === "runs slot 0" ? ["runs slot 0", "runs slot 1"] : ["runs slot 1", "runs slot 0"];
}

function slotAction(slot: number): Action {
  return slot === 1 ? "runs slot 1" : "runs slot 0";
}

/** Slots by the versions that were printed; where there is no telling, slot 0 first. */
function newestFirst({ versions = [undefined, undefined] }: ImageStory): readonly number[] {
  const [first, second] = versions.map((text) => text?.match(/\d+/g)?.map(Number));
  if (second === undefined || first === undefined) return second === undefined ? [0, 1] : [1, 0];
  for (let part = 0; part < 3; part += 1) {
    const difference = (second[part] ?? 0) - (first[part] ?? 0);
    if (difference !== 0) return difference > 0 ? [1, 0] : [0, 1];
  }
  return [0, 1];
}

/** The log is of a bootloader that runs images where they lie. */
export function isXip(boots: readonly SeenBoot[]): boolean {
  return boots.some((boot) => boot.lines.some(({ text }) => /Direct-XIP/.test(text)));
}
