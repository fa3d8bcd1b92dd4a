import { writeFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { type RunOutcome, type RunRequest, run } from "../campaign/index.ts";
import { ConfigurationError, EXIT, isHilError, makeFolder, messageOf } from "../core/index.ts";
import { ConsoleReport, junit, traceLine } from "../report/index.ts";
import type { OptionRows, Parsed } from "./arguments.ts";
import type { CliIo } from "./io.ts";
import { ownVersion } from "./version.ts";

/** Options that `run` and `replay` share. */
export const REPORT_OPTIONS = {
  runs: { type: "string", describe: "folder for run records", default: "runs" },
  junit: { type: "string", describe: "also write JUnit XML to this file" },
  json: { type: "boolean", describe: "print the result as JSON, and nothing else, on standard output" },
} as const satisfies OptionRows;

/** What a command asks for; the rest of a request is the same for all. */
export type Asked = Omit<RunRequest, "runsRoot" | "version" | "signal" | "onEvent">;

/** Runs, shows, writes the reports; answers the exit code. */
export async function runAndReport(
  asked: Asked,
  args: Parsed,
  io: CliIo,
  options: { readonly trace?: boolean } = {},
): Promise<number> {
  const json = args.flag("json");
  const writeJunit = junitWriter(args, io);
  const report = new ConsoleReport(io);
  const outcome = await run({
    ...asked,
    ...surroundings(args, io),
    onEvent: (event) => {
      if (options.trace) io[json ? "err" : "out"](`${traceLine(event)}\n`);
      else if (!json) report.take(event);
    },
  });
  writeJunit?.([outcome]);
  if (json) io.out(`${JSON.stringify(jsonOf(asked, outcome), undefined, 2)}\n`);
  else printEnd(outcome, io);
  if (outcome.error !== undefined) {
    // Main prints it, with the exit code of its kind; a record of it exists already.
    throw outcome.error;
  }
  return outcome.result.outcome === "pass" ? EXIT.pass : EXIT.failed;
}

/** What a run is told by the command line's surroundings. */
export function surroundings(args: Parsed, io: CliIo): Pick<RunRequest, "runsRoot" | "version" | "signal"> {
  return { runsRoot: resolve(io.cwd, args.text("runs") ?? "runs"), version: ownVersion(), signal: io.signal };
}

/**
 * Writes the JUnit file once before the run, so that a path that cannot be written is found at once, and after it.
 * @throws ConfigurationError when the file cannot be written.
 */
export function junitWriter(args: Parsed, io: CliIo): ((outcomes: readonly RunOutcome[]) => void) | undefined {
  const file = args.text("junit");
  if (file === undefined) return undefined;
  const path = resolve(io.cwd, file);
  const write = (text: string) => {
    try {
      makeFolder(dirname(path));
      writeFileSync(path, text);
    } catch (error) {
      throw new ConfigurationError(`cannot write ${file}: ${messageOf(error)}.`, "", { cause: error });
    }
  };
  write(junit([]));
  return (outcomes) => write(junit(...outcomes.map(({ events }) => events)));
}

/** Where the record lies, and how to see the first failed cut, or the first cut, again. */
function printEnd(outcome: RunOutcome, io: CliIo): void {
  const folder = relative(io.cwd, outcome.folder) || ".";
  const cuts = outcome.events.flatMap((event) =>
    event.event === "verdict" && event.verdict.cut ? [{ pass: event.verdict.pass, ...event.verdict.cut.planned }] : [],
  );
  const failed = cuts.find((cut) => !cut.pass);
  const cut = failed ?? cuts[0];
  const which = cut === undefined ? "" : ` --cut ${cut.index}`;
  io.out(`record    ${folder}\nreplay    npx hil replay ${folder}${which}${failed ? " --trace" : ""}\n`);
}

/** The machine-readable result: no time of day, no path, no host. */
export function jsonOf(asked: Asked, outcome: RunOutcome): unknown {
  const verdicts = outcome.events.filter((event) => event.event === "verdict").map((event) => event.verdict);
  const images = outcome.events.find((event) => event.event === "images-built");
  const error = outcome.error;
  return {
    schema: 1,
    scenario: asked.scenario.value.name,
    board: asked.board.profile.name,
    seed: asked.seed,
    result: outcome.result,
    images: images?.event === "images-built" ? images.images : [],
    error: error === undefined ? null : { kind: isHilError(error) ? error.kind : "unknown", text: messageOf(error) },
    verdicts,
  };
}
