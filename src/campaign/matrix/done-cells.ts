import { closeSync, existsSync, fsyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { defined, jsonIn, makeFolder, readInputText } from "../../core/index.ts";
import type { RunResult } from "../record/facts.ts";

const LINE = z.object({ key: z.string().regex(/^[0-9a-f]{64}$/), folder: z.string().min(1).max(200) });
const whole = z.int().min(0);
/** `RunResult`, as a run's `run.json` holds it. */
const RESULT = z.object({
  outcome: z.enum(["pass", "fail", "error", "interrupted", "incomplete"]),
  cutsPlanned: whole,
  cutsJudged: whole,
  passed: whole,
  failed: whole,
  endings: z.record(z.string(), whole),
  incompleteAllowed: z.literal(true).optional(),
  idleFaults: z.array(z.string()).optional(),
  cutsVoid: whole.optional(),
  infraRetries: whole.optional(),
  powerLeft: z.literal("off").optional(),
});
const RUN = z.object({ result: RESULT });
/** Outcomes after which a cell is done: what it showed will not be another thing tomorrow. */
const FINAL: readonly string[] = ["pass", "fail", "incomplete"] satisfies RunResult["outcome"][];
const FILE_BYTES_MAX = 4 * 1024 * 1024;

/** A cell that has been run: its record's folder (below the folder of runs), and what came out. */
export interface DoneCell {
  readonly folder: string;
  readonly result: RunResult;
}

/**
 * Which cells of a matrix have been run, in a file beside their records: a line a cell, written when it is
 * done, so that whatever ends the matrix, it can be gone on with.
 */
export class DoneCells {
  readonly #path: string;
  readonly #runsRoot: string;
  readonly #done = new Map<string, DoneCell>();

  /** @param again true: nothing that was done before counts. */
  constructor(runsRoot: string, name: string, again: boolean) {
    this.#runsRoot = runsRoot;
    this.#path = join(runsRoot, `matrix-${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")}.jsonl`);
    if (!again && existsSync(this.#path)) this.#load();
  }

  /** What became of a cell; undefined for one that is still to be run. */
  get(key: string): DoneCell | undefined {
    return this.#done.get(key);
  }

  add(key: string, folder: string): void {
    makeFolder(this.#runsRoot);
    const file = openSync(this.#path, "a");
    try {
      writeSync(file, `${JSON.stringify({ key, folder })}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  }

  /** A line that was cut off by a crash, or whose record is gone, is a cell that is still to be run. */
  #load(): void {
    for (const line of readInputText(this.#path, FILE_BYTES_MAX).split("\n")) {
      const parsed = LINE.safeParse(jsonIn(line));
      if (!parsed.success) continue;
      const { key, folder } = parsed.data;
      const result = resultIn(join(this.#runsRoot, folder));
      if (result && FINAL.includes(result.outcome)) this.#done.set(key, { folder, result });
    }
  }
}

function resultIn(folder: string): RunResult | undefined {
  try {
    const { success, data } = RUN.safeParse(jsonIn(readInputText(join(folder, "run.json"), FILE_BYTES_MAX)));
    return success ? defined(data.result) : undefined;
  } catch {
    return undefined;
  }
}
