import { join } from "node:path";
import { loadScenario, namedFiles } from "../../campaign/index.ts";
import {
  type Clock,
  ConfigurationError,
  EXIT,
  isBelow,
  isHilError,
  Listeners,
  messageOf,
  sleep,
  whenAborted,
} from "../../core/index.ts";
import { fetchFiles, filesBelow, sendFiles } from "../files/bundle.ts";
import { isLabAway, isUnknown, type LabClient } from "../wire/client.ts";
import type { DeclaredBoard, Given } from "../wire/messages.ts";
import { type AttemptEnd, AttemptFolder, nameOf } from "./attempt-folder.ts";
import { adoptAttempt, runAttempt } from "./child-run.ts";
import type { HostBoards } from "./host-boards.ts";
import { sendLive } from "./send-live.ts";

/** How often an agent says what runs, and how its boards are, in milliseconds. The lab misses it after ten seconds. */
const BEAT_MS = 3_000;
const DECLARE_MS = 5_000;
/** How long one question for work waits at the lab, in seconds. */
const WAIT_S = 20;
/** Between two tries of what the lab did not hear, in milliseconds: the first, and the longest. */
const AGAIN_MS = { first: 500, most: 15_000 };
const MIB = 1024 * 1024;
/** Of the disk, for the records of runs that begin. */
const FREE_BYTES_MIN = 64 * MIB;
/** When an agent stops: how long it tries to tell how its runs ended, in milliseconds. The next one tells it, too. */
const FAREWELL_MS = 10_000;

interface AgentOptions {
  readonly lab: LabClient;
  readonly boards: HostBoards;
  /** Of what waits for the lab. */
  readonly folder: string;
  readonly program: readonly [string, ...string[]];
  readonly clock: Clock;
  /** What the disk of the folder has left. */
  readonly freeBytes: () => number;
  /** Which process of this host it is: of its folder (`openAgentFolder`). */
  readonly instance: string;
  readonly note: (text: string) => void;
}

interface Running {
  readonly folder: AttemptFolder;
  readonly lane: string | undefined;
  /** The board is free again; what is left is to be told. */
  hasEnded: boolean;
  readonly stop: AbortController;
}

/**
 * One host of a lab: says which boards it has, asks for work, runs it as `hil run` does, and keeps each record until
 * the lab has it whole. A lab that is away stops no run.
 */
export class Agent {
  readonly #options: AgentOptions;
  readonly #root: string;
  readonly #running = new Map<string, Running>();
  readonly #freed = new Listeners<void>();
  readonly #work = new Set<Promise<void>>();
  /** Aborts when what a stopped agent has not told the lab yet is left to the next one. */
  readonly #farewell = new AbortController();
  #lanes = new Map<string, string | undefined>();
  #free: readonly string[] = [];
  #isAway = false;

  constructor(options: AgentOptions) {
    this.#options = options;
    this.#root = join(options.folder, "attempts");
  }

