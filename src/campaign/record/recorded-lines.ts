import { join } from "node:path";
import { EVENT_CHARS_MAX, linesOf, parseJson } from "../../core/index.ts";
import type { RecordedEvent, RunEvent } from "./run-event.ts";
import { subjectOf } from "./subject.ts";

/** The verdicts of a run's folder as they were written, one after the other: all at once may be more than memory. */
export function* verdictsIn(folder: string): Generator<unknown, void, undefined> {
  for (const line of wholeLinesOf(join(folder, "verdicts.jsonl"))) yield parseJson(line);
}

/**
 * The events of a run's folder, one after the other, as they were while it ran.
 * @param takes which lines are events: a record that may be damaged has others. "over": nothing that follows is read.
 */
export function* eventsIn(
  folder: string,
  takes: (line: string) => boolean | "over" = () => true,
): Generator<RunEvent, void, undefined> {
  for (const line of wholeLinesOf(join(folder, "events.jsonl"))) {
    const isTaken = takes(line);
    if (isTaken === "over") return;
    if (!isTaken) continue;
    const event = parseJson(line) as RecordedEvent;
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

/** The lines that have an end: behind the last one is nothing, or what a run that was killed left of a line. */
function* wholeLinesOf(path: string): Generator<string, void, undefined> {
  let before: string | undefined;
  for (const line of linesOf(path, EVENT_CHARS_MAX)) {
    if (before !== undefined) yield before;
    before = line;
  }
}
