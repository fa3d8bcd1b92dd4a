import {
  ALL_MODES,
  type BootloaderBuild,
  DEFECTS,
  type DefectName,
  EXCHANGING_MODES,
  type FaultColumns,
  type Flash,
  type FlashContent,
  type Steps,
  UPSTREAM_DEFECTS,
  type UpstreamDefectRow,
} from "../mcuboot/index.ts";
import type { StoredSlot } from "../smp/index.ts";

/** A flash whose whole content can be copied: where a second firmware goes the same way. */
export type CopyableFlash = Flash & { readonly content: FlashContent };

/** Where a fault of the machine takes hold: the twin asks for these at the place that each is named after. */
export interface FaultHooks {
  /** The relay's contact does not move. */
  readonly relay?: "stuck";
  /** A shell on the UART: it echoes what comes, beside the server or instead of it. */
  readonly shell?: "echoes" | "swallows";
  /** The line carries one direction at a time. */
  readonly line?: "half duplex";
  /** After a resumed swap: the application is never heard of, or resets itself soon after its start. */
  readonly afterResume?: "hang" | "crash";
  /** After any update: the bootloader resets, or starts nothing. */
  readonly afterUpdate?: "reset" | "hang";
  /** An upload begins in the first sector of its slot in every mode. */
  readonly uploadsTo?: "slot start";
  /** Serial recovery answers for a chunk that never comes to the flash. */
  readonly recovery?: "loses a chunk";
  /** After any update: the radio is not heard of, and the application is well. */
  readonly radio?: "silent after update";
  /** What the application reports for its slots. @param read reads the flash. */
  readonly slots?: (read: () => Promise<readonly StoredSlot[]>) => () => Promise<readonly StoredSlot[]>;
  /** The bootloader of one boot. @param requested image numbers in the order in which the application asked for them. */
  readonly buildOfBoot?: (build: BootloaderBuild, requested: readonly number[]) => BootloaderBuild;
  /** Is told whenever the fault of a place did what a sound board would not have done. */
  readonly acted?: (place: FaultPlace) => void;
  /** Steps of the firmware, watched for what its own faults do. Left out where none is planted. */
  readonly beside?: <T>(
    flash: CopyableFlash,
    build: BootloaderBuild,
    make: (flash: Flash, build: BootloaderBuild) => Steps<T>,
  ) => Steps<T>;
}

export type FaultPlace = Exclude<keyof FaultHooks, "acted" | "beside">;

/** Steps of the firmware on a twin's flash; faults that are planted are watched. */
export function firmwareSteps<T>(
  { beside }: FaultHooks,
  flash: CopyableFlash,
  build: BootloaderBuild,
  make: (flash: Flash, build: BootloaderBuild) => Steps<T>,
): Steps<T> {
  return beside ? beside(flash, build, make) : make(flash, build);
}

/** The list of the application's start, for as long as it runs. */
function slotsOfStart(read: () => Promise<readonly StoredSlot[]>): () => Promise<readonly StoredSlot[]> {
  const first = read();
  return () => first;
}

function withoutNetImage(build: BootloaderBuild, requested: readonly number[]): BootloaderBuild {
  const isPassedOver = requested[0] === 0 && requested.includes(1);
  return isPassedOver ? { ...build, images: build.images.slice(0, 1) } : build;
}

/**
 * What a twin can be told to do wrong (`twin.faults` of a profile): the defects of the bootloader model, and defects of
 * everything around it. Each is caught by what a board shows; a green run without them therefore means something.
 */
const UPSTREAM_MACHINE_FAULTS = [
  {
    name: "R27-2268",
    modes: ["offset"],
    needs: ["application upload"],
    shownBy: { scenario: "faults/R27-2268", board: "small/offset" },
    versions: "MCUboot before 2.3.0, and applications that do not know of swap using offset",
    what: "An upload begins in the first sector of the slot, where swap using offset keeps fallback images. A board shows 'wrong upload address?', and an empty slot 1.",
    hooks: { uploadsTo: "slot start" },
    source: "MCUboot PR 2268, commit d905a69e",
  },
  {
    name: "DZ-105028",
    modes: ["move", "offset", "scratch", "overwrite", "direct-xip"],
    needs: ["application upload"],
    shownBy: { scenario: "faults/DZ-105028", board: "small/move" },
    versions: "nRF Connect SDK 2.3.0",
    what: "After an update the bootloader resets the board instead of starting the application. A board shows its banner again and again.",
    hooks: { afterUpdate: "reset" },
    source: "DevZone 105028",
  },
  {
    name: "DZ-126603",
    modes: ["overwrite"],
    needs: ["application upload"],
    shownBy: { scenario: "faults/DZ-126603", board: "small/overwrite" },
    versions: "nRF Connect SDK 3.1.1",
    what: "After an update by overwriting the application never starts. A board shows 'Jumping to the first image slot', and nothing after it.",
    hooks: { afterUpdate: "hang" },
    source: "DevZone 126603",
  },
] as const satisfies readonly (UpstreamDefectRow & { readonly hooks: FaultHooks })[];

