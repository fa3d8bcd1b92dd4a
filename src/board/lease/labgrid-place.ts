import { BenchError, type Clock, resolveFrom } from "../../core/index.ts";
import { runProgram } from "../../power/index.ts";
import type { LoadedProfile } from "../profile/profile.ts";

type Section = NonNullable<LoadedProfile["profile"]["labgrid"]>;

/** From SIGTERM to SIGKILL, in milliseconds. */
const KILL_AFTER_MS = 2_000;
const SAID_CHARS = 300;

/**
 * Acquires a place of labgrid: nobody else of that lab uses the board until it is released. A place that whoever runs
 * this has acquired by hand is not taken over: it is in use.
 * @param file the profile, which a program's path starts at.
 * @throws BenchError when somebody has it, or labgrid-client fails.
 * Source: labgrid 26.0, man page of labgrid-client: -p, -x/--coordinator, acquire, release.
 */
export async function acquirePlace(
  { place, coordinator, program, timeoutMs }: Section,
  file: string,
  clock: Clock,
): Promise<AsyncDisposable> {
  const client = program.includes("/") ? resolveFrom(file, program) : program;
  const words = [client, ...(coordinator === undefined ? [] : ["-x", coordinator]), "-p", place];
  const ask = async (verb: "acquire" | "release") => {
    const { exitCode, output } = await runProgram([...words, verb], {
      ...{ what: `labgrid-client ${verb}`, clock, folder: undefined, timeoutMs, killAfterMs: KILL_AFTER_MS },
      signal: undefined,
      hint: "See why labgrid-client hangs, or raise labgrid.timeout_ms.",
    });
    if (exitCode === 0) return;
    const said = output.trim().split("\n").at(-1)?.slice(0, SAID_CHARS) ?? "";
    throw new BenchError(
      `labgrid did not ${verb} the place ${place}: ${said || `exit ${exitCode}`}.`,
      `See who has it: ${program} -p ${place} show`,
    );
  };
  await ask("acquire");
  return { [Symbol.asyncDispose]: () => ask("release") };
}
