import { z } from "zod";
import type { FlashTiming } from "../../mcuboot/index.ts";

/** A machine of QEMU that a profile may name: what is known of its flash. */
export interface QemuMachineRow {
  readonly name: string;
  readonly cpu: string;
  readonly flashBytes: number;
  readonly pageBytes: number;
  /** As emulated: what a host takes, about. */
  readonly timing: FlashTiming;
  readonly controller: {
    /** Register that opens the flash for one word or one page, and closes it again. */
    readonly config: number;
    /** What is written there to close it. */
    readonly closed: number;
    /** Register that erases the page whose address is written to it. */
    readonly erase: number;
  };
  /** The console's UART: the register in which this bit says that its receiver is waited upon. */
  readonly uart: { readonly interrupts: number; readonly received: number };
  readonly source: string;
}

/** Flash at address 0 of the processor's own map, in every one of them. */
const QEMU_MACHINES = [
  {
    name: "microbit",
    cpu: "cortex-m0",
    flashBytes: 0x4_0000,
    pageBytes: 1024,
    timing: {
      unitBytes: 4,
      unitUs: 1,
      wordBytes: 4,
      eraseUs: 10,
      pageBytes: 1024,
      validationUs: 4_000,
      source: "measured with QEMU 7.2 on a 2026 laptop: a swap of 25,194 words and 100 pages takes about 25 ms",
    },
    controller: { config: 0x4001_e504, closed: 0, erase: 0x4001_e508 },
    uart: { interrupts: 0x4000_2304, received: 4 },
    source: "nRF51 Series Reference Manual: NVMC (CONFIG 0 read only, 1 write, 2 erase; ERASEPAGE), UART (INTENSET)",
  },
] as const satisfies readonly QemuMachineRow[];

type QemuMachineName = (typeof QEMU_MACHINES)[number]["name"];

/** The row of a machine that the profile's schema has let through. */
export function qemuMachine(name: QemuMachineName): QemuMachineRow {
  const row = QEMU_MACHINES.find((known) => known.name === name);
  if (row === undefined) throw new RangeError("no machine of this name");
  return row;
}

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
