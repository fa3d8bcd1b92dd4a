import { z } from "zod";
import { EMULATED_CHIPS } from "./emulated-chips.ts";

/** What a profile says of a board whose chip this program executes itself. */
export const EMULATED_SECTION = z.strictObject({
  chip: z
    .literal(EMULATED_CHIPS.map(({ name }) => name))
    .describe("Chip that is emulated, from its cores to its UART."),
  firmware: z
    .string()
    .min(1)
    .describe(
      "Intel HEX or raw binary of bootloader and application together, from address 0: a path relative to this file, or cache:FOLDER/FILE under ~/.cache/mcuboot-hil (or $HIL_CACHE).",
    ),
});

/** Power of an emulated board has no driver of its own: this is what its profile says instead. */
export const EMULATED_POWER = "emulated";
/** How the one port of an emulated board is named. */
export const EMULATED_UART = "emulated:uart";
