import { DEFECTS, type DefectName, UPSTREAM_DEFECTS, type UpstreamDefectRow } from "../mcuboot/index.ts";

/**
 * What a twin can be told to do wrong (`twin.faults` of a profile): the defects of the bootloader model, and defects of
 * everything around it. Each is caught by what a board shows; a green run without them therefore means something.
 */
const UPSTREAM_MACHINE_FAULTS = [
  {
    name: "R27-2268",
    modes: ["offset"],
    versions: "MCUboot before 2.3.0, and applications that do not know of swap using offset",
    what: "An upload begins in the first sector of the slot, where swap using offset keeps fallback images. A board shows 'wrong upload address?', and an empty slot 1.",
    source: "MCUboot PR 2268, commit d905a69e",
  },
  {
    name: "DZ-105028",
    modes: ["move", "offset", "scratch", "overwrite"],
    versions: "nRF Connect SDK 2.3.0",
    what: "After an update the bootloader resets the board instead of starting the application. A board shows its banner again and again.",
    source: "DevZone 105028",
  },
  {
    name: "DZ-126603",
    modes: ["overwrite"],
    versions: "nRF Connect SDK 3.1.1",
    what: "After an update by overwriting the application never starts. A board shows 'Jumping to the first image slot', and nothing after it.",
    source: "DevZone 126603",
  },
] as const;

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
    what: "the network core's image is passed over when the application's was asked for before it (NCS 2.6 to 3.4)",
  },
  ...UPSTREAM_MACHINE_FAULTS,
] as const;

/** Every upstream bug that a twin can have, wherever it sits. */
export const UPSTREAM_FAULTS: readonly UpstreamDefectRow[] = [...UPSTREAM_DEFECTS, ...UPSTREAM_MACHINE_FAULTS];

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
