import { ConfigurationError, within } from "../../core/index.ts";
import type { RecordedBoard } from "../bench/recorded-board.ts";
import type { BootMoment } from "../record/cut-moment.ts";
import type { SwitchCut } from "../record/facts.ts";
import { PatternFinder, plainPattern } from "./trigger-bytes.ts";
import { ShapeFinder } from "./trigger-current.ts";

/** What the switch may be late with its own cut before the host stops waiting for it, in milliseconds. */
const SWITCH_LATE_MS = 2000;
/** A switch that cuts by itself gives power back after this time at the latest, in milliseconds after the off time. */
const SPARE_MS = 10_000;

/**
 * Waits for what starts a cut after the reset answered at `resetUs`.
 * @param onDue called with the same at once, while the bytes that show it are not yet parsed: the end of a wait takes a
 * tenth of a millisecond.
 * @returns when the cut is due, in microseconds on the bench's clock.
 * @throws TimeoutError when it does not come within `limitMs` milliseconds.
 */
export async function untilTrigger(
  recorded: RecordedBoard,
  moment: BootMoment,
  resetUs: number,
  limitMs: number,
  onDue: (dueUs: number) => void = () => undefined,
): Promise<number> {
  switch (moment.kind) {
    case "time":
      return resetUs + moment.afterResetUs;
    case "log":
      return patternDue(recorded, moment, limitMs, onDue);
    case "current":
      return shapeDue(recorded, moment, limitMs, onDue);
  }
}

/** A delay after the log first matched, looked for in the raw bytes, before any line is parsed. */
function patternDue(
  { board, signal }: RecordedBoard,
  { pattern, delayUs }: Extract<BootMoment, { kind: "log" }>,
  limitMs: number,
  onDue: (dueUs: number) => void,
): Promise<number> {
  const finder = new PatternFinder(pattern);
  const listen = (found: (atUs: number) => void) =>
    board.uart.onBytes(({ atUs, bytes }) => {
      if (finder.feed(bytes) !== undefined) found(atUs + delayUs);
    });
  return within(
    board.clock,
    limitMs,
    `/${pattern}/ in the log of ${board.name}`,
    (stop) => first(listen, stop, onDue),
    {
      signal,
      lastSeen: () => board.logs.app.lastSeen(),
      hint: "Check the pattern: `hil run --cuts 0` shows the log.",
    },
  );
}

/** A delay after the supply current first had this shape. */
function shapeDue(
  { board, signal }: RecordedBoard,
  shape: Extract<BootMoment, { kind: "current" }>,
  limitMs: number,
  onDue: (dueUs: number) => void,
): Promise<number> {
  const meter = board.power.current;
  if (!meter) {
    throw new ConfigurationError(
      `the switch of ${board.name} measures no current.`,
      "A cut on current needs `power: { driver: ppk2, record: true, … }` in the profile.",
    );
  }
  const finder = new ShapeFinder(shape);
  const listen = (found: (atUs: number) => void) =>
    meter.onSamples((samples) => {
      const atUs = finder.feed(samples);
      if (atUs !== undefined) found(atUs + shape.delayUs);
    });
  const what = `a ${shape.edge} of the current over ${shape.microamps / 1000} mA`;
  return within(board.clock, limitMs, what, (stop) => first(listen, stop, onDue), {
    signal,
    lastSeen: () => board.logs.app.lastSeen(),
    hint: "Look at current.csv of the run: which current does the boot take?",
  });
}

function first(
  listen: (found: (dueUs: number) => void) => () => void,
  stop: AbortSignal,
  onDue: (dueUs: number) => void,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const ignore = listen((dueUs) => {
      ignore();
      onDue(dueUs);
      resolve(dueUs);
    });
    stop.addEventListener("abort", () => {
      ignore();
      reject(stop.reason);
    });
  });
}

/**
 * Lets a switch that can make the cut by itself do so: it sees the log on its own wire, and no host is in the way.
 * @returns what the switch says of its cut; undefined when it cannot do this one, and nothing was done.
 * @throws TimeoutError when the moment does not come; BenchError when the switch gives up.
 */
export async function cutBySwitch(
  recorded: RecordedBoard,
  moment: BootMoment,
  resetUs: number,
  limitMs: number,
): Promise<SwitchCut | undefined> {
  const { board, signal } = recorded;
  const { latencyUs } = board.cuts;
  const when = momentOfSwitch(moment, resetUs - latencyUs);
  if (!board.power.arm || !when) return undefined;
  const delayUs = moment.kind === "log" ? Math.max(0, moment.delayUs - latencyUs) : 0;
  const waitMs = ("atUs" in when ? Math.max(0, when.atUs - recorded.nowUs) : limitMs * 1000 + delayUs) / 1000;
  const offMsMax = board.profile.power.offMs + SPARE_MS;
  // The host gives up first: a moment that does not come is a timeout, not a fault of the switch.
  const order = { when, delayUs, offMsMax, limitMs: limitMs + 2 * SWITCH_LATE_MS };
  const armed = await board.power.arm(order, { signal });
  const what = moment.kind === "log" ? `/${moment.pattern}/ in the log of ${board.name}` : "the cut by the switch";
  try {
    const own = await within(board.clock, waitMs + SWITCH_LATE_MS, what, () => armed.made, {
      signal,
      lastSeen: () => board.logs.app.lastSeen(),
      hint: "Check that the board's TX line reaches the switch, and the pattern: `hil run --cuts 0` shows the log.",
    });
    recorded.record.event({ atUs: recorded.nowUs, event: "power", state: "off", sentAtUs: own.cutUs });
    return own;
  } catch (error) {
    await armed.disarm().catch(() => undefined);
    throw error;
  }
}

function momentOfSwitch(moment: BootMoment, resetUs: number) {
  if (moment.kind === "time") return { atUs: resetUs + moment.afterResetUs };
  const plain = moment.kind === "log" ? plainPattern(moment.pattern) : undefined;
  return plain && { pattern: plain.bytes, toLineEnd: plain.toLineEnd };
}
