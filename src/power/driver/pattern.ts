import { z } from "zod";

/** A regular expression in a profile. */
export const patternOption = z
  .string()
  .min(1)
  .max(200)
  .refine((text) => compiles(text), { error: "expected a regular expression" });

function compiles(text: string): boolean {
  try {
    return new RegExp(text) instanceof RegExp;
  } catch {
    return false;
  }
}
