import { z } from "zod";
import { EMULATED_CHIPS } from "./emulated-chips.ts";

const FILE = z.string().min(1);
const FILES = z.union([FILE.transform((file) => [file]), z.array(FILE).min(1)]);

/** What a profile says of a board whose chip this program executes itself. */
export const EMULATED_SECTION = z.strictObject({
  chip: z
    .literal(EMULATED_CHIPS.map(({ name }) => name))
    .describe("Chip that is emulated, from its cores to its UART."),
  firmware: FILES.optional().describe(
    "Intel HEX (or raw binary from address 0) of bootloader and application, together or apart: paths relative to this file, or cache:FOLDER/FILE under ~/.cache/mcuboot-hil (or $HIL_CACHE). hil run --firmware names others.",
  ),
  network_firmware: FILES.optional().describe(
    "The same for the network core of an nRF5340 (a binary: from 0x01000000), where it is not in firmware.",
  ),
  elf: FILES.optional().describe(
    "ELF files of the same build (zephyr.elf of bootloader and application): addresses are told by their functions' names.",
  ),
});

/** Power of an emulated board has no driver of its own: this is what its profile says instead. */
export const EMULATED_POWER = "emulated";
/** How the ports of an emulated board are named: its application core's, and where there is one its network core's. */
export const EMULATED_UART = "emulated:uart";
export const EMULATED_NETWORK_UART = "emulated:net";
