import type { SwapModeName } from "../../image/index.ts";

/** How a bootloader upgrades, and what each dialect calls it. The one table: compare `smp` numbers, never texts. */
export const MODES = [
  {
    mode: "move",
    name: "swap-move",
    smp: 3,
    imgtool: "move",
    takesBack: true,
    newestRuns: false,
    inPlace: false,
    slots: 2,
  },
  {
    mode: "offset",
    name: "swap-offset",
    smp: 9,
    imgtool: "offset",
    takesBack: true,
    newestRuns: false,
    inPlace: false,
    slots: 2,
  },
  {
    mode: "scratch",
    name: "swap-scratch",
    smp: 1,
    imgtool: "scratch",
    takesBack: true,
    newestRuns: false,
    inPlace: false,
    slots: 2,
  },
  {
    mode: "overwrite",
    name: "overwrite-only",
    smp: 2,
    imgtool: "overwrite",
    takesBack: false,
    newestRuns: false,
    inPlace: false,
    slots: 2,
  },
  {
    mode: "direct-xip",
    name: "direct-xip",
    smp: 4,
    imgtool: "overwrite",
    takesBack: false,
    newestRuns: true,
    inPlace: true,
    slots: 2,
  },
  {
    mode: "direct-xip",
    name: "direct-xip-revert",
    smp: 5,
    imgtool: "overwrite",
    takesBack: true,
    newestRuns: true,
    inPlace: true,
    slots: 2,
  },
  {
    mode: "ram-load",
    name: "ram-load",
    smp: 6,
    imgtool: "overwrite",
    takesBack: false,
    newestRuns: true,
    inPlace: false,
    slots: 2,
  },
  {
    mode: "ram-load",
    name: "ram-load-revert",
    smp: 6,
    imgtool: "overwrite",
    takesBack: true,
    newestRuns: true,
    inPlace: false,
    slots: 2,
  },
  {
    mode: "single",
    name: "single-slot",
    smp: 0,
    imgtool: "overwrite",
    takesBack: false,
    newestRuns: false,
    inPlace: false,
    slots: 1,
  },
] as const satisfies readonly ModeRow[];

interface ModeRow {
  readonly mode: string;
  /** As a profile and `hil sweep` spell it. */
  readonly name: string;
  /** `mode` of SMP's bootloader info. Source: MCUboot boot_status.h; texts: `SMP_MODES` in src/smp/groups/os.ts. */
  readonly smp: number;
  /** By which rule a slot is filled, for `hil image`'s --swap-mode. Source: MCUboot app_max_size. */
  readonly imgtool: SwapModeName;
  /** An image that nobody confirms is taken back. */
  readonly takesBack: boolean;
  /** The newest image of two slots runs, from either, and nothing is moved between them. */
  readonly newestRuns: boolean;
  /** It runs where it lies; else it is copied to RAM first, or to slot 0. */
  readonly inPlace: boolean;
  /** With one, only serial recovery (or a debugger) brings an image: over the one that is there. */
  readonly slots: 1 | 2;
}

type Mode = (typeof MODES)[number];

export type BootMode = Mode["mode"];

/** A mode as a profile names it. */
export type ModeName = Mode["name"];

/** Names that a profile may give. */
export const MODE_NAMES: readonly ModeName[] = MODES.map(({ name }) => name);

/** The row of a mode, by the name that a profile gives it. */
export function modeRow(named: ModeName): Mode {
  const row = MODES.find(({ name }) => name === named);
  if (row === undefined) throw new RangeError(`no mode ${named}`);
  return row;
}

/** The row of a build's mode. */
export function modeOf({ mode, xipRevert }: { readonly mode: BootMode; readonly xipRevert: boolean }): Mode {
  const row = MODES.find(
    (candidate) => candidate.mode === mode && (!candidate.newestRuns || candidate.takesBack === xipRevert),
  );
  if (row === undefined) throw new RangeError(`no mode ${mode}`);
  return row;
}

/** The newest image of two slots runs. */
export function newestRuns(mode: BootMode): boolean {
  return MODES.some((row) => row.mode === mode && row.newestRuns);
}
