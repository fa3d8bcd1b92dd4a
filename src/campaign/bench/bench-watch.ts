import type { Board, BootLine } from "../../board/index.ts";
import { BenchError, messageOf } from "../../core/index.ts";

/** A host that does not run for so long, in milliseconds, may have missed anything. */
const SLEPT_MS = 2000;
/** What a busy host may be late by without anybody minding, in milliseconds: it is no clock. */
const LATE_MS_MIN = 100;

/** Contacts and plugs have settled after this time, in milliseconds. */
const BOUNCE_MS = 500;
/** After these lines a second start is the board's own doing. */
const ENDS_OF_BOOTLOADER: readonly string[] = ["chainload", "jumping", "no bootable image", "panic", "abort"];

/**
 * The bench was not whole while something was to be judged: what was done is void. Not the board's fault, and nothing
 * is said of the board. Made again it may be whole. Exit 3 when it never is.
 */
export class VoidError extends BenchError {
  readonly isVoid = true;
}

/** Whether what failed so may be made again on the same bench. */
export function isVoid(error: unknown): boolean {
  return typeof error === "object" && error !== null && "isVoid" in error && error.isVoid === true;
}

/** Keeps in mind what speaks against the bench, from the plan of a case to its verdict. */
export class BenchWatch {
  readonly #board: Board;
  readonly #doubts: { readonly text: string; readonly hint: string }[] = [];
  #sinceUs: number;
  /** The shortest time that the switch took for an "off" so far. */
  #usualOffUs = Number.POSITIVE_INFINITY;

  constructor(board: Board) {
    this.#board = board;
    this.#sinceUs = board.clock.nowUs();
  }

  /** How exactly a cut must be known, in microseconds. */
  get #toleranceUs(): number {
    return Math.max(this.#board.cuts.uncertaintyUs, LATE_MS_MIN * 1000);
  }

  /** A new case begins: what was before does not count any more. */
  begin(): void {
    this.#doubts.length = 0;
    this.#sinceUs = this.#board.clock.nowUs();
  }

  /** The switch took so long for an "off". One that answers later than it usually does has cut at an unknown time. */
  tookForOff(tookUs: number): void {
    const lateUs = tookUs - Math.min(tookUs, this.#usualOffUs);
    this.#usualOffUs = Math.min(tookUs, this.#usualOffUs);
    if (lateUs <= this.#toleranceUs) return;
    this.doubt(
      `the switch took "off" ${ms(lateUs)} ms later than it usually does: power went at some moment of that time, and ` +
        `cuts of this bench are judged to ± ${ms(this.#board.cuts.uncertaintyUs)} ms`,
      "Measure the switch (`hil board calibrate`), or widen power.cut_uncertainty_ms.",
    );
  }

  /** Something that speaks against the bench, as a sentence without its full stop, and what to do. */
  doubt(text: string, hint: string): void {
    this.#doubts.push({ text, hint });
  }

  /** A cut that the host timed was made: it must have run all the time since what the cut is measured from. */
  timedSince(sinceUs: number): void {
    const gapUs = this.#board.clock.gaps?.longestUs(sinceUs) ?? 0;
    if (gapUs > this.#toleranceUs)
      this.doubt(
        `this host did not run for ${ms(gapUs)} ms between the reset and the cut, which was timed by it`,
        "Keep the host free while a board is tested, or widen power.cut_uncertainty_ms.",
      );
  }

  /**
   * Power was commanded on at `onUs`. A bootloader that starts twice within the time that a contact bounces, and had
   * not gone on to anything in between, lost its power again: that was a cut which nobody planned.
   */
  cameBack(onUs: number, lines: readonly Pick<BootLine, "event" | "atUs">[]): void {
    const early = lines.filter(({ atUs }) => atUs <= onUs + BOUNCE_MS * 1000);
    const starts = early.flatMap(({ event }, place) => (event === "starting bootloader" ? [place] : []));
    const [first, second] = starts;
    if (first === undefined || second === undefined) return;
    const wentOn = early.slice(first, second).some(({ event = "" }) => ENDS_OF_BOOTLOADER.includes(event));
    if (wentOn) return;
    const text = `the bootloader started twice within ${BOUNCE_MS} ms after "on", and had not gone on to an application`;
    this.doubt(`${text}: power came, went and came`, "Check the contact of the switch and its wiring: it bounces.");
  }

  /**
   * Before a verdict: the bench was whole since `begin`.
   * @param isUp the application answers. When it does not, the switch must prove that it is there.
   * @throws VoidError; what a port threw that is gone; the signal's reason.
   */
  async requireWhole(isUp: boolean, signal: AbortSignal): Promise<void> {
    const board = this.#board;
    board.check();
    const gapUs = board.clock.gaps?.longestUs(this.#sinceUs) ?? 0;
    if (gapUs > SLEPT_MS * 1000) {
      const text = `this host did not run for ${(gapUs / 1_000_000).toFixed(1)} s: it slept, or was stopped`;
      throw new VoidError(`${text}.`, "Keep the host awake while a board is tested.");
    }
    const [doubt] = this.#doubts;
    if (doubt !== undefined) {
      throw new VoidError(`${doubt.text}.`, doubt.hint);
    }
    if (isUp || board.power.facts.cuts === "reset only") return;
    try {
      await board.power.set("on", { signal });
    } catch (error) {
      signal.throwIfAborted();
      const text = `${board.name} does not come up, and its switch is not there: ${messageOf(error)}`;
      throw new BenchError(text, "Whether the board had power is not known.", { cause: error });
    }
    board.check();
  }
}

function ms(us: number): number {
  return Math.round(us / 1000);
}
