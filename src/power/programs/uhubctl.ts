import { z } from "zod";
import { powerDriver } from "../driver/driver.ts";
import { programSwitch, programVerification } from "./program-switch.ts";
import { UHUBCTL_FAILURES, uhubctlState } from "./uhubctl-output.ts";

/**
 * A port of a USB hub with switches for each port, by the program uhubctl. Cuts the whole board, its J-Link and its
 * serial ports too; takes tenths of a second: for cold starts, not for aimed cuts. Some hubs say off and go on giving
 * 5 V: only a board that falls silent proves yours.
 */
export const uhubctl = powerDriver({
  name: "uhubctl",
  options: z.strictObject({
    hub: z
      .string()
      .regex(/^[0-9]+(-[0-9]+(\.[0-9]+)*)?$/, { error: "expected a location as uhubctl prints it, like 1-1.4" })
      .max(40),
    port: z.int().min(1).max(14),
    program: z.string().min(1).max(4096).default("uhubctl"),
    repeat: z.int().min(1).max(1000).default(1).describe("how often off is sent; 100 for kernels before 6.0"),
    timeout_ms: z.int().min(1).max(600_000).default(20_000),
  }),
  verify: programVerification,
  facts: () => ({ cuts: "board", readsBack: true, latency: "unknown" }),
  async open({ hub, port, program, repeat, timeout_ms }, bench) {
    const where = [program, "-l", hub, "-p", String(port)];
    const plan = {
      driver: "uhubctl",
      on: [...where, "-a", "on"],
      off: [...where, "-a", "off", ...(repeat > 1 ? ["-r", String(repeat)] : [])],
      status: { run: where, stateOf: (output: string) => uhubctlState(output, port) },
      timeoutMs: timeout_ms,
      failText: UHUBCTL_FAILURES,
    };
    return programSwitch(plan, bench);
  },
});
