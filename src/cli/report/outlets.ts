import type { HilError } from "../../core/index.ts";
import { unsettledOf } from "../../report/index.ts";
import type { OptionRows, Parsed } from "../terminal/arguments.ts";
import type { CliIo } from "../terminal/io.ts";
import { NOTIFY_OPTIONS, Notify } from "./notify.ts";
import { Results, resultRuns, WRITE_OPTION, wantedResults } from "./results.ts";

/** Options of `run`, `replay` and `report` alike: where results go besides the console and the record. */
export const OUTLET_OPTIONS = { ...WRITE_OPTION, ...NOTIFY_OPTIONS } as const satisfies OptionRows;

/** Where the results of recorded runs go: files, a server's page, somebody's mail. */
export class Outlets {
  readonly #results: Results;
  readonly #notify: Notify;
  readonly #io: CliIo;
  readonly #json: boolean;
  #incomplete: readonly string[] = [];

  private constructor(args: Parsed, io: CliIo) {
    this.#io = io;
    this.#json = args.flag("json");
    this.#results = new Results(args, io);
    this.#notify = new Notify(args, io);
  }

  /** @throws UsageError or ConfigurationError for what is wrong with the request: before anything is run. */
  static async open(args: Parsed, io: CliIo): Promise<Outlets> {
    const outlets = new Outlets(args, io);
    await outlets.#notify.ready();
    return outlets;
  }

  /**
   * What a dry run says of them: nothing, or what is wrong. Touches no file, and tells nobody.
   * @throws UsageError or ConfigurationError, as `open`; a place that cannot be written to is found by `open` alone.
   */
  static async check(args: Parsed, io: CliIo): Promise<void> {
    wantedResults(args, io);
    await new Notify(args, io).ready();
  }

  /** Results in another form than the page are asked for. */
  get writes(): boolean {
    return this.#results.some;
  }

  /** What `end` was told of records that are damaged, or of runs without an end: written as such, and no success. */
  get incomplete(): readonly string[] {
    return this.#incomplete;
  }

  /**
   * Files first, then messages: whoever is told finds them. Returns what could not be written; who could not be told is
   * said, and changes nothing.
   * @param folders records of the runs that have ended.
   */
  async end(folders: readonly string[]): Promise<readonly HilError[]> {
    if (!this.#results.some && !this.#notify.some) return [];
    const runs = resultRuns(folders, this.#io.cwd);
    this.#incomplete = runs.flatMap(({ told }) =>
      unsettledOf(told)
        .filter(({ rule }) => rule === "unfinished" || rule === "unreadable")
        .map(({ text }) => `${told.folder}: ${text}`),
    );
    const faults = await this.#results.end(runs, { json: this.#json });
    await this.#notify.end(runs);
    return faults;
  }
}
