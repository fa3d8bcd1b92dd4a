import type { PlannedCut } from "./cut-moment.ts";
import type {
  CutTimes,
  EvidenceKind,
  ImageSummary,
  PhaseSpan,
  PreflightCheck,
  RecoveryStepName,
  RunResult,
  SlotState,
} from "./facts.ts";
import { type RecordedVerdict, recordedVerdict, type Verdict } from "./verdict.ts";

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
  | { readonly event: "images-built"; readonly images: readonly ImageSummary[]; readonly crypto: readonly string[] }
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
  | { readonly event: "image-state"; readonly images: readonly SlotState[] }
  | { readonly event: "set-pending"; readonly version: string }
  | { readonly event: "confirmed"; readonly version: string }
  | { readonly event: "reset"; readonly answeredUs: number }
  | { readonly event: "power"; readonly state: "on" | "off"; readonly sentAtUs: number }
  /** How a boot ended, and what said that it was one and not the application from before (docs/verdicts.md). */
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
      /** What was undisturbed, where it is no swap. */
      readonly of?: "upload";
      readonly operations: number;
      readonly swapUs: number;
      readonly startAfterResetUs: number;
      readonly endAfterResetUs: number;
    }
  | { readonly event: "plan"; readonly cuts: readonly PlannedCut[]; readonly phases: readonly PhaseSpan[] }
  | { readonly event: "cut-started"; readonly planned: PlannedCut; readonly from: string; readonly to: string }
  | { readonly event: "cut"; readonly facts: CutTimes }
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
  /** The board was left without power at the end, as its profile says; without this event it was left with power. */
  | { readonly event: "left"; readonly power: "off"; readonly because: string }
  | { readonly event: "warning"; readonly text: string }
  | { readonly event: "failure"; readonly kind: string; readonly text: string }
  | { readonly event: "run-finished"; readonly result: RunResult }
>;

/** Where events go: a run's record, or a test's list. */
export interface EventSink {
  event(event: RunEvent): void;
}

/** An event as `events.jsonl` has it. */
export type RecordedEvent =
  | Exclude<RunEvent, { event: "verdict" }>
  | At<{ readonly event: "verdict"; readonly verdict: RecordedVerdict }>;

export function recordedEvent(event: RunEvent): RecordedEvent {
  return event.event === "verdict" ? { ...event, verdict: recordedVerdict(event.verdict) } : event;
}
