import { z } from "zod";
import { QEMU_MACHINES } from "./qemu-machines.ts";

/** What a profile says of an emulated board. */
export const QEMU_SECTION = z.strictObject({
  machine: z.literal(QEMU_MACHINES.map(({ name }) => name)).describe("Machine of qemu-system-arm."),
  image: z
    .string()
    .min(1)
    .describe(
      "Intel HEX or raw binary of bootloader and application together, from address 0: a path relative to this file, or cache:FOLDER/FILE under ~/.cache/mcuboot-hil (or $HIL_CACHE).",
    ),
  program: z.string().min(1).default("qemu-system-arm").describe("Name on the PATH, or a path."),
});

/** Power of an emulated board has no driver of its own: this is what its profile says instead. */
export const QEMU_POWER = "qemu";
/** How the one port of an emulated board is named. */
export const QEMU_UART = "qemu:uart";
