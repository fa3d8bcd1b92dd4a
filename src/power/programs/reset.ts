import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { ScratchFolder } from "../../core/index.ts";
import { canonicalSerial } from "../../serial/index.ts";
import { powerDriver, realTimeOnly } from "../driver/driver.ts";
import { programSwitch } from "./program-switch.ts";

/** Programs that pull the reset pin through the board's J-Link. Source: Zephyr's runners for each. */
const RESET_TOOLS = [
  {
    name: "nrfutil",
    program: "nrfutil",
    words: (serial: string, _script: string) => [
      ...["device", "reset", "--serial-number", serial],
      ...["--reset-kind", "RESET_PIN"],
    ],
    failText: /"result":\s*"fail"/,
  },
  {
    name: "nrfjprog",
    program: "nrfjprog",
    words: (serial: string, _script: string) => ["--pinreset", "--snr", serial, "-f", "NRF53"],
    failText: /^ERROR:/m,
  },
  {
    name: "jlink",
    program: "JLinkExe",
    words: (serial: string, script: string) => [
      ...["-nogui", "1", "-USB", serial, "-if", "SWD", "-speed", "4000"],
      ...["-device", "nrf5340_xxaa_app", "-CommanderScript", script],
    ],
    failText: /^(?:Cannot connect|Could not connect|FAILED|Error:|Unknown command)/im,
  },
] as const;

/** What J-Link Commander reads: reset, run, end; it ends at the first error, too. */
const COMMANDER_SCRIPT = "ExitOnError 1\nr\ng\nq\n";

/**
 * The poor man's switch: `off` resets the SoC through its debug probe, `on` does nothing. It is not a power cut: RAM,
 * external flash and a flash operation in progress live on, and the record says so.
 */
export const resetSwitch = powerDriver({
  name: "reset",
  options: z.strictObject({
    tool: z.enum(RESET_TOOLS.map(({ name }) => name)),
    serial: z
      .string({ error: "write the J-Link's serial number as text, in quotes" })
      .regex(/^[0-9]{1,12}$/, { error: "expected 1 to 12 digits" }),
    program: z.string().min(1).max(4096).optional().describe("default: the tool's own name"),
    timeout_ms: z.int().min(1).max(600_000).default(20_000),
  }),
  facts: () => ({ cuts: "reset only", readsBack: false, latency: "unknown" }),
  async open({ tool, serial, program, timeout_ms }, bench) {
    realTimeOnly("reset", bench.clock);
    const row = RESET_TOOLS.find(({ name }) => name === tool) ?? RESET_TOOLS[0];
    const scratch = new ScratchFolder("reset");
    const script = join(scratch.path, "reset.jlink");
    await writeFile(script, COMMANDER_SCRIPT);
    const off = [program ?? row.program, ...row.words(canonicalSerial(serial), script)];
    const plan = { driver: "reset", on: [], off, timeoutMs: timeout_ms, failText: row.failText };
    return {
      ...programSwitch(plan, bench),
      [Symbol.asyncDispose]: async () => scratch[Symbol.dispose](),
    };
  },
});
