import { z } from "zod";

const us = z.number().min(-1e15).max(1e15);
const whole = z.int().min(0);

/**
 * What record and page have in common, once: the reader of a record checks lines by these shapes
 * (recorded-event.ts), and the page's types are made of them (run-page.ts, web/).
 * @param text how a text is read: a reader of foreign records makes it harmless and bounds it.
 */
export function recordShapes<T extends z.ZodType<string>>(text: T) {
  return {
    outcome: z.enum(["pass", "fail", "error", "interrupted", "incomplete"]),
    /** Microseconds from the swap's first flash operation. */
    phase: z.object({ name: text, fromUs: us, toUs: us }),
    check: z.object({ name: text, outcome: text, expected: text, found: text }),
    image: z.object({ version: text, hash: text, fileBytes: whole, encrypted: z.boolean(), signedBy: text.optional() }),
    reference: z.object({ operations: whole, swapUs: us, startAfterResetUs: us }),
    calibration: z.object({ date: text, latencyUs: us, uncertaintyUs: us }),
    wear: z.object({ cyclesMax: whole, spent: whole, page: text }),
  };
}

type Shapes = ReturnType<typeof recordShapes<z.ZodType<string>>>;

/** One of these shapes, as it was read. */
export type RecordShape<N extends keyof Shapes> = Readonly<z.output<Shapes[N]>>;
