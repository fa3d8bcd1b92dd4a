import { z } from "zod";
import { canonicalSerial } from "../serial/index.ts";
import { powerDriver } from "./driver.ts";
import { programSwitch } from "./program-switch.ts";

/** Programs that pull the reset pin through the board's J-Link. Source: lab-hardware.md 7.1, 7.2. */
export const RESET_TOOLS = [
  {
    name: "nrfutil",
    program: "nrfutil",
    words: (serial: string) => ["device", "reset", "--serial-number", serial, "--reset-kind", "RESET_PIN"],
    failText: /"result":\s*"fail"/,
  },
  {
    name: "nrfjprog",
    program: "nrfjprog",
    words: (serial: string) => ["--pinreset", "--snr", serial, "-f", "NRF53"],
    failText: /^ERROR:/m,
  },
] as const;

/**
 * The poor man's switch: `off` resets the SoC through its debug probe, `on` does nothing. It is not a power cut: RAM,
 * external flash and a flash operation in progress live on, and the record says so.
 */
export const reset = powerDriver({
  name: "reset",
  options: z.strictObject({
    tool: z.enum(RESET_TOOLS.map(({ name }) => name)),
    serial: z
      .string({ error: "write the J-Link's serial number as text, in quotes" })
      .regex(/^[0-9]{1,12}$/, { error: "expected 1 to 12 digits" }),
    program: z.string().min(1).max(4096).optional().describe("left out, the tool's own name"),
    timeout_ms: z.int().min(1).max(600_000).default(20_000),
  }),
  facts: () => ({ cuts: "reset only", readsBack: false, latency: "unknown" }),
  async open({ tool, serial, program, timeout_ms }, bench) {
    const row = RESET_TOOLS.find(({ name }) => name === tool) ?? RESET_TOOLS[0];
    const off = [program ?? row.program, ...row.words(canonicalSerial(serial))];
    return programSwitch({ driver: "reset", on: [], off, timeoutMs: timeout_ms, failText: row.failText }, bench);
  },
});
