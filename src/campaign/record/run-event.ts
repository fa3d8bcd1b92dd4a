import type { EvidenceKind } from "../bench/boot-memory.ts";
import type { Verdict } from "../verdict/verdict.ts";

/** One image of a campaign, as reports name it. */
export interface ImageFacts {
  readonly role: "old" | "new";
  readonly version: string;
  /** Hash TLV of the image, lower-case hex: what mcumgr lists. */
  readonly hash: string;
  /** Bytes of the file that is uploaded. */
  readonly fileBytes: number;
  readonly encrypted: boolean;
}

export interface PreflightCheck {
  readonly name: string;
  readonly outcome: "as expected" | "differs" | "cannot be asked";
  readonly expected: string;
  readonly found: string;
}

/** Where a cut is to fall. Times in microseconds from the answer to the reset command. */
export type PlannedCut = CutMoment & {
  readonly index: number;
  /** Cuts in the boots that follow, one each. */
  readonly following?: readonly NextCut[] | undefined;
};

export type CutMoment =
  | { readonly kind: "time"; readonly afterResetUs: number }
  | {
      readonly kind: "log";
      readonly pattern: string;
      readonly delayUs: number;
      /** Of a moment that the model worked out: how long after the boot's first flash operation it is. */
      readonly intoSwapUs?: number;
    }
  /** A flash operation of the boot, counted from 0 by the model; 6.5 is in the middle of number 6. */
  | { readonly kind: "operation"; readonly operation: number }
  /** The board has taken so many bytes of an upload. */
  | { readonly kind: "upload"; readonly bytes: number; readonly delayUs: number }
  /** The request for the next boot was answered. */
  | { readonly kind: "smp"; readonly after: "request"; readonly delayUs: number }
  /** The supply current has crossed a threshold, and has stayed on the other side for a while. */
  | {
      readonly kind: "current";
      readonly edge: "rise" | "fall";
      readonly microamps: number;
      readonly forUs: number;
      readonly delayUs: number;
    };

/** A cut in a boot that goes on with what an earlier cut left: an operation of it, or a share of its duration. */
export type NextCut = { readonly operation: number } | { readonly share: number };

/** A cut that the switch made by itself; see `CutOrder` of the power switches. */
export interface OwnCut {
  /** When the pattern's last byte came; undefined when it waited for none. */
  readonly matchUs: number | undefined;
  readonly cutUs: number;
  readonly uncertaintyUs: number;
  readonly lateUs: number;
}

/** What became known of a cut: all times on the bench's clock, in microseconds. */
export interface CutFacts {
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
  readonly own?: OwnCut | undefined;
  /** The same as `intoSwapUs` of the cuts in the boots that followed. */
  readonly followingIntoSwapUs?: readonly (number | undefined)[] | undefined;
}

type At<T> = T & { readonly atUs: number };

/** Everything a run writes down, in order. `atUs` is the bench's clock, from 0. */
export type RunEvent = At<
  | {
      readonly event: "run-started";
      readonly scenario: string;
      /** The board for people: its name, kind and bootloader. */
      readonly board: string;
      /** The profile's name alone; records from before it was written down lack it. */
      readonly profile?: string;
      readonly seed: number;
    }
  /** The bench's own measurement of its switch, where there is one: its date (ISO 8601), and what cuts are aimed by. */
  | {
      readonly event: "calibration";
      readonly date: string;
      readonly latencyUs: number;
      readonly uncertaintyUs: number;
    }
  | { readonly event: "images-built"; readonly images: readonly ImageFacts[]; readonly crypto: readonly string[] }
  | { readonly event: "preflight"; readonly checks: readonly PreflightCheck[] }
  | { readonly event: "baseline"; readonly how: "already running" | "flashed" | "uploaded" }
  | { readonly event: "upload-started"; readonly version: string; readonly totalBytes: number }
  | {
      readonly event: "upload-progress";
      readonly sentBytes: number;
      readonly totalBytes: number;
    }
  | {
      readonly event: "upload-finished";
      readonly version: string;
      readonly bytes: number;
      readonly durationUs: number;
      /** Of it, the first chunk: the slot was erased before its answer. */
      readonly eraseUs: number;
      /** Bytes that the board had with that answer. */
      readonly firstBytes: number;
      readonly alreadyPresent: boolean;
      readonly limitBytesPerS: number;
    }
  | { readonly event: "image-state"; readonly images: readonly SlotFacts[] }
  | { readonly event: "set-pending"; readonly version: string }
  | { readonly event: "confirmed"; readonly version: string }
  | { readonly event: "reset"; readonly answeredUs: number }
  | { readonly event: "power"; readonly state: "on" | "off"; readonly sentAtUs: number }
  /** How a boot ended, and what said that it was one and not the application from before (docs/campaigns.md). */
  | {
      readonly event: "boot-seen";
      readonly ending: "up" | "boot loop" | "no boot";
      readonly boots: number;
      readonly evidence: EvidenceKind | "none";
      readonly text: string;
    }
  | { readonly event: "boot-log"; readonly name: string; readonly text: string }
  | {
      readonly event: "reference";
      readonly operations: number;
      readonly swapUs: number;
      readonly startAfterResetUs: number;
      readonly endAfterResetUs: number;
    }
  | { readonly event: "plan"; readonly cuts: readonly PlannedCut[]; readonly phases: readonly PhaseSpan[] }
  | { readonly event: "cut-started"; readonly planned: PlannedCut; readonly from: string; readonly to: string }
  | { readonly event: "cut"; readonly facts: CutFacts }
  /** The bench was not whole while this cut was made: there is no verdict on it. `again`: it is made once more. */
  | { readonly event: "cut-void"; readonly index: number; readonly reason: string; readonly again: boolean }
  | { readonly event: "verdict"; readonly verdict: Verdict }
  | { readonly event: "wear"; readonly cyclesMax: number; readonly spent: number; readonly page: string }
  | {
      readonly event: "recovery";
      readonly found: "dirty" | "bad";
      readonly step: RecoveryStepName;
      readonly worked: boolean;
      readonly outcome: string;
    }
  | {
      readonly event: "infra-retry";
      readonly retry: number;
      readonly of: number;
      readonly kind: string;
      readonly text: string;
    }
  | { readonly event: "warning"; readonly text: string }
  | { readonly event: "failure"; readonly kind: string; readonly text: string }
  | { readonly event: "run-finished"; readonly result: RunResult }
>;

/** What brings a board back that a run left in the middle of something, from the gentlest on. */
export type RecoveryStepName = "power on" | "power cycle" | "old image flashed" | "baseline flashed";

/** Where events go: a run's record, or a test's list. */
export interface EventSink {
  event(event: RunEvent): void;
}

/** A slot as the board reported it. */
export interface SlotFacts {
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

export interface RunResult {
  /** `incomplete`: nothing failed, and not all was done that was asked for. */
  readonly outcome: "pass" | "fail" | "error" | "interrupted" | "incomplete";
  readonly cutsPlanned: number;
  readonly cutsJudged: number;
  readonly passed: number;
  readonly failed: number;
  /** How often each legal and illegal ending was seen. */
  readonly endings: Readonly<Record<string, number>>;
  /** True when cuts were left unmade and the request allows that. */
  readonly incompleteAllowed?: true;
  /** Cuts that were void because the bench was not whole; left out when there were none. */
  readonly cutsVoid?: number;
  /** How often the bench failed and was tried again; left out when it never was. */
  readonly infraRetries?: number;
}
