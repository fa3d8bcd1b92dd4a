import type { BootMode } from "../builds/boot-mode.ts";
import type { SwapType } from "./swap-codes.ts";
import type { Flag, Magic, TrailerState } from "./trailer.ts";

interface SwapRow {
  /** Place in the table, from 1; 0 is the row that only swap using offset has, and looks at first. */
  readonly row: 0 | 1 | 2 | 3;
  readonly modes?: readonly BootMode[];
  readonly primary?: { readonly magic?: Magic; readonly imageOk?: Flag; readonly copyDone?: Flag };
  readonly secondary?: { readonly magic?: Magic; readonly imageOk?: Flag; readonly copyDone?: Flag };
  /** Generations in which the row also asks for an erased magic in the secondary slot. */
  readonly secondaryUnsetBefore?: true;
  readonly result: SwapType;
  readonly source: string;
}

const source = "MCUboot bootutil_public.c boot_swap_tables";

/** What the two trailers ask for; first match wins, no match is "none". A missing field may be anything. */
const SWAP_TABLE: readonly SwapRow[] = [
  {
    row: 0,
    modes: ["offset"],
    secondary: { magic: "good", imageOk: "unset", copyDone: "set" },
    result: "revert",
    source,
  },
  { row: 1, secondary: { magic: "good", imageOk: "unset" }, result: "test", source },
  { row: 2, secondary: { magic: "good", imageOk: "set" }, result: "perm", source },
  {
    row: 3,
    primary: { magic: "good", imageOk: "unset", copyDone: "set" },
    secondaryUnsetBefore: true,
    result: "revert",
    source,
  },
];

/** What decides besides the trailers. */
export interface SwapRules {
  readonly mode: BootMode;
  /** True before 2.2.0: row 3 asks for an erased magic in the secondary slot. */
  readonly revertNeedsSecondaryUnset: boolean;
  /** The defect `no-revert`: row 3 is missing. */
  readonly withoutRevertRow?: boolean;
}

/** The row of `SWAP_TABLE` that two trailers match; undefined means swap type "none". */
export function swapRow(rules: SwapRules, primary: TrailerState, secondary: TrailerState): SwapRow | undefined {
  return SWAP_TABLE.find((row) => {
    if (row.modes !== undefined && !row.modes.includes(rules.mode)) return false;
    if (row.row === 3 && rules.withoutRevertRow === true) return false;
    if (row.secondaryUnsetBefore && rules.revertNeedsSecondaryUnset && secondary.magic !== "unset") return false;
    return matches(row.primary, primary) && matches(row.secondary, secondary);
  });
}

function matches(wanted: SwapRow["primary"], found: TrailerState): boolean {
  return (
    (wanted?.magic ?? found.magic) === found.magic &&
    (wanted?.imageOk ?? found.imageOk) === found.imageOk &&
    (wanted?.copyDone ?? found.copyDone) === found.copyDone
  );
}
