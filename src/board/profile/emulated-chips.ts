import { type FlashTiming, INTERNAL_FLASH_BYTES } from "../../mcuboot/index.ts";

/** A chip of our own emulator that a profile may name, and what the judge must know of its flash. */
interface EmulatedChipRow {
  readonly name: string;
  readonly flashBytes: number;
  /** Absent: as a board of hardware with the same slots. */
  readonly timing?: FlashTiming;
  /** Whether it has a second core, with a flash and a UART of its own. */
  readonly network: boolean;
}

export const EMULATED_CHIPS = [
  {
    name: "nrf51",
    network: false,
    flashBytes: 0x4_0000,
    timing: {
      unitBytes: 4,
      unitUs: 46.3,
      wordBytes: 4,
      eraseUs: 22_300,
      pageBytes: 1024,
      validationUs: 1_200_000,
      source:
        "nRF51822 Product Specification v3.3, 8.13 (tWRITE, tERASEPAGE); validation: SHA-256 of 49 KiB, one cycle an instruction",
    },
  },
  { name: "nrf5340", network: true, flashBytes: INTERNAL_FLASH_BYTES },
] as const satisfies readonly EmulatedChipRow[];

type EmulatedChipName = (typeof EMULATED_CHIPS)[number]["name"];

/** The row of a chip that the profile's schema has let through. */
export function emulatedChip(name: EmulatedChipName): EmulatedChipRow {
  const row = EMULATED_CHIPS.find((known) => known.name === name);
  if (row === undefined) throw new RangeError("no chip of this name");
  return row;
}
