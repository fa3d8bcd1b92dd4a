import { z } from "zod";
import { compilePattern } from "../../core/index.ts";
import { cutsOption, powerDriver } from "../driver/driver.ts";
import { patternOption } from "../driver/pattern.ts";
import { programSwitch, programVerification } from "./program-switch.ts";

const argv = z.array(z.string().max(4096)).min(1).max(100).describe("program and arguments; no shell reads them");

/**
 * Any switch that a program can drive (sispmctl, crelay, curl, a script of your own). `fail_text` is there because some
 * of those exit with 0 when they fail. Relative paths are relative to the profile. Needs real time.
 * Modelled on labgrid's ExternalPowerDriver.
 */
export const commandSwitch = powerDriver({
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
  verify: programVerification,
  facts: ({ cuts, status }) => ({ cuts, readsBack: status !== undefined, latency: "unknown" }),
  async open({ on, off, status, timeout_ms, kill_after_ms, ok_exit, fail_text }, bench) {
    const shown = status && { on: compilePattern(status.on), off: compilePattern(status.off) };
    const stateOf = (output: string) => {
      const [isOn, isOff] = [shown?.on.test(output), shown?.off.test(output)];
      if (isOn === isOff) return "unknown";
      return isOn ? "on" : "off";
    };
    const plan = {
      driver: "command",
      on,
      off,
      status: status && { run: status.run, stateOf },
      timeoutMs: timeout_ms,
      killAfterMs: kill_after_ms,
      okExit: ok_exit,
      failText: fail_text === undefined ? undefined : compilePattern(fail_text),
    } as const;
    return programSwitch(plan, bench);
  },
});
