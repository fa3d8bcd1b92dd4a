import type { Board } from "../../board/index.ts";
import { BenchError, isHilError, messageOf } from "../../core/index.ts";
import type { PreflightCheck } from "../record/facts.ts";
import type { RunEvent } from "../record/run-event.ts";
import { proveCut } from "./power-check.ts";
import { preflight } from "./preflight.ts";
import { RecordedBoard } from "./recorded-board.ts";

/** One thing that was looked at. */
export interface BoardCheck {
  readonly name: string;
  readonly outcome: "ok" | "failed" | "not checked";
  readonly text: string;
}

interface BoardCheckOptions {
  readonly signal: AbortSignal;
  /** False: power is not moved. */
  readonly power: boolean;
  readonly onCheck?: ((check: BoardCheck) => void) | undefined;
}

/**
 * What a campaign asks of a board before it begins, with nothing at stake: it answers, it is the board of its profile,
 * its switch cuts its power, and it boots again. Ends at the first thing that makes the rest meaningless. Power is on
 * afterwards, whatever happens.
 * @throws the signal's reason.
 */
export async function checkBoard(board: Board, options: BoardCheckOptions): Promise<readonly BoardCheck[]> {
  const { signal, onCheck } = options;
  const checks: BoardCheck[] = [];
  const add = (name: string, outcome: BoardCheck["outcome"], text: string) => {
    const check = { name, outcome, text };
    checks.push(check);
    onCheck?.(check);
  };
  const asked: PreflightCheck[] = [];
  const sink = {
    event: (event: RunEvent) => {
      if (event.event === "preflight") asked.push(...event.checks);
    },
  };
  const recorded = new RecordedBoard(board, sink, signal);
  const bootMs = board.profile.timeoutsMs.boot;
  /** Runs one act; what it throws is a finding, except that somebody gave up. */
  const attempt = async (name: string, act: () => Promise<string>): Promise<boolean> => {
    try {
      add(name, "ok", await act());
      return true;
    } catch (error) {
      signal.throwIfAborted();
      if (!isHilError(error)) throw error;
      add(name, "failed", messageOf(error));
      return false;
    }
  };
  const answers = await attempt("answers", () => awake(recorded, bootMs));
  if (!answers) return checks;
  await preflight(recorded).catch((error: unknown) => {
    signal.throwIfAborted();
    // A difference is told below, check by check; a board that fell silent is told here.
    if (asked.length === 0) add("profile", "failed", messageOf(error));
  });
  for (const { name, outcome, expected, found } of asked) {
    if (outcome === "as expected") add(name, "ok", found);
    else if (outcome === "cannot be asked") add(name, "not checked", found);
    else add(name, "failed", `the profile says ${expected}, the board ${found}.`);
  }
  if (board.power.facts.cuts === "reset only") add("power", "not checked", "this switch only resets the board");
  else if (!options.power) add("power", "not checked", "not asked for (--no-power)");
  else await powered(recorded, bootMs, attempt, add);
  return checks;
}

async function awake(recorded: RecordedBoard, bootMs: number): Promise<string> {
  const { board } = recorded;
  const seen = await recorded.untilUp(await recorded.power("on"), bootMs);
  if (seen.ending === "up") return `SMP echo on ${board.uart.name}`;
  throw new BenchError(
    `nothing answers on ${board.uart.name}: ${seen.because}`,
    "Check port, baud rate and power, and that its application serves SMP over this UART.",
  );
}

async function powered(
  recorded: RecordedBoard,
  bootMs: number,
  attempt: (name: string, act: () => Promise<string>) => Promise<boolean>,
  add: (name: string, outcome: BoardCheck["outcome"], text: string) => void,
): Promise<void> {
  let lines: readonly { readonly event: string | undefined; readonly text: string }[] = [];
  let cut = false;
  try {
    cut = await attempt("power", async () => {
      lines = (await proveCut(recorded, bootMs)).lines;
      return "silent when off, up again when on";
    });
  } finally {
    // Somebody gave up, or the switch failed, in mid-cut.
    if (!cut) await recorded.board.power.set("on").catch(() => undefined);
  }
  if (!cut) return;
  const known = lines.find(({ event }) => event !== undefined);
  if (known) add("boot log", "ok", `${lines.length} lines, MCUboot's among them: "${known.text}"`);
  else if (lines.length > 0)
    add("boot log", "not checked", `no line of MCUboot's; the first is "${lines[0]?.text ?? ""}"`);
  else add("boot log", "not checked", "this firmware prints nothing while it boots");
}
