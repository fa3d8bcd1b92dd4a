import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { Listeners, sleep, terminalText } from "../../core/index.ts";
import { LastPages, type LiveRun, LiveWatcher, type RunPage, recordedRun } from "../../report/index.ts";
import { isOpen } from "../rules/ends.ts";
import type { DeskPage, DeskRun } from "../wire/desk-page.ts";
import type { Job } from "../wire/messages.ts";
import {
  BOARD_HEADS,
  boardWords,
  JOB_HEADS,
  jobWords,
  reservationWords,
  SCHEDULE_HEADS,
  scheduleWords,
} from "../wire/words.ts";
import type { Caller } from "./access.ts";
import type { Desk } from "./desk.ts";
import { type LabParts, Refusal } from "./parts.ts";
import type { Schedules } from "./schedules.ts";

/** Browsers at one time. */
const WATCHERS_MAX = 64;
/** Live cells of one page, and runs that it had in all: then it begins anew. */
const CELLS_MAX = 24;
const RUNS_MAX = 200;
/** Jobs that have ended, on the page of the queue. */
const ENDED_SHOWN = 50;
const OPEN_SHOWN = 500;
/** How often it is looked while somebody watches, and how soon after a change, in milliseconds. */
const LOOK_MS = 1_000;
const CHANGE_MS = 200;
/** After the end of a run, how long a page waits for its record, in milliseconds. */
const RECORD_MS = 20_000;
/** A stream that says nothing for a minute is closed by proxies: after so long it says so much, in microseconds. */
const QUIET_US = 15_000_000;

/** A browser, and what it looks at: the whole lab, or one job. */
interface Browser {
  readonly response: ServerResponse;
  readonly watcher: LiveWatcher;
  /** Fails when its token is known no more. */
  readonly caller: () => Promise<Caller>;
  /** Id of the job, where it looks at one. */
  readonly only: string | undefined;
  readonly shown: { readonly job: Job; readonly run: LiveRun; readonly forget: () => void }[];
  said: string;
  quietSinceUs: number;
}

/** Tells browsers what changes: boards, queue, schedules, and the runs that go on. */
export class DeskStream {
  readonly #parts: LabParts;
  readonly #desk: Desk;
  readonly #schedules: Schedules;
  readonly #browsers = new Set<Browser>();
  readonly #woken = new Listeners<void>();
  readonly #stop = new AbortController();
  #looking: Promise<void> | undefined;

