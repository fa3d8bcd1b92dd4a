import { z } from "zod";
import { ms } from "./forms.ts";

/** A place of labgrid that the board is: acquired for each use of it, and released after. */
export const LABGRID_SECTION = z.strictObject({
  place: z
    .string()
    .max(200)
    .regex(/^[^\s-]\S*$/, "expected the name of a place")
    .describe("Name of the place: labgrid-client places"),
  coordinator: z
    .string()
    .max(200)
    .regex(/^[^\s-]\S*$/, "expected HOST:PORT")
    .optional()
    .describe("HOST:PORT of the coordinator; default: what labgrid-client takes itself (LG_COORDINATOR)."),
  program: z.string().min(1).max(4096).default("labgrid-client"),
  timeout_ms: ms(600_000).default(30_000).describe("How long labgrid-client may take."),
});