export const MACHINE_FAULTS = [
  {
    name: "relay-stuck",
    modes: ALL_MODES,
    needs: [],
    shownBy: { scenario: "encrypted-upgrade", board: "twin" },
    what: "the relay's contact is welded: power stays on whatever the relay is told",
    hooks: { relay: "stuck" },
  },
  {
    name: "boot-loop",
    modes: EXCHANGING_MODES,
    needs: ["application upload", "cut"],
    shownBy: { scenario: "encrypted-upgrade", board: "twin" },
    what: "the new application resets itself at once after a resumed swap, again and again",
    hooks: { afterResume: "crash" },
  },
  {
    name: "dead-after-resume",
    modes: EXCHANGING_MODES,
    needs: ["application upload", "cut"],
    shownBy: { scenario: "encrypted-upgrade", board: "twin" },
    what: "nothing is printed and nothing answers after a resumed swap",
    hooks: { afterResume: "hang" },
  },
  {
    name: "stale-image-list",
    modes: ALL_MODES,
    needs: ["application upload"],
    shownBy: { scenario: "encrypted-upgrade", board: "twin" },
    what: "the application reports the image list of its start until it is reset, whatever is done to the slots",
    hooks: { slots: slotsOfStart },
  },
  {
    name: "recovery-loses-chunk",
    modes: ALL_MODES,
    needs: ["recovery upload"],
    shownBy: { scenario: "recovery-upgrade", board: "twin-single" },
    what: "serial recovery answers for the third chunk of an upload, and does not write it",
    hooks: { recovery: "loses a chunk" },
  },
  {
    name: "NCSDK-34106",
    modes: ALL_MODES,
    needs: ["network image", "application asked first"],
    shownTo: "an update that asks for the application's image first",
    what: "the network core's image is passed over when the application's was asked for before it (NCS 2.6 to 3.4)",
    hooks: { buildOfBoot: withoutNetImage },
  },
  {
    name: "shell-echo",
    modes: ALL_MODES,
    needs: [],
    shownBy: { scenario: "encrypted-upgrade", board: "twin" },
    what: "a shell on the same UART echoes every byte that comes, SMP frames too, beside the answers",
    hooks: { shell: "echoes" },
  },
  {
    name: "shell-deaf",
    modes: ALL_MODES,
    needs: [],
    shownBy: { scenario: "encrypted-upgrade", board: "twin" },
    what: "a shell on the same UART takes SMP frames for its commands: it echoes them, and nothing answers (zephyr #100468)",
    hooks: { shell: "swallows" },
  },
  {
    name: "half-duplex",
    modes: ALL_MODES,
    needs: [],
    shownTo: "hil smp image upload FILE --window 3",
    what: "the adapter carries one direction at a time: what the host sends while the board talks is lost",
    hooks: { line: "half duplex" },
  },
  {
    name: "radio-silent",
    modes: ALL_MODES,
    needs: ["application upload"],
    shownTo: "a campaign over the air (ports.smp.ble)",
    what: "after an update nobody hears the board in the air, and its application is well, as when the network core's image does not fit the application",
    hooks: { radio: "silent after update" },
  },
  ...UPSTREAM_MACHINE_FAULTS,
] as const satisfies readonly (FaultColumns & { readonly hooks: FaultHooks })[];

/** Every upstream bug that a twin can have, wherever it sits. */
export const UPSTREAM_FAULTS: readonly UpstreamDefectRow[] = [...UPSTREAM_DEFECTS, ...UPSTREAM_MACHINE_FAULTS];

/** Every fault that a twin can have, with what it needs to act. */
export const TWIN_FAULTS: readonly FaultColumns[] = [...MACHINE_FAULTS, ...DEFECTS];

export type MachineFault = (typeof MACHINE_FAULTS)[number]["name"];
export const TWIN_FAULT_NAMES: readonly string[] = TWIN_FAULTS.map((row) => row.name);

/**
 * What the machine's faults do together; of two that take hold in the same place, the last of the table wins.
 */
export function hooksOf(faults: ReadonlySet<MachineFault>): FaultHooks {
  const hooks: readonly FaultHooks[] = MACHINE_FAULTS.filter(({ name }) => faults.has(name)).map((row) => row.hooks);
  return Object.assign({}, ...hooks);
}

/** Splits the names of a profile into the model's and the machine's. Unknown names were refused by the schema. */
export function sortFaults(names: readonly string[]): {
  machine: ReadonlySet<MachineFault>;
  bootloader: ReadonlySet<DefectName>;
} {
  const machine = MACHINE_FAULTS.map((row) => row.name).filter((name) => names.includes(name));
  const bootloader = DEFECTS.map((row) => row.name).filter((name) => names.includes(name));
  return { machine: new Set(machine), bootloader: new Set(bootloader) };
}