  constructor(parts: LabParts, desk: Desk, schedules: Schedules) {
    this.#parts = parts;
    this.#desk = desk;
    this.#schedules = schedules;
    parts.changed.add(() => this.#woken.emit());
  }

  /** @throws Refusal 503 for too many. */
  watch(response: ServerResponse, caller: () => Promise<Caller>, only: string | undefined): void {
    if (this.#browsers.size >= WATCHERS_MAX) throw new Refusal(503, "too many pages look at this lab.");
    // How long a browser waits before it comes back, in milliseconds.
    response.write("retry: 1000\n\n");
    const watcher = new LiveWatcher((text) => response.write(text));
    const browser: Browser = {
      response,
      watcher,
      caller,
      only,
      shown: [],
      said: "",
      quietSinceUs: this.#parts.clock.nowUs(),
    };
    this.#browsers.add(browser);
    response.on("drain", () => watcher.drained());
    response.on("close", () => {
      this.#browsers.delete(browser);
      for (const { forget } of browser.shown) forget();
    });
    this.#looking ??= this.#lookOn();
    this.#woken.emit();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    for (const { response } of this.#browsers) response.destroy();
    await this.#looking;
  }

  /** While somebody watches. */
  async #lookOn(): Promise<void> {
    const { clock, note } = this.#parts;
    while (this.#browsers.size > 0 && !this.#stop.signal.aborted) {
      const again = new AbortController();
      const forget = this.#woken.add(() => again.abort());
      await this.#look().catch((error: unknown) => note(`pages are not told: ${String(error)}`));
      await sleep(clock, LOOK_MS, AbortSignal.any([again.signal, this.#stop.signal])).catch(() => undefined);
      forget();
      await sleep(clock, CHANGE_MS, this.#stop.signal).catch(() => undefined);
    }
    this.#looking = undefined;
  }

  async #look(): Promise<void> {
    const [boards, open, latest, schedules] = await Promise.all([
      this.#desk.boards(),
      this.#desk.jobs({ open: "true", limit: OPEN_SHOWN }),
      this.#desk.jobs({ open: "false", limit: ENDED_SHOWN }),
      this.#schedules.list(),
    ]);
    const ended = latest.filter(({ state }) => !isOpen(state));
    const page: Omit<DeskPage, "warnings"> = {
      boards: boards.map((board) => ({
        ...{ key: board.name, cells: harmless(boardWords(board)), state: board.state },
        ...{
          job: board.job?.number ?? null,
          isReserved: board.reserved !== null,
          isAside: board.state === "set aside",
        },
      })),
      jobs: [...open, ...ended].map((job) => ({
        ...{ key: job.id, number: job.number, cells: harmless(jobWords(job)), state: job.state },
        ...{ isOpen: isOpen(job.state), hasRecord: job.record !== null },
      })),
      schedules: schedules.map((schedule) => ({ key: schedule.name, cells: harmless(scheduleWords(schedule)) })),
      heads: { boards: BOARD_HEADS, jobs: JOB_HEADS, schedules: SCHEDULE_HEADS },
    };
    const running = open.filter(({ state }) => state === "running").toReversed();
    const pages = new LastPages(recordedRun);
    for (const browser of this.#browsers) {
      const me = await browser.caller().catch(() => undefined);
      if (me === undefined) {
        browser.response.end("event: out\ndata: {}\n\n");
        continue;
      }
      if (browser.only === undefined) {
        this.#say(browser, { ...page, warnings: harmless(reservationWords(boards, me.name)) });
        for (const job of running.slice(0, CELLS_MAX)) this.#show(browser, job);
        await this.#runs(browser, pages);
        if (browser.shown.length >= RUNS_MAX) browser.response.end();
      } else {
        await this.#one(browser, browser.only, pages);
      }
      this.#keepOpen(browser);
    }
  }

  /** A comment, which no browser shows. */
  #keepOpen(browser: Browser): void {
    const nowUs = this.#parts.clock.nowUs();
    if (nowUs - browser.quietSinceUs < QUIET_US || browser.response.writableEnded) return;
    browser.quietSinceUs = nowUs;
    browser.response.write(":\n\n");
  }

  #say(browser: Browser, page: DeskPage): void {
    const text = JSON.stringify(page);
    if (browser.said !== text && browser.watcher.event("desk", page)) browser.said = text;
  }

  /** A job that a browser did not know of gets its place among the live runs. */
  #show({ shown, watcher }: Browser, job: Job): void {
    if (shown.some((known) => known.job.id === job.id && known.job.attempt === job.attempt)) return;
    const run: DeskRun = { run: shown.length, job: job.number };
    if (!watcher.event("begun", run)) return;
    const { live } = this.#parts;
    const ref = { job: job.id, attempt: job.attempt };
    shown.push({ job, run: live.run(ref, `job ${job.number}`), forget: live.look(job.id) });
  }

  /** What is new of the runs of a browser. Returns whether all of them have ended, and it knows. */
  async #runs({ shown, watcher }: Browser, pages: LastPages): Promise<boolean> {
    const { records } = this.#parts;
    const ends = new Map<LiveRun, RunPage | undefined>();
    for (const [at, { job, run, forget }] of shown.entries()) {
      if (watcher.knowsEnd(at)) {
        forget();
        continue;
      }
      // A record that cannot be read at the moment can be read the next time, or never: the page stays as it is.
      try {
        while (run.read());
      } catch {}
      const now = await this.#desk.job(job.id).catch(() => job);
      if (now.attempt !== job.attempt || this.#isSettled(now)) {
        const folder = now.attempt === job.attempt ? now.record : null;
        ends.set(run, folder === null ? undefined : pages.of({ folder, path: join(records, folder) }));
      }
    }
    watcher.tell(
      shown.map(({ run }) => run),
      (run) => (ends.has(run) ? ends.get(run) : "soon"),
    );
    return watcher.hasEnded(shown.length);
  }

  /** It has ended, and its record has come, or none is waited for. */
  #isSettled({ state, record, ended }: Job): boolean {
    if (isOpen(state)) return false;
    return record !== null || this.#parts.now().getTime() - Date.parse(ended ?? "") > RECORD_MS;
  }

  /** The page of one job: it ends when the run has ended and its record has come. */
  async #one(browser: Browser, id: string, pages: LastPages): Promise<void> {
    const job = await this.#desk.job(id);
    if (job.state === "waiting" || job.state === "given") return;
    this.#show(browser, job);
    const hasAll = await this.#runs(browser, pages);
    if (hasAll && !browser.watcher.isFull) browser.response.end("event: over\ndata: {}\n\n");
  }
}

const harmless = (cells: readonly string[]): readonly string[] => cells.map((cell) => terminalText(cell));
