import type { BootLine } from "../../board/index.ts";
import type { PlannedCut } from "./cut-moment.ts";

/** One image of a campaign, as reports name it. */
export interface ImageSummary {
  readonly role: "old" | "new";
  /** Left out of an image of the application. */
  readonly core?: "network" | undefined;
  readonly version: string;
  /** Hash TLV of the image, lower-case hex: what mcumgr lists. */
  readonly hash: string;
  /** Bytes of the file that is uploaded. */
  readonly fileBytes: number;
  readonly encrypted: boolean;
  /** The profile's name of the key that signed it; left out where its bootloader takes one key only. */
  readonly signedBy?: string | undefined;
}

export interface PreflightCheck {
  readonly name: string;
  readonly outcome: "as expected" | "differs" | "cannot be asked";
  readonly expected: string;
  readonly found: string;
}

/** A cut that the switch made by itself; see `CutOrder` of the power switches. */
export interface SwitchCut {
  /** When the pattern's last byte came; undefined when it waited for none. */
  readonly matchUs: number | undefined;
  readonly cutUs: number;
  readonly uncertaintyUs: number;
  readonly lateUs: number;
}

/** What became known of a cut: all times on the bench's clock, in microseconds. */
export interface CutTimes {
  readonly planned: PlannedCut;
  readonly resetAnsweredUs: number;
  readonly offSentUs: number;
  /** When power was gone, by the switch's known latency. */
  readonly cutUs: number;
  readonly lastByteUs: number | undefined;
  readonly onSentUs: number;
  readonly firstByteUs: number | undefined;
  /** From the swap's first flash operation to the cut; negative before it. Undefined when it cannot be told. */
  readonly intoSwapUs: number | undefined;
  /** What a switch that made the cut by itself says of it, on the bench's clock. */
  readonly own?: SwitchCut | undefined;
  /** The same as `intoSwapUs` of the cuts in the boots that followed. */
  readonly followingIntoSwapUs?: readonly (number | undefined)[] | undefined;
}

/** A slot as the board reported it. */
export interface SlotState {
  readonly image: number;
  readonly slot: number;
  readonly version: string;
  readonly hash: string | undefined;
  readonly flags: readonly string[];
}

/** A phase of the swap, in microseconds from its first operation. */
export interface PhaseSpan {
  readonly name: string;
  readonly fromUs: number;
  readonly toUs: number;
}

/** What brings a board back that a run left in the middle of something, from the gentlest on. */
export type RecoveryStepName =
  | "power on"
  | "power cycle"
  | "old image by serial recovery"
  | "old image flashed"
  | "baseline flashed";

/** What said that a boot had begun. From the surest to the last resort. */
export type EvidenceKind = "banner" | "power" | "slots" | "uptime" | "silence" | "time";

export interface BootEvidence {
  readonly kind: EvidenceKind;
  /** The line, or what was asked and answered, for people. */
  readonly text: string;
}

/** How a boot turned out, as the UART showed it. */
export interface BootSeen {
  readonly ending: "up" | "boot loop" | "no boot";
  /** Boot log since the reset or the power-on. */
  readonly lines: readonly BootLine[];
  /** Starts of the bootloader seen. */
  readonly boots: number;
  /** When the application answered, on the bench's clock. */
  readonly upUs: number | undefined;
  readonly because: string;
  /** What said that this was a boot, and not the application from before; undefined when nothing did, or was asked. */
  readonly evidence?: BootEvidence | undefined;
  /** No application came: the bootloader stays in serial recovery. */
  readonly recovery?: boolean | undefined;
}

export interface RunResult {
  /** `incomplete`: nothing failed, and not all was done that was asked for. */
  readonly outcome: "pass" | "fail" | "error" | "interrupted" | "incomplete";
  readonly cutsPlanned: number;
  readonly cutsJudged: number;
  /** Verdicts that passed, and that failed: also those without a cut. */
  readonly passed: number;
  readonly failed: number;
  /** How often each legal and illegal ending was seen, of cuts. */
  readonly endings: Readonly<Record<string, number>>;
  /** True when cuts were left unmade and the request allows that. */
  readonly incompleteAllowed?: true;
  /** Faults of a twin that were planted and never acted; a run that passed with one is incomplete. Else left out. */
  readonly idleFaults?: readonly string[];
  /** Cuts that were void because the bench was not whole; left out when there were none. */
  readonly cutsVoid?: number;
  /** How often the bench failed and was tried again; left out when it never was. */
  readonly infraRetries?: number;
  /** The board was left without power, as its profile says; left out where power ends on. */
  readonly powerLeft?: "off";
}
