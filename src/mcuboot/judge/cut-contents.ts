import type { FlashContent } from "../flash/flash-content.ts";
import { afterOperation } from "../flash/flash-rules.ts";
import { type FlashOperation, operationBytes } from "../flash/operation.ts";
import { bytesOfUnits, type FlashTiming, programUnits, timingAt } from "../steps/timing.ts";

/**
 * All that a flash may hold when power went at an operation, in the order of its progress: nothing done, each unit of a
 * write more, the one in between in doubt; an erase with all its bits in doubt. A device that keeps its power has no
 * halves. The operation's end is the last.
 */
export function contentsAfterCut(
  before: FlashContent,
  operation: FlashOperation,
  timing: FlashTiming,
): readonly FlashContent[] {
  const { keepsPower = false } = timingAt(timing, operation.offset);
  const first = before.read(operation.offset, operationBytes(operation));
  const between = (earlier: Uint8Array, later: Uint8Array): FlashContent => {
    const content = before.snapshot();
    content.unsettle(operation.offset, { first: earlier, later });
    return content;
  };
  if (operation.kind === "erase") {
    const erased = afterOperation(first, operation);
    const halves = keepsPower ? [] : [between(first, erased)];
    return [before.snapshot(), ...halves, between(erased, erased)];
  }
  const units = programUnits(operation, timing);
  const after = (count: number) =>
    afterOperation(first, operation, { prefixBytes: bytesOfUnits(operation, timing, count) });
  return Array.from({ length: units + 1 }, (_, count) => {
    const done = between(after(count), after(count));
    return keepsPower || count === units ? [done] : [done, between(after(count), after(count + 1))];
  }).flat();
}
