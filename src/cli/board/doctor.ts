import { join, relative } from "node:path";
import {
  type Board,
  backFeeding,
  type Diagnosis,
  type DoctorFinding,
  diagnose,
  hasProblem,
  healthMark,
  type LoadedProfile,
  loadProfile,
  openBoard,
  openBoardSwitch,
  profileFiles,
  type System,
  thisMachine,
} from "../../board/index.ts";
import { Cleanup, EXIT, isHilError, messageOf, Random, RealClock, UsageError } from "../../core/index.ts";
import type { PowerSwitch } from "../../power/index.ts";
import { type OptionRows, parseArguments } from "../terminal/arguments.ts";
import type { CliIo } from "../terminal/io.ts";
import { leaseBoard, whileMarkedDirty } from "./option.ts";

const OPTIONS = {
  board: {
    type: "string",
    alias: "b",
    describe: "profile to look at (repeatable; default: $HIL_BOARD and boards/*.yaml, without *-example.yaml)",
  },
  power: { type: "boolean", describe: "also switch its power, to see whether it really goes (needs --board)" },
  json: { type: "boolean", describe: "print one line of JSON" },
} as const satisfies OptionRows;

/** `hil doctor`: looks, and says what to do. Exit 3 when something will break runs. */
export async function doctorCommand(argv: readonly string[], io: CliIo, system?: System): Promise<number> {
  const args = parseArguments(io, argv, "hil doctor [options]", OPTIONS, 0);
  if (!args) return EXIT.pass;
  const named = args.texts("board");
  if (args.flag("power") && named.length === 0) {
    throw new UsageError("--power moves power, so it wants to know whose.", "Name the board with --board.");
  }
  const { profiles, unusable } = await profilesOf(named, io);
  const found = [...(await diagnose(system ?? thisMachine(io.env), profiles)), unusable];
  if (args.flag("power")) {
    for (const loaded of profiles) found.push(await withPower(loaded, io));
  }
  io.out(args.flag("json") ? `${JSON.stringify({ schema: 1, diagnoses: found })}\n` : doctorText(found));
  return hasProblem(found) ? EXIT.bench : EXIT.pass;
}

/** The profiles that are looked at; one that cannot be read is itself a finding, unless it was asked for by name. */
async function profilesOf(
  named: readonly string[],
  io: CliIo,
): Promise<{ readonly profiles: readonly LoadedProfile[]; readonly unusable: Diagnosis }> {
  if (named.length > 0) {
    const profiles = await Promise.all(named.map((reference) => loadProfile(reference, { cwd: io.cwd })));
    return { profiles, unusable: readable([]) };
  }
  const variable = io.env["HIL_BOARD"] ?? "";
  const own = profileFiles(join(io.cwd, "boards")).filter((file) => !/-example\.ya?ml$/.test(file));
  const files = [...(variable === "" ? [] : [variable]), ...own];
  const profiles: LoadedProfile[] = [];
  const findings: DoctorFinding[] = [];
  for (const file of files) {
    try {
      profiles.push(await loadProfile(file, { cwd: io.cwd }));
    } catch (error) {
      if (!isHilError(error)) throw error;
      const what = messageOf(error);
      findings.push({ level: "problem", where: relative(io.cwd, file), what, remedy: "Correct the profile." });
    }
  }
  return { profiles, unusable: readable(findings) };
}

function readable(findings: readonly DoctorFinding[]): Diagnosis {
  const outcome = findings.length === 0 ? "ok" : "findings";
  return { id: "profiles", looksAt: "can the profiles be read", outcome, findings };
}

function health(loaded: LoadedProfile): Pick<Board, "health"> {
  const mark = healthMark(loaded);
  return mark ? { health: mark } : {};
}

async function withPower(loaded: LoadedProfile, io: CliIo): Promise<Diagnosis> {
  const clock = new RealClock();
  const openSwitch = async (): Promise<PowerSwitch> => {
    const closing = new Cleanup();
    try {
      await leaseBoard(loaded, io, closing);
      const power = closing.use("power", await openBoardSwitch(loaded, clock));
      return {
        facts: power.facts,
        set: (state, options) => power.set(state, options),
        [Symbol.asyncDispose]: () => closing[Symbol.asyncDispose](),
      };
    } catch (error) {
      await closing[Symbol.asyncDispose]();
      throw error;
    }
  };
  const open = () => openBoard(loaded, { random: Random.fromSeed(1), signal: io.signal });
  const look = () => backFeeding({ clock, open, openSwitch }, io.signal);
  return whileMarkedDirty(health(loaded), "hil doctor --power was under way and did not end", look);
}

/** One line a check; below it what it found, and what to do. */
function doctorText(found: readonly Diagnosis[]): string {
  const lines: string[] = [];
  for (const { id, looksAt, outcome, findings } of found) {
    lines.push(`${wordOf(outcome, findings).padEnd(9)}  ${id.padEnd(14)}  ${looksAt}`);
    for (const { level, where, what, remedy } of findings) {
      lines.push(`           ${level === "problem" ? "PROBLEM" : "note"}: ${where}: ${what}`);
      if (remedy !== "") lines.push(`           do: ${remedy}`);
    }
  }
  const problems = found.flatMap(({ findings }) => findings).filter(({ level }) => level === "problem").length;
  lines.push(problems === 0 ? "No problem found." : `${problems} ${problems === 1 ? "problem" : "problems"} found.`);
  return `${lines.join("\n")}\n`;
}

function wordOf(outcome: Diagnosis["outcome"], findings: readonly DoctorFinding[]): string {
  if (outcome !== "findings") return outcome;
  return findings.some(({ level }) => level === "problem") ? "PROBLEM" : "note";
}
