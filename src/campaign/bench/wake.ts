import { BenchError } from "../../core/index.ts";
import type { BootSeen } from "../record/facts.ts";
import type { RecordedBoard } from "./recorded-board.ts";

/** Power on, and an application that answers, or does not: see the ending. */
export async function powerUp(recorded: RecordedBoard, bootMs: number): Promise<BootSeen> {
  return recorded.untilUp(await recorded.power("on"), bootMs);
}

/** A board that does not answer although it has power. */
export function silentBoard({ board }: RecordedBoard, { because }: BootSeen): BenchError {
  return new BenchError(
    `${board.name} does not answer on ${board.uart.name}: ${because}`,
    "Check port, baud rate and power, and that its application serves SMP over this UART.",
  );
}

/** Power on, and an application that answers. @throws BenchError when none does within `bootMs` milliseconds. */
export async function wakeUp(recorded: RecordedBoard, bootMs: number): Promise<void> {
  const seen = await powerUp(recorded, bootMs);
  if (seen.ending !== "up") throw silentBoard(recorded, seen);
}
