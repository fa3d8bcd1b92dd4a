import { DEFECTS, type DefectName } from "../mcuboot/index.ts";

/**
 * What a twin can be told to do wrong (`twin.faults` of a profile): the defects of the bootloader model, and defects of
 * everything around it. Each is caught by what a board shows; a green run without them therefore means something.
 */
export const MACHINE_FAULTS = [
  { name: "relay-stuck", what: "the relay's contact is welded: power stays on whatever the relay is told" },
  { name: "boot-loop", what: "the new application resets itself at once after a resumed swap, again and again" },
  { name: "dead-after-resume", what: "nothing is printed and nothing answers after a resumed swap" },
  {
    name: "stale-image-list",
    what: "the application reports the image list of its start until it is reset, whatever is done to the slots",
  },
  {
    name: "NCSDK-34106",
    what: "the network core's image is passed over when the application's was asked for before it (nrf5340.md 3.8)",
  },
] as const;

export type MachineFault = (typeof MACHINE_FAULTS)[number]["name"];
export type TwinFault = MachineFault | DefectName;

export const TWIN_FAULT_NAMES: readonly string[] = [
  ...MACHINE_FAULTS.map((row) => row.name),
  ...DEFECTS.map((row) => row.name),
];

/** Splits the names of a profile into the model's and the machine's. Unknown names were refused by the schema. */
export function sortFaults(names: readonly string[]): {
  machine: ReadonlySet<MachineFault>;
  bootloader: ReadonlySet<DefectName>;
} {
  const machine = MACHINE_FAULTS.map((row) => row.name).filter((name) => names.includes(name));
  const bootloader = DEFECTS.map((row) => row.name).filter((name) => names.includes(name));
  return { machine: new Set(machine), bootloader: new Set(bootloader) };
}
