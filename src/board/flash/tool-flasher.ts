import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BenchError, type Clock, ConfigurationError, resolveFrom, ScratchFolder, sleep } from "../../core/index.ts";
import { runProgram } from "../../power/index.ts";
import { canonicalSerial } from "../../serial/index.ts";
import type { Flasher } from "../parts/board.ts";
import { type CoreName, flashTool, RECOVER_ORDER, type ToolCall } from "../profile/flash-tools.ts";
import type { FlasherSection } from "../profile/flasher-schema.ts";
import type { LoadedProfile } from "../profile/profile.ts";
import { baselineHex } from "./baseline-hex.ts";
import { failed, failureOf, nrfutilError } from "./failures.ts";

const TEXT_SHOWN_MAX = 500;
const KILL_AFTER_MS = 5_000;
/** Before a probe that was busy or gone is tried again, in milliseconds. */
const RETRY_AFTER_MS = 2_000;
const HINT = "Raise flasher.timeout_ms, or run the tool by hand: it may be waiting in a dialog.";

/** What a profile's flasher does in single runs of its tool, whatever the tool. */
interface Runs {
  readonly name: string;
  readonly program: string | undefined;
  readonly write: (core: CoreName, hexFile: string) => readonly ToolCall[];
  readonly reset: readonly ToolCall[];
  readonly recover: ((core: CoreName) => readonly ToolCall[]) | undefined;
  readonly eraseExternal: readonly ToolCall[] | undefined;
}

type Section = NonNullable<LoadedProfile["profile"]["flasher"]>;

/**
 * The flasher of a profile; undefined when it names none.
 * @throws ConfigurationError when the probe's serial number stands nowhere: a tool without one may take another board.
 */
export function openFlasher(
  { profile, file }: LoadedProfile,
  { clock, retryAfterMs = RETRY_AFTER_MS }: { readonly clock: Clock; readonly retryAfterMs?: number },
): Flasher | undefined {
  const section = profile.flasher;
  if (!section) return undefined;
  const serial = section.serial ?? ("jlink" in profile.ports.app ? profile.ports.app.jlink : undefined);
  if (serial === undefined) {
    throw new ConfigurationError(
      `${file}: the flasher has no serial, and ports.app names no J-Link.`,
      "Write flasher.serial: a tool that is not told takes any board.",
    );
  }
  const runs = runsOf(section, canonicalSerial(serial), file);
  const { slots } = profile;
  const bench = { clock, retryAfterMs, section, file };
  return {
    programPrimary: (image, signal, slot = 0) =>
      inScratch(async (folder) => {
        const external = slots.secondary.device === "qspi";
        if (external && !runs.eraseExternal) {
          throw new ConfigurationError(
            `the flasher ${runs.name} cannot erase the secondary slot, which lies in the external flash.`,
            "Use nrfutil or nrfjprog.",
          );
        }
        const hexFile = join(folder, "baseline.hex");
        const [primary, secondary] = slot === 0 ? [slots.primary, slots.secondary] : [slots.secondary, slots.primary];
        await writeFile(hexFile, baselineHex(image, { primary, secondary }));
        const erases = external ? (runs.eraseExternal ?? []) : [];
        await all([...erases, ...runs.write("application", hexFile), ...runs.reset], runs, {
          ...bench,
          folder,
          signal,
        });
      }),
    program: (core, hexFile, signal) =>
      inScratch((folder) => all([...runs.write(core, hexFile), ...runs.reset], runs, { ...bench, folder, signal })),
    recover: (signal) =>
      inScratch(async (folder) => {
        const { recover } = runs;
        if (!recover) {
          throw new ConfigurationError(`the flasher ${runs.name} cannot recover.`, "Use nrfutil, nrfjprog or jlink.");
        }
        const { baseline } = section;
        const files = baseline && { application: baseline.app, network: baseline.net };
        const erases = RECOVER_ORDER.flatMap((core) => recover(core));
        const writes = RECOVER_ORDER.flatMap((core) => {
          const path = files?.[core];
          return path === undefined ? [] : runs.write(core, resolveFrom(file, path));
        });
        await all([...erases, ...writes, ...runs.reset], runs, { ...bench, folder, signal });
      }),
  };
}

function runsOf(section: Section, serial: string, file: string): Runs {
  if (section.tool === "command") {
    const call = (what: string, words: readonly string[] | undefined, values: Readonly<Record<string, string>>) =>
      words ? [{ what, argv: words.map((word) => filled(word, { serial, ...values })) }] : [];
    const { recover } = section;
    return {
      name: "command",
      program: undefined,
      write: (core, hex) => call(`programming the ${core} core`, section.write, { core, hex }),
      reset: call("the reset", section.reset, {}),
      recover: recover && ((core) => call(`recovering the ${core} core`, recover, { core })),
      eraseExternal: undefined,
    };
  }
  const tool = flashTool(section.tool);
  const buildFolder = section.build === undefined ? undefined : resolveFrom(file, section.build);
  const target = { serial, buildFolder };
  const { recover } = tool;
  return {
    name: tool.name,
    program: section.executable ?? tool.program,
    write: (core, hex) => tool.write(target, core, hex),
    reset: tool.reset(target),
    recover: recover && ((core) => recover(target, core)),
    eraseExternal: tool.eraseExternal?.(target),
  };
}

interface Run {
  readonly clock: Clock;
  readonly retryAfterMs: number;
  readonly section: Pick<FlasherSection, "tool"> & { readonly timeoutMs: number };
  readonly file: string;
  readonly folder: string;
  readonly signal: AbortSignal | undefined;
}

async function all(calls: readonly ToolCall[], { name, program }: Runs, run: Run): Promise<void> {
  for (const { what, argv, script } of calls) {
    const scriptFile = join(run.folder, "commander.jlink");
    if (script) await writeFile(scriptFile, `${script.join("\n")}\n`);
    const words = [...(program === undefined ? [] : [program]), ...argv].map((word) =>
      filled(word, { script: scriptFile }),
    );
    await carriedOut(name, what, words, run);
  }
}

/** One run, and again as often as its class of failure allows. @throws BenchError with the tool's own words. */
async function carriedOut(tool: string, what: string, words: readonly string[], run: Run): Promise<void> {
  const { clock, retryAfterMs, section, file, signal } = run;
  const title = `${what} by ${tool}`;
  for (let attempt = 0; ; attempt++) {
    const result = await runProgram(words, {
      what: title,
      clock,
      folder: resolveFrom(file, "."),
      timeoutMs: section.timeoutMs,
      killAfterMs: KILL_AFTER_MS,
      signal,
      hint: HINT,
    });
    if (!failed(tool, result)) return;
    const failure = failureOf(tool, result);
    if (failure && attempt < failure.retries) {
      await sleep(clock, retryAfterMs, signal);
      continue;
    }
    const kind = failure ? ` (${failure.class})` : "";
    const how = result.exitCode === null ? `ended by ${result.signalName}` : `exit code ${result.exitCode}`;
    const said = nrfutilError(result.output)?.text ?? result.output.trim().slice(-TEXT_SHOWN_MAX);
    const quoted = said === "" ? "It printed nothing." : `It said: "${said}".`;
    throw new BenchError(
      `${title} failed${kind}, ${how}. ${quoted}`,
      failure?.hint ?? "Run the tool by hand to see why.",
    );
  }
}

function filled(word: string, values: Readonly<Record<string, string>>): string {
  return word.replaceAll(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}

async function inScratch(work: (folder: string) => Promise<void>): Promise<void> {
  using scratch = new ScratchFolder("flash");
  await work(scratch.path);
}
