import { z } from "zod";
import { patternFault } from "../../core/index.ts";

/** A regular expression in a profile, for what a switch or a program answers. */
export const patternOption = z
  .string()
  .min(1)
  .max(200)
  .refine(isPattern, { error: "expected a regular expression, without look-around and back references" });

export function isPattern(text: string): boolean {
  return patternFault(text) === undefined;
}
