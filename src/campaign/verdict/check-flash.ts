import type { Allowed, Failure, Shown } from "./check.ts";
import { indistinguishable } from "./check-slots.ts";
import { firstDifference } from "./real-flash.ts";

/** A board that shows the right slots, and holds something else in its flash than MCUboot leaves there, is no pass. */
export function checkFlash(shown: Shown, allowed: Allowed): Failure | undefined {
  const { flash } = shown;
  if (flash === undefined) return undefined;
  const fits = indistinguishable(shown);
  if (fits.some((outcome) => outcome.flash.identity() === flash.content.identity())) return undefined;
  const nearest = (fits[0] ?? allowed.outcomes[0])?.flash ?? flash.content;
  const at = firstDifference(flash.build, nearest, flash.content) ?? "nothing";
  return { ending: "wrong slots", because: `the flash differs from MCUboot's in ${at}` };
}
