import { closeSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import type { RecordedEvent, RunEvent } from "./run-event.ts";
import { subjectOf } from "./subject.ts";

const PIECE_BYTES = 64 * 1024;

/** The verdicts of a run's folder as they were written, one after the other: all at once may be more than memory. */
export function* verdictsIn(folder: string): Generator<unknown, void, undefined> {
  for (const line of linesOf(join(folder, "verdicts.jsonl"))) yield JSON.parse(line);
}

/**
 * The events of a run's folder, one after the other, as they were while it ran.
 * @param takes which lines are events: a record that may be damaged has others.
 */
export function* eventsIn(
  folder: string,
  takes: (line: string) => boolean = () => true,
): Generator<RunEvent, void, undefined> {
  for (const line of linesOf(join(folder, "events.jsonl"))) {
    if (!takes(line)) continue;
    const event = JSON.parse(line) as RecordedEvent;
    if (event.event !== "verdict") {
      yield event;
      continue;
    }
    const { check, ...verdict } = event.verdict;
    const subject = subjectOf(check);
    // A record of another version of hil may know more subjects than this one.
    if (subject !== undefined) yield { ...event, verdict: { ...verdict, subject } };
  }
}

function* linesOf(path: string): Generator<string, void, undefined> {
  const file = openSync(path, "r");
  try {
    const piece = Buffer.alloc(PIECE_BYTES);
    let begun = Buffer.alloc(0);
    for (let bytes = readSync(file, piece); bytes > 0; bytes = readSync(file, piece)) {
      const text = Buffer.concat([begun, piece.subarray(0, bytes)]);
      let from = 0;
      for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", from)) {
        yield text.toString("utf8", from, end);
        from = end + 1;
      }
      begun = Buffer.from(text.subarray(from));
    }
  } finally {
    closeSync(file);
  }
}