  /**
   * Works until the signal; then its runs are told to stop, and leave their benches safe.
   * @throws what the lab refuses at the beginning: a token that is not known, say.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    let forget: (() => void) | undefined;
    void whenAborted(signal).then(() => {
      forget = clock.at(clock.nowUs() + FAREWELL_MS * 1000, () => this.#farewell.abort());
    });
    // Those that an earlier agent left, before any new work: their boards may still be in use.
    for (const folder of AttemptFolder.left(this.#root)) this.#begin(folder, (stop) => this.#goOn(folder, stop));
    await this.#untilHeard(() => this.#declare(signal), signal);
    const loops = [
      this.#every(DECLARE_MS, () => this.#declare(signal), signal),
      this.#every(BEAT_MS, () => this.#beat(signal), signal),
      this.#askForWork(signal),
    ];
    await whenAborted(signal);
    for (const { stop } of this.#running.values()) stop.abort();
    await Promise.all(loops);
    await Promise.all(this.#work);
    forget?.();
  }

  async #declare(signal: AbortSignal): Promise<void> {
    const { lab, boards, instance, note } = this.#options;
    const own = new Set(this.#open.map(({ folder }) => folder.given.board));
    const declared = this.#whereDiskIs(await boards.declared(own));
    const { refused } = await lab.call("declare", { body: { boards: [...declared], instance }, signal });
    for (const { name, why } of refused) note(`the lab does not take ${name}: ${why}.`);
    this.#lanes = new Map(declared.map(({ name, lane }) => [name, lane]));
    const isRefused = new Set(refused.map(({ name }) => name));
    const free = declared.flatMap(({ name, state }) => (state === "free" && !isRefused.has(name) ? [name] : []));
    const isNew = free.some((name) => !this.#free.includes(name));
    this.#free = free;
    if (isNew) this.#freed.emit();
  }

  /** A run whose record cannot be kept is none: no board of this host is free while its disk is full. */
  #whereDiskIs(declared: readonly DeclaredBoard[]): readonly DeclaredBoard[] {
    const left = this.#options.freeBytes();
    if (left >= FREE_BYTES_MIN) return declared;
    const why = `${Math.floor(left / MIB)} MiB are left on the disk of its host's ${this.#options.folder}`;
    return declared.map((board) => (board.state === "free" ? { ...board, state: "bad", why } : board));
  }

  async #beat(signal: AbortSignal): Promise<void> {
    const open = this.#open.filter(({ folder }) => folder.isBegun);
    if (open.length === 0) return;
    const { lab } = this.#options;
    const body = { running: open.map(({ folder }) => folder.ref) };
    const { stop, watched } = await lab.call("beat", { body, signal });
    for (const ref of stop) this.#running.get(nameOf(ref))?.stop.abort();
    for (const { have, ...ref } of watched) {
      const record = this.#running.get(nameOf(ref))?.folder.record;
      if (record !== undefined) await sendLive(lab, ref, record.path, have, signal);
    }
  }

  /** Attempts whose boards are not free again. */
  get #open(): readonly Running[] {
    return [...this.#running.values()].filter(({ hasEnded }) => !hasEnded);
  }

  /** Boards that may be given work now: those of a lane take turns. */
  #offered(): readonly string[] {
    const open = this.#open;
    const busy = new Set(open.map(({ folder }) => folder.given.board));
    const lanes = new Set(open.map(({ lane }) => lane).filter((lane) => lane !== undefined));
    return this.#free.filter((name) => !busy.has(name) && !lanes.has(this.#lanes.get(name) ?? ""));
  }

  async #askForWork(signal: AbortSignal): Promise<void> {
    const { lab, clock, instance } = this.#options;
    while (!signal.aborted) {
      const again = new AbortController();
      // A board that is free by now is to be in the question.
      const forget = this.#freed.add(() => again.abort());
      try {
        const free = this.#offered();
        const running = [...this.#running.values()].map(({ folder }) => folder.ref);
        if (free.length === 0) {
          await sleep(clock, DECLARE_MS, AbortSignal.any([signal, again.signal]));
          continue;
        }
        const body = { free: [...free], instance, running, wait: WAIT_S };
        const given = await lab.call("next", { body, signal: AbortSignal.any([signal, again.signal]) });
        this.#heard();
        for (const one of given) this.#take(one, signal);
      } catch (error) {
        if (again.signal.aborted || signal.aborted) continue;
        this.#tellAway(error);
        await sleep(clock, 2 * AGAIN_MS.first, signal).catch(() => undefined);
      } finally {
        forget();
      }
    }
  }

  #take(given: Given, signal: AbortSignal): void {
    const folder = AttemptFolder.make(this.#root, given);
    if (folder === undefined) return;
    this.#begin(folder, (stop) => this.#fresh(folder, stop, signal));
  }

  #begin(folder: AttemptFolder, work: (stop: AbortSignal) => Promise<AttemptEnd | undefined>): void {
    const key = nameOf(folder.ref);
    const lane = this.#lanes.get(folder.given.board);
    const running: Running = { folder, lane, hasEnded: false, stop: new AbortController() };
    this.#running.set(key, running);
    const whole = (async () => {
      try {
        const end = folder.end ?? (await work(running.stop.signal));
        running.hasEnded = true;
        this.#freed.emit();
        if (end === undefined) folder.remove();
        else await this.#deliver(folder, this.#kept(folder, end));
      } catch (error) {
        this.#options.note(`job ${folder.given.job}, attempt ${folder.given.attempt}: ${messageOf(error)}`);
      } finally {
        running.hasEnded = true;
        this.#running.delete(key);
        this.#freed.emit();
      }
    })();
    this.#work.add(whole);
    void whole.finally(() => this.#work.delete(whole));
  }

  /** An attempt from its beginning; undefined when the lab gave it to another meanwhile. */
  async #fresh(folder: AttemptFolder, stop: AbortSignal, signal: AbortSignal): Promise<AttemptEnd | undefined> {
    const { lab, boards, program, clock } = this.#options;
    const { given, ref: path } = folder;
    let profile: string;
    try {
      profile = boards.profileOf(given.board).file;
      await this.#untilHeard(() => fetchFiles(lab, given.files, folder.inputs, signal), signal);
      await requireOwn(folder);
    } catch (error) {
      if (signal.aborted) return undefined;
      return { exit: isHilError(error) ? error.exitCode : EXIT.bench, text: messageOf(error).slice(0, 1_500) };
    }
    try {
      await this.#untilHeard(() => lab.call("start", { path, body: {}, signal }), signal);
    } catch {
      return undefined;
    }
    folder.begin();
    return runAttempt(folder, { program, profile, clock, stop });
  }

  /** An attempt of an agent that died. One that had begun is never begun again. */
  async #goOn(folder: AttemptFolder, stop: AbortSignal): Promise<AttemptEnd | undefined> {
    if (!folder.isBegun) return undefined;
    return adoptAttempt(folder, this.#options.clock, stop);
  }

  /** A disk that is full must not keep the lab from hearing how it ended. */
  #kept(folder: AttemptFolder, end: AttemptEnd): AttemptEnd {
    try {
      folder.end = end;
    } catch (error) {
      this.#options.note(`how job ${folder.given.job} ended cannot be written down: ${messageOf(error)}`);
    }
    return end;
  }

  /**
   * How it ended, then its record; what the lab has is removed here. An attempt that the lab does not know, because its
   * database is older than that, is laid aside: its record is nowhere else.
   */
  async #deliver(folder: AttemptFolder, end: AttemptEnd): Promise<void> {
    const { lab } = this.#options;
    const { ref: path, record } = folder;
    const { signal } = this.#farewell;
    try {
      await this.#untilHeard(() => lab.call("end", { path, body: end, signal }), signal);
      if (record !== undefined) {
        const files = await filesBelow(record.path);
        const told = files.map(({ path: name, bytes, sha256 }) => ({ path: name, bytes, sha256 }));
        await this.#untilHeard(async () => {
          await sendFiles(lab, files, signal);
          await lab.call("record", { path, body: { name: record.name, files: told }, signal });
        }, signal);
      }
    } catch (error) {
      if (!isUnknown(error)) throw error;
      const where = folder.layAside(this.#options.folder);
      return this.#options.note(`${messageOf(error)} What there is of job ${path.job} stays in ${where}.`);
    }
    folder.remove();
  }

  /** Does something until the lab has heard it. @throws what the lab refuses; the signal's reason. */
  async #untilHeard<T>(act: () => Promise<T>, signal: AbortSignal): Promise<T> {
    for (let waitMs = AGAIN_MS.first; ; waitMs = Math.min(2 * waitMs, AGAIN_MS.most)) {
      try {
        const done = await act();
        this.#heard();
        return done;
      } catch (error) {
        signal.throwIfAborted();
        if (!isLabAway(error)) throw error;
        this.#tellAway(error);
        await sleep(this.#options.clock, waitMs, signal);
      }
    }
  }

  async #every(everyMs: number, act: () => Promise<void>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await sleep(this.#options.clock, everyMs, signal);
        await act();
      } catch (error) {
        if (!signal.aborted) this.#tellAway(error);
      }
    }
  }

  /** Once, not at every try. */
  #tellAway(error: unknown): void {
    if (!this.#isAway) this.#options.note(messageOf(error));
    this.#isAway = true;
  }

  #heard(): void {
    if (this.#isAway) this.#options.note("the lab answers again.");
    this.#isAway = false;
  }
}

/**
 * A scenario of the lab may name what came with it, and nothing else of this host.
 * @throws ConfigurationError.
 */
async function requireOwn(folder: AttemptFolder): Promise<void> {
  const file = join(folder.inputs, folder.given.scenario);
  const scenario = await loadScenario(file, folder.inputs);
  const outside = namedFiles(scenario).filter((path) => !isBelow(path, folder.inputs));
  if (outside.length === 0) return;
  const text = `the scenario names ${outside.join(", ")}, which did not come with it.`;
  throw new ConfigurationError(text, "A job brings its own files: hil submit sends them along.");
}
