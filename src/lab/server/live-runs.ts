import { appendFileSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { entryAt } from "../../core/index.ts";
import { LiveRun } from "../../report/index.ts";
import type { AttemptRef } from "../wire/messages.ts";
import type { Received } from "../wire/routes.ts";

/** Of one run's events, what is kept for those who look; its record has all of them when it has come. */
const LIVE_BYTES_MAX = 32 * 1024 * 1024;

/**
 * Runs that somebody looks at while they go on. Their agents send what was written to their records since, and only
 * while somebody looks; it is a copy, thrown away when the record itself has come.
 */
export class LiveRuns {
  readonly #folder: string;
  readonly #runs = new Map<string, LiveRun>();
  /** How many look at a job. */
  readonly #looks = new Map<string, number>();

  constructor(folder: string) {
    this.#folder = folder;
    // Of an earlier server: agents send it again when somebody looks.
    rmSync(folder, { recursive: true, force: true });
  }

  /** Somebody looks at a job, until the returned function is called. */
  look(job: string): () => void {
    this.#looks.set(job, (this.#looks.get(job) ?? 0) + 1);
    return () => {
      const left = (this.#looks.get(job) ?? 1) - 1;
      if (left > 0) return void this.#looks.set(job, left);
      this.#looks.delete(job);
      for (const key of this.#runs.keys()) if (key.startsWith(`${job}.`)) this.#runs.delete(key);
    };
  }

  /** How much of an attempt is here, where somebody looks and more is taken; undefined where nothing is to be sent. */
  wanted(ref: AttemptRef): number | undefined {
    if (!this.#looks.has(ref.job)) return undefined;
    const have = this.#have(ref);
    return have < LIVE_BYTES_MAX ? have : undefined;
  }

  /** Adds what was written. A piece that belongs elsewhere is not taken. @returns bytes that are here now. */
  take(ref: AttemptRef, { at, data }: Received<"live">): number {
    const have = this.#have(ref);
    if (at !== have || this.wanted(ref) === undefined) return have;
    const bytes = Buffer.from(data, "base64");
    const path = this.#pathOf(ref);
    mkdirSync(path, { recursive: true, mode: 0o700 });
    appendFileSync(join(path, "events.jsonl"), bytes);
    return have + bytes.length;
  }

  /** @param folder as a command may name its record. */
  run(ref: AttemptRef, folder: string): LiveRun {
    const key = keyOf(ref);
    const run = this.#runs.get(key) ?? new LiveRun(folder, this.#pathOf(ref));
    this.#runs.set(key, run);
    return run;
  }

  /** Its record has come, or nobody waits for it any more. */
  drop(ref: AttemptRef): void {
    this.#runs.delete(keyOf(ref));
    rmSync(this.#pathOf(ref), { recursive: true, force: true });
  }

  #have(ref: AttemptRef): number {
    return entryAt(join(this.#pathOf(ref), "events.jsonl"))?.size ?? 0;
  }

  #pathOf(ref: AttemptRef): string {
    return join(this.#folder, keyOf(ref));
  }
}

const keyOf = ({ job, attempt }: AttemptRef) => `${job}.${attempt}`;
