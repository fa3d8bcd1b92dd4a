import { type ReadEvent, readEvent } from "./recorded-event.ts";

/** A record with more lines than this that cannot be read is noise: what follows is not looked at. */
export const UNREAD_MAX = 10_000;
/** Events of one kind that are kept one by one. Five nights of a cut every two seconds have fewer. */
export const EVENTS_MAX = 100_000;
const COUNTED: ReadonlySet<string> = new Set(["verdict", "cut-void", "infra-retry"]);

const UNREAD = "lines of the record could not be read.";
const PASSED = "is not looked at.";

/** Which lines of a record are taken: it may be a stranger's, longer than memory, and noise from its first line on. */
export class LinesTaken {
  #unread = 0;
  #unknown = 0;
  #beyond = 0;
  readonly #counts = new Map<string, number>();

  /** True once so much could not be read that the rest is not looked at. */
  get isOver(): boolean {
    return this.#unread >= UNREAD_MAX;
  }

  /** The event of a line; undefined for what cannot be read, is not asked for, or is one too many. */
  take(line: string): ReadEvent | undefined {
    if (this.isOver) return undefined;
    const event = readEvent(line);
    if (event === undefined) this.passOver();
    if (event === "unknown") this.#unknown += 1;
    if (event === undefined || typeof event === "string") return undefined;
    if (!COUNTED.has(event.event)) return event;
    const count = (this.#counts.get(event.event) ?? 0) + 1;
    this.#counts.set(event.event, count);
    if (count <= EVENTS_MAX) return event;
    this.#beyond += 1;
    return undefined;
  }

  /** Counts a line that cannot be read, of this file or of another one of the record. */
  passOver(): void {
    this.#unread += 1;
  }

  /** What is said of a page that lacks something of its record: a sentence each. */
  texts(): readonly string[] {
    return [
      ...(this.isOver ? [`What follows ${UNREAD_MAX} lines that could not be read ${PASSED}`] : []),
      ...(this.#unread === 0 || this.isOver ? [] : [`${this.#unread} ${UNREAD}`]),
      ...(this.#beyond === 0 ? [] : [`Of ${this.#beyond} events, beyond ${EVENTS_MAX} of their kind, none ${PASSED}`]),
      ...(this.#unknown === 0
        ? []
        : [`${this.#unknown} events are of kinds that this version of hil does not know.`]),
    ];
  }
}

/** What is said of lines that could not be read, or were too many; undefined of a record that is whole. */
export function unreadIn({ leftOut }: { readonly leftOut: readonly string[] }): string | undefined {
  return leftOut.find((text) => text.endsWith(UNREAD) || text.endsWith(PASSED));
}
