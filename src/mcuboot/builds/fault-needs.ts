import { type BootMode, MODES } from "./boot-mode.ts";

/** Modes that exchange the images of two slots: what can be resumed in its middle. */
export const EXCHANGING_MODES = ["move", "offset", "scratch"] as const satisfies readonly BootMode[];
export const ALL_MODES: readonly BootMode[] = [...new Set(MODES.map((row) => row.mode))];

/** What a fault needs of a board and a scenario to act at all, in the words that a refusal uses. */
export const FAULT_NEEDS = {
  "application upload": "new images that the application takes (no upload by serial recovery)",
  "recovery upload": "an upload by serial recovery (upload: serial-recovery)",
  cut: "at least one power cut in a boot",
  "revert cut": "power cuts in a revert (cuts: { in: revert })",
  "request cut": "power cuts in a request (cuts: { in: request })",
  encrypted: "encrypted images (images.encrypt)",
  "network image": "an image for the network core (images.network)",
  "bootloader image": "an update of MCUboot itself (images.bootloader)",
  "application asked first":
    "an update that asks for the application's image before the network core's: hil run never does, a client of hil twin may",
  "test request": "an upgrade that is asked for as a test (request: test)",
  revert: "a revert (revert_check, boots_after, or cuts in a revert)",
  "confirmed swap": "a permanent request or a revert",
  "refused image": "an image that the bootloader refuses (images.new.damage, or expect)",
  "image in pieces": "an image that is not valid: damaged, or cut while it is uploaded",
  "padded start": "an old image that is flashed padded (start.padded)",
  "downgrade prevention": "a bootloader with downgrade prevention",
  "own fix": "a bootloader whose profile names the fix (bootloader.fixes): without it the board has this bug anyway",
} as const;

export type FaultNeed = keyof typeof FAULT_NEEDS;

/** A run that shows a fault: both names ship with the package. */
interface FaultShown {
  readonly scenario: string;
  readonly board: string;
}

/** Columns of every fault, invented or not: where it can act. A run where it cannot shows nothing about the harness. */
export interface FaultColumns {
  readonly name: string;
  /** What it does, and what a board shows then. */
  readonly what: string;
  /** Modes that can have it. */
  readonly modes: readonly BootMode[];
  /** All of them. */
  readonly needs: readonly FaultNeed[];
  /** A run of ours in which it acts; none where nothing that ships with the package does what it takes. */
  readonly shownBy?: FaultShown;
  /** Instead, what a client of `hil twin` does to see it act. */
  readonly shownTo?: string;
}
