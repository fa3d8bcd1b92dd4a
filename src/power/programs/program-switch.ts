import { BenchError, type Pattern } from "../../core/index.ts";
import { type OpenedSwitch, type PowerBench, realTimeOnly, type Verification } from "../driver/driver.ts";
import type { PowerState } from "../driver/switch.ts";
import { type ProgramResult, runProgram } from "./program.ts";

const TEXT_SHOWN_MAX = 300;
const TIMEOUT_MS = 10_000;
const KILL_AFTER_MS = 2_000;

const LAG_MS_MAX = 5_000;

/** A program's status may lag behind its command; it is asked until both agree, or the profile's patience ends. */
export function programVerification({ timeout_ms }: { readonly timeout_ms: number }): Verification {
  return { limitMs: Math.min(timeout_ms, LAG_MS_MAX), everyMs: 100 };
}

/** How a program switches: its words for both states and for the question, and what counts as failure. */
interface ProgramPlan {
  readonly driver: string;
  readonly on: readonly string[];
  readonly off: readonly string[];
  readonly status?:
    | { readonly run: readonly string[]; readonly stateOf: (output: string) => PowerState | "unknown" }
    | undefined;
  readonly timeoutMs?: number;
  readonly killAfterMs?: number;
  readonly okExit?: readonly number[];
  /** Output that means failure whatever the exit code. */
  readonly failText?: Pick<Pattern, "test"> | undefined;
}

/** A switch that a program drives: no shell, the program's whole process group is ended on a timeout. */
export function programSwitch(plan: ProgramPlan, { clock, folder }: PowerBench): OpenedSwitch {
  realTimeOnly(plan.driver, clock);
  const { timeoutMs = TIMEOUT_MS, killAfterMs = KILL_AFTER_MS, okExit = [0], failText } = plan;
  const run = async (what: string, words: readonly string[], signal?: AbortSignal) => {
    const title = `the power command for "${what}" (${words[0]})`;
    const result = await runProgram(words, { what: title, clock, folder, timeoutMs, killAfterMs, signal });
    if (!okExit.includes(result.exitCode ?? -1) || failText?.test(result.output)) throw failed(what, result);
    return result;
  };
  return {
    async set(state, signal) {
      if (plan[state].length > 0) await run(state, plan[state], signal);
      return { sentAtUs: clock.nowUs() };
    },
    async read() {
      return plan.status ? plan.status.stateOf((await run("status", plan.status.run)).output) : "unknown";
    },
    async [Symbol.asyncDispose]() {},
  };
}

/** Names the program but not its arguments: they may hold a password. */
function failed(what: string, { program, exitCode, signalName, output }: ProgramResult): BenchError {
  const how = exitCode === null ? `was ended by ${signalName}` : `ended with exit code ${exitCode}`;
  const said = output.trim() === "" ? "It printed nothing." : `It printed: "${output.trim().slice(-TEXT_SHOWN_MAX)}".`;
  return new BenchError(`the power command for "${what}" (${program}) ${how}. ${said}`, "Run it by hand to see why.");
}
