import type { FlashContent } from "../flash/flash-content.ts";
import type { Torn } from "../flash/flash-rules.ts";
import type { CachedBoot } from "./boot-memory.ts";

/**
 * How far an upgrade has come when a boot begins. `asking`: the application was cut while it asked. `asked`: the request
 * stands, the new image has not run. `tried`: it has. `back`: the old image runs again.
 */
export const STAGES = ["asking", "asked", "tried", "back"] as const;

export type Stage = (typeof STAGES)[number];

/** Power goes at this operation, from 0, of a boot or of the application's request: it is not done, or torn. */
export interface CutPoint {
  readonly operation: number;
  readonly torn: Torn | undefined;
}

/** How a state came from the one before it. */
export type Cause =
  | { readonly kind: "start"; readonly request?: CutPoint }
  | ({ readonly kind: "cut" } & CutPoint)
  /** The boot went through, the application ran, and the board was reset. */
  | { readonly kind: "reset" };

/** A flash content at the start of a boot, and what an undisturbed boot makes of it. */
export interface SweepState {
  readonly content: FlashContent;
  readonly identity: string;
  readonly stage: Stage;
  /** Cuts on the shortest way here, and how many of them were torn. */
  readonly cuts: number;
  readonly torn: number;
  readonly from: SweepState | undefined;
  readonly cause: Cause;
  end: CachedBoot | undefined;
}
