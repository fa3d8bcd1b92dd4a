import { type Clock, isKind, sleep } from "../../core/index.ts";
import type { PowerSwitch } from "../../power/index.ts";
import { echo } from "../../smp/index.ts";
import { untilAnswers } from "../calibrate/calibrate.ts";
import type { Board } from "../parts/board.ts";
import type { DoctorFinding } from "./check.ts";
import type { Diagnosis } from "./doctor.ts";

/** A board to be switched, opened and closed as the check needs it. */
export interface SwitchedBench {
  readonly clock: Clock;
  /** Switch, UART and all. */
  open(this: void): Promise<Board>;
  /** The switch alone: the board's ports stay closed, and its UART lines undriven. */
  openSwitch(this: void): Promise<PowerSwitch>;
}

/** Every capacitor of a DK is empty after this long, in milliseconds. */
const DRAINED_MS = 3000;
/** A board that is alive answers within this time, in milliseconds. */
const ANSWER_MS = 500;
const LOOKS_AT = "does the board lose its power when its relay is off";

/**
 * Relay off: does the board still talk? And if it does, is it fed through its UART pins? A probe drives the board's
 * receive pin only while a program has the port open, so the second look is with the port closed. Moves power; power is
 * on afterwards, whatever happens.
 * @throws BenchError when board or switch cannot be opened, or the board does not answer before; the signal's reason.
 * Source: DevZone 18964 (a chip that stays powered through its pins), 308, 120874; guides of the DKs, "Virtual serial port".
 */
export async function backFeeding(bench: SwitchedBench, signal: AbortSignal): Promise<Diagnosis> {
  const seen = await withPortOpen(bench, signal);
  const { where } = seen;
  if (seen.outcome === "dark") return diagnosis([]);
  if (seen.outcome === "reset only") {
    return diagnosis([{ level: "note", where, what: "its switch only resets it: nothing is cut.", remedy: "" }]);
  }
  if (seen.outcome === "no sign of a boot") {
    const what = "it was silent without power, and printed nothing when it started again.";
    const remedy = "If its firmware has a boot log, it never lost its power: measure its supply.";
    return diagnosis([{ level: "note", where, what, remedy }]);
  }
  const fed = await restartsWithPortClosed(bench, signal);
  return diagnosis([
    {
      level: "problem",
      where,
      what: `relay off, but ${seen.outcome}${fed ? "; with its port closed it does lose its power" : ""}.`,
      remedy: fed ? FED_REMEDY : NOT_CUT_REMEDY,
    },
  ]);
}

const FED_REMEDY =
  "It is fed through its UART pins. Put 1 to 2.2 kOhm into its RX and CTS lines and a bleed resistor (220 Ohm to 1 kOhm) " +
  "across the switched rail, or cut the whole DK with the J-Link (cuts: board). See docs/doctor.md.";
const NOT_CUT_REMEDY =
  "Check the relay's channel and contact (NO or NC) and its wiring; a second USB cable, a debugger, a logic analyser or a " +
  "shield may feed it, too. See docs/doctor.md.";

interface Seen {
  readonly where: string;
  readonly outcome: "dark" | "reset only" | "it answers" | "it still prints" | "no sign of a boot";
}

function diagnosis(findings: readonly DoctorFinding[]): Diagnosis {
  return { id: "back-feed", looksAt: LOOKS_AT, outcome: findings.length === 0 ? "ok" : "findings", findings };
}

/** Off with the port open: silence, and a new start afterwards, are what there must be. */
async function withPortOpen(bench: SwitchedBench, signal: AbortSignal): Promise<Seen> {
  await using board = await bench.open();
  const { clock, power, name: where } = board;
  if (power.facts.cuts === "reset only") return { where, outcome: "reset only" };
  try {
    await power.set("on", { signal });
    await untilAnswers(board, signal);
    await power.set("off", { signal });
    await sleep(clock, DRAINED_MS, signal);
    const sinceUs = clock.nowUs();
    if (await answered(board, signal)) return { where, outcome: "it answers" };
    if ((board.logs.app.lastByteUs ?? -1) >= sinceUs) return { where, outcome: "it still prints" };
    await power.set("on", { signal });
    await untilAnswers(board, signal);
    return { where, outcome: board.logs.app.since(sinceUs).length > 0 ? "dark" : "no sign of a boot" };
  } finally {
    await power.set("on");
  }
}

/** Off with the port closed; returns whether it started anew when power came back. */
async function restartsWithPortClosed(bench: SwitchedBench, signal: AbortSignal): Promise<boolean> {
  try {
    // Closed before the board is opened: no two may have the switch at once. It stays as it was told.
    await switchedOff(bench, signal);
    await using board = await bench.open();
    const sinceUs = board.clock.nowUs();
    await board.power.set("on", { signal });
    await untilAnswers(board, signal);
    return board.logs.app.since(sinceUs).length > 0;
  } catch (error) {
    await using power = await bench.openSwitch();
    await power.set("on");
    throw error;
  }
}

async function switchedOff({ clock, openSwitch }: SwitchedBench, signal: AbortSignal): Promise<void> {
  await using power = await openSwitch();
  await power.set("off", { signal });
  await sleep(clock, DRAINED_MS, signal);
}

async function answered(board: Board, signal: AbortSignal): Promise<boolean> {
  try {
    const { r } = await board.smp.session.request(echo, { d: "hil" }, { signal, timeoutMs: ANSWER_MS, retries: 0 });
    return r === "hil";
  } catch (error) {
    signal.throwIfAborted();
    if (isKind(error, "timeout") || isKind(error, "protocol")) return false;
    throw error;
  }
}
