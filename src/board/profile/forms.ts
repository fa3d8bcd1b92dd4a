import { z } from "zod";

/** Milliseconds, from 0. */
export const ms = (max: number) => z.number().min(0).max(max);
/** Names of the rows of a table. */
export const namesOf = <T extends string>(rows: readonly { readonly name: T }[]) => rows.map((row) => row.name);
/** 1, 2, 4 … */
export const powerOfTwo = (most: number) =>
  z
    .int()
    .min(1)
    .max(most)
    .refine((value) => (value & (value - 1)) === 0, { error: "expected a power of two" });
