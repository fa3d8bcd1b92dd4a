import type { recordedRun } from "../page/recorded-run.ts";
import type { RunPage } from "../page/run-page.ts";
import { type LiveCursor, type LiveRun, newCursor } from "./live-run.ts";
import type { LiveEnd, LiveStep } from "./live-step.ts";

/**
 * One browser that watches runs: it is told what it does not have yet, and only as fast as it takes it. Nothing is kept
 * for it: what is new is asked for again when it takes more.
 */
export class LiveWatcher {
  readonly #write: (text: string) => boolean;
  readonly #cursors: LiveCursor[] = [];
  /** Runs whose last page it has. */
  readonly #ended = new Set<number>();
  /** It takes no more at the moment. */
  #isFull = false;

  /** @param write false when the browser takes no more until `drained`. */
  constructor(write: (text: string) => boolean) {
    this.#write = write;
  }

  get isFull(): boolean {
    return this.#isFull;
  }

  drained(): void {
    this.#isFull = false;
  }

  /** Whether it has the last page of so many runs. */
  hasEnded(runs: number): boolean {
    return this.#ended.size === runs;
  }

  /** Whether it has been told of the end of a run, by its number. */
  knowsEnd(run: number): boolean {
    return this.#ended.has(run);
  }

  /** An event, where the browser takes one; returns whether it was written. JSON has no line end, as none may be in it. */
  event(name: string, data: unknown): boolean {
    if (this.#isFull) return false;
    this.#isFull = !this.#write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
    return true;
  }

  /**
   * What is new of the runs, in the order in which they began, then the last page of those that have ended.
   * @param lastPage of a run; "soon" where it is not there yet, undefined where there is none.
   */
  tell(runs: readonly LiveRun[], lastPage: (run: LiveRun) => RunPage | "soon" | undefined): void {
    for (const [at, run] of runs.entries()) {
      const cursor = (this.#cursors[at] ??= newCursor());
      for (let step = this.#next(run, at, cursor); step !== undefined; step = this.#next(run, at, cursor)) {
        this.event("step", step);
      }
    }
    for (const [at, run] of runs.entries()) {
      if (this.#isFull || this.#ended.has(at)) continue;
      const page = lastPage(run);
      if (page === "soon") continue;
      this.#ended.add(at);
      if (page !== undefined) this.event("end", { run: at, page } satisfies LiveEnd);
    }
  }

  /** What is new of a run, while it is taken; a step that is made is one that the browser has. */
  #next(run: LiveRun, at: number, cursor: LiveCursor): LiveStep | undefined {
    return this.#isFull ? undefined : run.step(at, cursor);
  }
}

type Recorded = Pick<LiveRun, "folder" | "path">;

/** The last pages of runs that have ended, each read once for all browsers that are told of it at one time. */
export class LastPages {
  readonly #read: typeof recordedRun;
  readonly #known = new Map<string, RunPage | undefined>();

  constructor(read: typeof recordedRun) {
    this.#read = read;
  }

  /** Undefined of a run that ended before its first event: it has no page. */
  of(run: Recorded): RunPage | undefined {
    if (!this.#known.has(run.path)) this.#known.set(run.path, this.#readNow(run));
    return this.#known.get(run.path);
  }

  #readNow({ folder, path }: Recorded): RunPage | undefined {
    try {
      return this.#read(folder, path);
    } catch {
      return undefined;
    }
  }
}
