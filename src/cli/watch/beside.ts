import { BenchError, ConfigurationError, EXIT, RealClock, UsageError, within } from "../../core/index.ts";
import type { OptionRows, Parsed } from "../terminal/arguments.ts";
import type { CliIo, HilBeside } from "../terminal/io.ts";

/** How long the page's process may take to start, and to say farewell to its browsers, in milliseconds. */
const START_MS = 30_000;
const END_MS = 8_000;

/** Options of commands that run a campaign. */
export const WATCH_OPTIONS = {
  watch: {
    type: "boolean",
    describe: "show the run as a page on this machine while it goes on; --watch=PORT on that port",
  },
  // What `--watch=PORT` becomes: nobody types it.
  "watch-port": { type: "string", hidden: true, describe: "port of that page (default: one that is free)" },
} as const satisfies OptionRows;

/** `--watch=8080` as the two options that it is. */
export function watchArguments(argv: readonly string[]): readonly string[] {
  return argv.flatMap((word) => (word.startsWith("--watch=") ? ["--watch", `--watch-port${word.slice(7)}`] : [word]));
}

/**
 * The page of `--watch`, in a process of its own that reads the record: what browsers ask for takes nothing from the run,
 * whose cuts are timed in this process. Closing it says the run's end to the browsers.
 */
export class WatchBeside implements AsyncDisposable {
  readonly #hil: HilBeside | undefined;

  private constructor(hil: HilBeside | undefined) {
    this.#hil = hil;
  }

  /** @throws UsageError, ConfigurationError (a port that is taken), BenchError: before anything is run. */
  static async open(args: Parsed, io: CliIo): Promise<WatchBeside> {
    const port = args.whole("watch-port", { least: 1, most: 65_535 });
    if (!args.flag("watch")) {
      if (port !== undefined) throw new UsageError("--watch-port is the port of --watch.", "Say --watch=PORT.");
      return new WatchBeside(undefined);
    }
    if (io.startHil === undefined) throw new ConfigurationError("--watch: no second process can be started here.");
    const hil = io.startHil(["watch", "--stdin", ...(port === undefined ? [] : ["--port", String(port)])]);
    const first = within(new RealClock(), START_MS, "the page of --watch", () => hil.line(), { signal: io.signal });
    const line = await first.catch((error: unknown) => {
      hil.kill();
      throw error;
    });
    if (line === undefined) throw await faultOf(hil);
    io[args.flag("json") ? "err" : "out"](`${line}\n`);
    return new WatchBeside(hil);
  }

  /** A run has begun: the folder of its record. */
  readonly add = (folder: string): void => this.#hil?.write(`${folder}\n`);

  async [Symbol.asyncDispose](): Promise<void> {
    const hil = this.#hil;
    if (hil === undefined) return;
    hil.end();
    await within(new RealClock(), END_MS, "the page to end", () => hil.done).catch(() => hil.kill());
  }
}

async function faultOf(hil: HilBeside): Promise<Error> {
  const { code, err } = await hil.done;
  const text = err
    .trim()
    .replace(/^hil: /, "")
    .slice(0, 1_000);
  return code === EXIT.request ? new ConfigurationError(`--watch: ${text}`) : new BenchError(`--watch: ${text}`);
}
