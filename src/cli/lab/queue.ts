import { EXIT } from "../../core/index.ts";
import { type OptionRows, parseArguments } from "../terminal/arguments.ts";
import type { CliIo } from "../terminal/io.ts";
import { LAB_OPTIONS, labOf } from "./connection.ts";
import { jobsText } from "./words.ts";

const OPTIONS = {
  all: { type: "boolean", describe: "also jobs that have ended" },
  last: { type: "string", describe: "so many jobs, the newest", default: "200" },
  ...LAB_OPTIONS,
} as const satisfies OptionRows;

/** `hil queue`: the jobs of a lab, and why those that wait do so. */
export async function queueCommand(argv: readonly string[], io: CliIo): Promise<number> {
  const args = parseArguments(io, argv, "hil queue [options]", OPTIONS, 0);
  if (!args) return EXIT.pass;
  const limit = args.whole("last", { least: 1, most: 5_000 }) ?? 200;
  const query = { open: !args.flag("all"), limit };
  const jobs = await labOf(args, io).call("jobs", { query, signal: io.signal });
  io.out(args.flag("json") ? `${JSON.stringify(jobs, undefined, 2)}\n` : jobsText(jobs));
  return EXIT.pass;
}
