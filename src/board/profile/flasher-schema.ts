import { z } from "zod";
import { FLASH_TOOLS } from "./flash-tools.ts";

const argv = z.array(z.string().max(4096)).min(1).max(100);
const file = z.string().min(1).max(4096);

const shared = {
  serial: z
    .string({ error: "write the J-Link's serial number as text, in quotes" })
    .regex(/^[0-9]{1,12}$/, { error: "expected 1 to 12 digits" })
    .optional()
    .describe("J-Link serial number, in quotes; default: the one of ports.app"),
  timeout_ms: z.int().min(1).max(3_600_000).default(180_000).describe("for one run of the tool"),
  baseline: z
    .strictObject({
      app: file.describe("HEX file for the application core: bootloader and application"),
      net: file.optional().describe("HEX file for the network core"),
    })
    .optional()
    .describe("What brings a bricked board back, after both cores were erased."),
};

/** The profile's `flasher`: who programs the board past its bootloader. */
export const FLASHER = z.discriminatedUnion("tool", [
  z.strictObject({
    tool: z.enum(FLASH_TOOLS.map(({ name }) => name)),
    executable: file.optional().describe("default: the tool's own name"),
    build: file.optional().describe("build folder, for west"),
    ...shared,
  }),
  z.strictObject({
    tool: z.literal("command"),
    write: argv.describe("programs {hex}; {core} is application or network, {serial} the J-Link"),
    recover: argv.optional().describe("erases {core}, its protection too"),
    reset: argv.optional(),
    ...shared,
  }),
]);
export type FlasherSection = z.output<typeof FLASHER>;
