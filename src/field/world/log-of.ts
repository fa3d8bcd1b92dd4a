import { zephyrEnd, zephyrStart } from "../../mcuboot/index.ts";
import type { BoardState, Leg, Machine } from "./machine.ts";

/** The lines of a log as a board's UART carries them, boot after boot. */
interface LoggedBoot {
  readonly lines: readonly string[];
  /** The application runs after it. */
  readonly starts: boolean;
}

/** What a history prints: each boot with its banner, up to where it was cut. */
export function logOf(machine: Machine, legs: readonly Leg[]): readonly LoggedBoot[] {
  const { states } = machine.walk(legs);
  return legs.map((leg, at) => {
    const from = states[at] ?? machine.start();
    const before = leg.acts.reduce((board, act) => (board.acts ? machine.act(board, act) : board), from);
    return loggedBoot(machine, before, leg, states[at + 1]);
  });
}

function loggedBoot(machine: Machine, before: BoardState, { cut }: Leg, after: BoardState | undefined): LoggedBoot {
  const { build } = machine.world;
  const whole = machine.whole(before);
  const start = textsOf(zephyrStart(build));
  const own = whole.lines.map(({ level, text }) => lineText(level, text));
  const isCut = cut !== undefined && cut.operation < whole.operations.length;
  if (isCut) return { lines: [...start, ...own.slice(0, whole.linesBefore[cut.operation])], starts: false };
  const end = textsOf(zephyrEnd(whole.after, build, whole.result));
  return { lines: [...start, ...own, ...end], starts: after?.acts === true };
}

function textsOf(steps: ReturnType<typeof zephyrStart>): string[] {
  const lines: string[] = [];
  for (const step of steps) if (step.kind === "log") lines.push(lineText(step.level, step.text));
  return lines;
}

/** As Zephyr's minimal log prints it. */
function lineText(level: string, text: string): string {
  return level === "" ? text : `${level}: ${text}`;
}
