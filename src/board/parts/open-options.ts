import type { Clock, Random } from "../../core/index.ts";
import type { SharedCards } from "../lease/shared-cards.ts";

export interface OpenOptions {
  /** The bench's chance: what a twin draws (never what a campaign draws). */
  readonly random: Random;
  readonly signal?: AbortSignal;
  /** Time that goes on from an earlier opening; a new clock without it. */
  readonly clock?: Clock;
  /** Relay cards that other boards of this process use, too. */
  readonly cards?: SharedCards;
}
