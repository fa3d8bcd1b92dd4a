import { availableParallelism } from "node:os";
import type { FirmwareSwept, SweepShare } from "../../board/index.ts";
import { BenchError, ConfigurationError, EXIT, parseJson, UsageError } from "../../core/index.ts";
import type { OptionRows, Parsed } from "../terminal/arguments.ts";
import type { CliIo, HilBeside } from "../terminal/io.ts";

/** Options by which several processes share one sweep. */
export const SHARE_OPTIONS = {
  jobs: { type: "string", describe: "with --firmware: processes that share the cuts (default: one a core)" },
  share: { type: "string", describe: "with --firmware: only part K of N of the cuts, as K/N (from 0)" },
} as const satisfies OptionRows;

/** More help nobody, and each holds a chip and its translated code. */
const JOBS_MAX = 64;

/** What this process sweeps, and what others do beside it. */
export interface SweepJobs {
  readonly share: SweepShare;
  /** Arguments of each process beside this one. */
  readonly beside: readonly (readonly string[])[];
}

/** What a part prints. */
interface PartResult {
  readonly swept: FirmwareSwept;
  readonly unknown: readonly string[];
}

/** @throws UsageError for a share that is none */
export function sweepJobsOf(args: Parsed, argv: readonly string[], io: CliIo): SweepJobs {
  const text = args.text("share");
  if (text !== undefined) return { share: shareOf(text), beside: [] };
  const asked = args.whole("jobs", { least: 1, most: JOBS_MAX });
  const of = io.startHil === undefined ? 1 : (asked ?? Math.min(availableParallelism(), JOBS_MAX));
  const others = Array.from({ length: of - 1 }, (_, index) => index + 1);
  const beside = others.map((part) => ["sweep", ...argv, "--json", "--share", `${part}/${of}`]);
  return { share: { part: 0, of }, beside };
}

function shareOf(text: string): SweepShare {
  const found = /^(\d{1,2})\/(\d{1,2})$/u.exec(text);
  const [part, of] = [Number(found?.[1]), Number(found?.[2])];
  if (!(part < of)) throw new UsageError(`--share wants a part of the cuts, not "${text}".`, "Write 0/2 and 1/2.");
  return { part, of };
}

/** The other processes of a sweep. They end with this one. */
export class SharesBeside implements Disposable {
  readonly #parts: readonly { readonly hil: HilBeside; readonly text: Promise<string> }[];

  constructor({ beside }: SweepJobs, io: CliIo) {
    this.#parts = beside.map((argv) => {
      const hil = io.startHil?.(argv);
      if (hil === undefined) throw new ConfigurationError("--jobs: no second process can be started here.");
      const text = whole(hil);
      text.catch(() => undefined);
      return { hil, text };
    });
  }

  /** @throws ConfigurationError, BenchError: what another process came to grief by */
  async results(): Promise<readonly PartResult[]> {
    return Promise.all(
      this.#parts.map(async ({ hil, text }) => {
        const printed = await text;
        const { code, err } = await hil.done;
        if (code === EXIT.request) throw new ConfigurationError(err.trim().replace(/^hil: /u, ""));
        if (printed === "" || code === null) throw new BenchError(`a part of the sweep ended: ${err.trim()}`);
        return resultOf(printed);
      }),
    );
  }

  [Symbol.dispose](): void {
    for (const { hil } of this.#parts) hil.kill();
  }
}

async function whole(hil: HilBeside): Promise<string> {
  const lines: string[] = [];
  for (let line = await hil.line(); line !== undefined; line = await hil.line()) lines.push(line);
  return lines.join("\n");
}

/** What `hil sweep --firmware --json` prints. */
type Printed = Omit<FirmwareSwept, "cutPoints"> & {
  readonly cut_points: number;
  readonly unknown: readonly string[];
};

/** Our own program wrote it: see `jsonOf` of the sweep. */
function resultOf(text: string): PartResult {
  const { cut_points: cutPoints, unknown, ...rest } = parseJson(text) as Printed;
  return { swept: { ...rest, cutPoints }, unknown };
}
