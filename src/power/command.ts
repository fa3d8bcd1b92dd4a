import { z } from "zod";
import { BenchError, ConfigurationError } from "../core/index.ts";
import { cutsOption, powerDriver } from "./driver.ts";
import { patternOption } from "./pattern.ts";
import { type ProgramResult, runProgram } from "./program.ts";
import type { PowerState } from "./switch.ts";

const TEXT_SHOWN_MAX = 300;
/** How long a status may lag behind its command, and how often it is asked, in milliseconds. */
const LAG_MS_MAX = 5_000;
const ASK_AGAIN_MS = 100;

const argv = z.array(z.string().max(4096)).min(1).max(100).describe("program and arguments; no shell reads them");

/**
 * Any switch that a program can drive (uhubctl, snmpset, curl, a script of your own). `fail_text` is there because some
 * of those exit with 0 when they fail. Relative paths are relative to the profile. Needs real time.
 * Source of the option set: lab-hardware.md 5.4.
 */
export const command = powerDriver({
  name: "command",
  options: z.strictObject({
    on: argv,
    off: argv,
    status: z.strictObject({ run: argv, on: patternOption, off: patternOption }).optional(),
    cuts: cutsOption,
    timeout_ms: z.int().min(1).max(600_000).default(10_000),
    kill_after_ms: z.int().min(0).max(60_000).default(2_000).describe("from SIGTERM to SIGKILL after a timeout"),
    ok_exit: z.array(z.int().min(0).max(255)).min(1).default([0]),
    fail_text: patternOption.optional().describe("output that means failure whatever the exit code"),
  }),
  verify: ({ timeout_ms }) => ({ limitMs: Math.min(timeout_ms, LAG_MS_MAX), everyMs: ASK_AGAIN_MS }),
  facts: ({ cuts, status }) => ({ cuts, readsBack: status !== undefined, latency: "unknown" }),
  async open(options, { clock, folder }) {
    if (clock.kind === "virtual") {
      throw new ConfigurationError('the power driver "command" runs real programs.', "Use it on a board in real time.");
    }
    const failText = options.fail_text === undefined ? undefined : new RegExp(options.fail_text);
    const run = async (what: string, words: readonly string[], signal?: AbortSignal) => {
      const [timeoutMs, killAfterMs] = [options.timeout_ms, options.kill_after_ms];
      const result = await runProgram(words, { what, clock, folder, timeoutMs, killAfterMs, signal });
      if (!options.ok_exit.includes(result.exitCode ?? -1) || failText?.test(result.output)) throw failed(what, result);
      return result;
    };
    async function read(): Promise<PowerState | "unknown"> {
      const { status } = options;
      if (!status) return "unknown";
      const { output } = await run("status", status.run);
      const [on, off] = [new RegExp(status.on).test(output), new RegExp(status.off).test(output)];
      if (on === off) return "unknown";
      return on ? "on" : "off";
    }
    return {
      async set(state, signal) {
        await run(state, options[state], signal);
        return { sentAtUs: clock.nowUs() };
      },
      read,
      async [Symbol.asyncDispose]() {},
    };
  },
});

/** Names the program but not its arguments: they may hold a password. */
function failed(what: string, { program, exitCode, signalName, output }: ProgramResult): BenchError {
  const how = exitCode === null ? `was ended by ${signalName}` : `ended with exit code ${exitCode}`;
  const said = output.trim() === "" ? "It printed nothing." : `It printed: "${output.trim().slice(-TEXT_SHOWN_MAX)}".`;
  return new BenchError(`the power command for "${what}" (${program}) ${how}. ${said}`, "Run it by hand to see why.");
}
