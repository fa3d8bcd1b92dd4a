import type { SwapModeName } from "../../image/index.ts";

/** How a bootloader upgrades, and what each dialect calls it. The one table: compare `smp` numbers, never texts. */
export const MODES = [
  { mode: "move", name: "swap-move", smp: 3, imgtool: "move", inProfile: true },
  { mode: "offset", name: "swap-offset", smp: 9, imgtool: "offset", inProfile: true },
  { mode: "scratch", name: "swap-scratch", smp: 1, imgtool: "scratch", inProfile: true },
  { mode: "overwrite", name: "overwrite-only", smp: 2, imgtool: "overwrite", inProfile: true },
  { mode: "direct-xip", name: "direct-xip", smp: 4, imgtool: "overwrite", inProfile: false },
] as const satisfies readonly ModeRow[];

interface ModeRow {
  readonly mode: string;
  /** As a profile and `hil sweep` spell it. */
  readonly name: string;
  /** `mode` of SMP's bootloader info. Source: MCUboot boot_status.h; texts: `SMP_MODES` in src/smp/groups/os.ts. */
  readonly smp: number;
  /** By which rule a slot is filled, for `hil image`'s --swap-mode. Source: MCUboot app_max_size. */
  readonly imgtool: SwapModeName;
  /** A board's bootloader can be of this mode; the others are for sweeps only. */
  readonly inProfile: boolean;
}

type Mode = (typeof MODES)[number];

export type BootMode = Mode["mode"];

/** A mode as a profile names it. */
type ProfileModeName = Extract<Mode, { inProfile: true }>["name"];

/** Names that a profile may give. */
export const PROFILE_MODES = MODES.flatMap((row): readonly ProfileModeName[] => (row.inProfile ? [row.name] : []));

/** The row of a mode, by the model's word for it or by the name that a profile gives it. */
export function modeRow(named: BootMode | ProfileModeName): Mode {
  const row = MODES.find(({ mode, name }) => mode === named || name === named);
  if (row === undefined) throw new RangeError(`no mode ${named}`);
  return row;
}
