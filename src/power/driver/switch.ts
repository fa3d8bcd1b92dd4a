import { BenchError, type Clock, messageOf, sleepUntil } from "../../core/index.ts";

export type PowerState = "on" | "off";

/** What a switch is, for those who must judge what it did. */
export interface PowerFacts {
  /** What loses power: the SoC's supply alone (serial ports stay), the whole board (they vanish), or nothing. */
  readonly cuts: "soc" | "board" | "reset only";
  /** True when the switch can be asked. What it answers is its own logic, never proof that power moved. */
  readonly readsBack: boolean;
  /** Order of magnitude from `sentAtUs` to the contact. */
  readonly latency: "ms" | "10 ms" | "100 ms" | "unknown";
}

/** A cut that a switch makes by itself: it sees the board's log sooner than any host does. */
export interface CutOrder {
  /** What starts it: bytes on the board's TX line (and, if wanted, the end of their line), or a moment of the bench's clock. */
  readonly when:
    | { readonly pattern: Uint8Array; readonly toLineEnd: boolean }
    /** Microseconds. */
    | { readonly atUs: number };
  /** From that to the cut, in microseconds. */
  readonly delayUs: number;
  /** Power comes back after this time, in milliseconds, if nobody says "on" before. */
  readonly offMsMax: number;
  /** How long the pattern is waited for, in milliseconds. */
  readonly limitMs: number;
}

/** What a switch says of the cut it made: microseconds of its own clock, put on the bench's. */
export interface OwnCut {
  /** When the last byte of the pattern came; undefined when it waited for none. */
  readonly matchUs: number | undefined;
  readonly cutUs: number;
  /** How far these may be off on the bench's clock; the time between them is exact to a few microseconds. */
  readonly uncertaintyUs: number;
  /** How late after its moment the cut was made, by the switch itself. */
  readonly lateUs: number;
}

export interface ArmedCut {
  /** @throws BenchError when the switch gave up, or is gone. */
  readonly made: Promise<OwnCut>;
  /** A cut that was not made will not be. Harmless afterwards. */
  disarm(): Promise<void>;
}

/** Supply currents, as a meter measured them. */
export interface CurrentSamples {
  /** When the last of them had arrived, on the bench's clock, in microseconds. */
  readonly atUs: number;
  /** Distance of two samples, in microseconds. */
  readonly everyUs: number;
  /** NaN: a sample that was lost. */
  readonly microamps: Float32Array;
}

/** A switch that measures what the board takes, all the time that it is open. */
export interface CurrentMeter {
  onSamples(listener: (samples: CurrentSamples) => void): () => void;
}

/** A switch in a board's supply. A switch that answers "ok" has proved nothing: only the board's silence does. */
export interface PowerSwitch extends AsyncDisposable {
  readonly facts: PowerFacts;
  /**
   * Commands a state. Calls are carried out one at a time, in the order they were made.
   * @returns the moment (microseconds on the bench's clock) at which the switch had taken the whole command.
   * @throws BenchError when the switch is gone, refused or was closed; the signal's reason, and then nothing was sent.
   */
  set(
    state: PowerState,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<{ readonly sentAtUs: number }>;
  /** What the switch says of itself; "unknown" when it does not answer. Absent when it cannot be asked. */
  read?(): Promise<PowerState | "unknown">;
  /** For a switch that measures current. */
  readonly current?: CurrentMeter;
  /** For a switch that can be told beforehand. Any `set` that follows calls the order off. */
  arm?(order: CutOrder, options?: { readonly signal?: AbortSignal | undefined }): Promise<ArmedCut>;
}

/** How the board is wired to a relay: through the contact that is open at rest, or through the one that is closed. */
export type Contact = "NO" | "NC";

/** Whether the coil must be energised for this state of the board. */
export function energised(state: PowerState, contact: Contact): boolean {
  return (state === "on") === (contact === "NO");
}

/** The state of the board when the coil is energised, or is not: the other way round. */
export function suppliedBy(coilOn: boolean, contact: Contact): PowerState {
  return coilOn === energised("on", contact) ? "on" : "off";
}

/**
 * Off, `offMs` milliseconds of silence, on. Whatever happens in between, power ends on: giving up by `signal` shortens
 * the outage, it does not leave the board dark.
 * @returns when each command had been taken, in microseconds on `clock`.
 * @throws what `set` throws; BenchError when power could not be restored.
 */
export async function cycle(
  power: PowerSwitch,
  options: { readonly clock: Clock; readonly offMs: number; readonly signal?: AbortSignal | undefined },
): Promise<{ readonly offAtUs: number; readonly onAtUs: number }> {
  const { clock, offMs, signal } = options;
  let offAtUs: number;
  try {
    offAtUs = (await power.set("off", { signal })).sentAtUs;
    await sleepUntil(clock, offAtUs + Math.round(offMs * 1000), signal);
  } catch (error) {
    await restore(power);
    throw error;
  }
  return { offAtUs, onAtUs: await restore(power) };
}

/** One more try before giving up: a board that stays dark blocks the bench. */
async function restore(power: PowerSwitch): Promise<number> {
  try {
    return (await power.set("on")).sentAtUs;
  } catch {
    try {
      return (await power.set("on")).sentAtUs;
    } catch (error) {
      const hint = "The board is without power now: check the switch, then switch it on by hand.";
      throw new BenchError(`power was cut and could not be restored: ${messageOf(error)}`, hint, { cause: error });
    }
  }
}
