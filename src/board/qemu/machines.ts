/** A machine of QEMU that a profile may name: what is known of its flash. */
export interface QemuMachineRow {
  readonly name: string;
  readonly cpu: string;
  readonly flashBytes: number;
  readonly pageBytes: number;
  readonly wordBytes: number;
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
export const QEMU_MACHINES = [
  {
    name: "microbit",
    cpu: "cortex-m0",
    flashBytes: 0x4_0000,
    pageBytes: 1024,
    wordBytes: 4,
    controller: { config: 0x4001_e504, closed: 0, erase: 0x4001_e508 },
    uart: { interrupts: 0x4000_2304, received: 4 },
    source: "nRF51 Series Reference Manual: NVMC (CONFIG 0 read only, 1 write, 2 erase; ERASEPAGE), UART (INTENSET)",
  },
] as const satisfies readonly QemuMachineRow[];

export type QemuMachineName = (typeof QEMU_MACHINES)[number]["name"];

/** The row of a machine that the profile's schema has let through. */
export function qemuMachine(name: QemuMachineName): QemuMachineRow {
  const row = QEMU_MACHINES.find((known) => known.name === name);
  if (row === undefined) throw new RangeError("no machine of this name");
  return row;
}
