import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { z } from "zod";
import {
  BenchError,
  ConfigurationError,
  defined,
  messageOf,
  parseJson,
  parseValue,
  readInputText,
  replaceFileAt,
} from "../../core/index.ts";
import type { BoardProfile } from "./schema.ts";

const us = z.number().min(0).max(60_000_000);

/** What was seen over the trials of one direction, in microseconds. */
const SPREAD = z.strictObject({ trials: z.int().min(1), min_us: us, p5_us: us, median_us: us, p95_us: us, max_us: us });

/** A calibration as it stands beside its profile. */
const CALIBRATION = z.strictObject({
  schema: z.literal(1),
  date: z.iso.datetime(),
  /** What it holds for: the switch as the profile names it. */
  switch_sha256: z.string().regex(/^[0-9a-f]{64}$/),
  sensor: z.literal("uart"),
  off: z.strictObject({ latency_us: us, uncertainty_us: us, seen: SPREAD, blind_us: us, contact: SPREAD.optional() }),
  on: z.strictObject({ first_byte: SPREAD, boot_us: us.optional(), latency_us: us.optional() }),
});
type CalibrationFile = z.output<typeof CALIBRATION>;

/** The file of a board's profile that holds its calibration: `lab-07.calibration.json` for `lab-07.yaml`. */
export function calibrationPath(profileFile: string): string {
  return profileFile.replace(/\.ya?ml$/i, "").concat(".calibration.json");
}

/**
 * The calibration beside a profile; undefined when there is none.
 * @throws ConfigurationError for one that cannot be read, or that was made with another switch: its figures would move
 * every cut, and nobody would see it.
 */
export function loadCalibration(profile: BoardProfile): CalibrationFile | undefined {
  const path = calibrationPath(profile.file);
  if (!existsSync(path)) return undefined;
  let found: CalibrationFile;
  try {
    found = parseValue(parseJson(readInputText(path)), CALIBRATION, "its content");
  } catch (error) {
    const text = `the calibration in ${path} cannot be read: ${messageOf(error).replace(/\.?$/, ".")}`;
    throw new ConfigurationError(text, "Make it anew with `hil board calibrate`, or delete it.", { cause: error });
  }
  if (found.switch_sha256 !== switchHash(profile)) {
    throw new ConfigurationError(
      `the calibration in ${path} was made with another switch than the profile names now.`,
      "Make it anew with `hil board calibrate`, or delete it.",
    );
  }
  return found;
}

/** @returns the path written. @throws BenchError when it cannot be written. */
export function saveCalibration(profile: BoardProfile, calibration: CalibrationFile): string {
  const path = calibrationPath(profile.file);
  try {
    replaceFileAt(path, `${JSON.stringify(calibration, undefined, 2)}\n`);
    return path;
  } catch (error) {
    const text = `the calibration cannot be written to ${path}: ${messageOf(error)}.`;
    throw new BenchError(text, "Make the folder of the profile writable.", { cause: error });
  }
}

/** A measurement as it is kept. @param date when it was made. */
export function calibrationOf({ off, on }: CalibrationResult, profile: BoardProfile, date: Date): CalibrationFile {
  return {
    schema: 1,
    date: date.toISOString(),
    switch_sha256: switchHash(profile),
    sensor: "uart",
    off: {
      latency_us: off.latencyUs,
      uncertainty_us: off.uncertaintyUs,
      seen: spread(off.seen),
      blind_us: off.blindUs,
      ...(off.contact === undefined ? {} : { contact: spread(off.contact) }),
    },
    on: {
      first_byte: spread(on.firstByte),
      ...defined({ boot_us: on.bootUs, latency_us: on.latencyUs }),
    },
  };
}

function spread({ trials, minUs, p5Us, medianUs, p95Us, maxUs }: Spread): CalibrationFile["off"]["seen"] {
  return { trials, min_us: minUs, p5_us: p5Us, median_us: medianUs, p95_us: p95Us, max_us: maxUs };
}

/** Tells one switch from another: its driver, that driver's options in any order, and the port it is seen through. */
export function switchHash({ power, ports }: BoardProfile): string {
  const text = JSON.stringify(sorted([power.driver, power.options, ports.app]));
  return createHash("sha256").update(text).digest("hex");
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}

/** One trial: how long the board talked after "off" had been sent, and when it spoke again after "on". Microseconds. */
export interface CalibrationTrial {
  readonly offUs: number;
  /** Longest pause on the board's line before: power may have gone that much later than the last byte. */
  readonly blindUs: number;
  readonly firstByteUs: number;
  /** How long current flowed after "off", where the switch measures it: the contact itself, without the hold-up. */
  readonly contactUs?: number | undefined;
}

export interface Spread {
  readonly trials: number;
  readonly minUs: number;
  readonly p5Us: number;
  readonly medianUs: number;
  readonly p95Us: number;
  readonly maxUs: number;
}

/** What a bench's switch does, as its board's UART shows it. All in microseconds. */
export interface CalibrationResult {
  /**
   * `latencyUs`: from the command to the board's silence, hold-up included: the middle of the window in which every
   * trial's power fell. `uncertaintyUs`: half of that window.
   */
  readonly off: {
    readonly latencyUs: number;
    readonly uncertaintyUs: number;
    readonly seen: Spread;
    readonly blindUs: number;
    /** From the command to the end of the current, where the switch measures it; the rest is hold-up. */
    readonly contact?: Spread;
  };
  /** From the command to the first byte of the boot; less the time that a boot needs, where that is known. */
  readonly on: { readonly firstByte: Spread; readonly bootUs?: number; readonly latencyUs?: number };
}
