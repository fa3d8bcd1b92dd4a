import type { BoardProfile } from "../../board/index.ts";
import type { CampaignImage, NetworkImage } from "../request/images.ts";
import type { ExpectedFlash } from "../verdict/expected-flash.ts";
import type { NetworkWatch } from "./network.ts";
import type { RecordedBoard } from "./recorded-board.ts";

/** A board on trial, and what is known of it: what every act of a campaign needs. */
export interface Trial {
  readonly recorded: RecordedBoard;
  readonly expected: ExpectedFlash;
  /** Longest wait for the application after a start, and for a log trigger, in milliseconds. */
  readonly bootMs: number;
  /** Upgrades are asked for good, so that nothing is to be confirmed; otherwise for a test. */
  readonly permanent: boolean;
  /** The scenario expects that the bootloader refuses the new image. */
  readonly refused: boolean;
  /** Which MCUboot runs need not be told. */
  readonly bootloaderOptional: boolean;
  /** What the network core is to run. */
  readonly network: NetworkWatch;
  /** The new image of the network core, where the scenario expects that it is refused. */
  readonly networkRefused: NetworkImage | undefined;
}

/** An upgrade in one direction: what runs, and what is to run. */
export interface Direction {
  readonly from: CampaignImage;
  readonly to: CampaignImage;
}

export function reversed({ from, to }: Direction): Direction {
  return { from: to, to: from };
}

/** How long a board of this profile may take to boot and swap, in milliseconds. */
export function bootMsOf({ timeoutsMs }: BoardProfile): number {
  return timeoutsMs.boot + timeoutsMs.swap;
}
