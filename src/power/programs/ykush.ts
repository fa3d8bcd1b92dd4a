import { z } from "zod";
import { ConfigurationError } from "../../core/index.ts";
import { powerDriver } from "../driver/driver.ts";
import type { PowerState } from "../driver/switch.ts";
import { programSwitch, programVerification } from "./program-switch.ts";

/** Yepkit's boards: the word that `ykushcmd` has for each, and its ports. Source: Yepkit/ykush. */
const YKUSH_BOARDS = [
  { name: "ykush", ports: 3 },
  { name: "ykush3", ports: 3 },
  { name: "ykushxs", ports: 1 },
] as const;

/** `Downstream port 2 is ON`; the one-port board leaves the number out. Anything else is no answer. */
export function ykushState(output: string, port: number): PowerState | "unknown" {
  const [, number, state] = /^Downstream port(?: ([0-9]+))? is (ON|OFF)\s*$/im.exec(output) ?? [];
  if (state === undefined || (number !== undefined && Number(number) !== port)) return "unknown";
  return state.toUpperCase() === "ON" ? "on" : "off";
}

/** A port of a Yepkit YKUSH hub, by Yepkit's program `ykushcmd`. It really switches VBUS, so it cuts the whole board. */
export const ykush = powerDriver({
  name: "ykush",
  options: z.strictObject({
    board: z.enum(YKUSH_BOARDS.map(({ name }) => name)).default("ykush"),
    serial: z
      .string()
      .regex(/^[A-Za-z0-9]{1,32}$/, { error: "expected a serial number as `ykushcmd -l` prints it" })
      .optional()
      .describe("needed where there are several such boards"),
    port: z.int().min(1).max(3),
    program: z.string().min(1).max(4096).default("ykushcmd"),
    timeout_ms: z.int().min(1).max(600_000).default(10_000),
  }),
  verify: programVerification,
  facts: () => ({ cuts: "board", readsBack: true, latency: "10 ms" }),
  async open({ board, serial, port, program, timeout_ms }, bench) {
    const ports = YKUSH_BOARDS.find(({ name }) => name === board)?.ports ?? 0;
    if (port > ports) throw new ConfigurationError(`port ${port} of a ${board}.`, `It has ${ports}.`);
    const head = [program, board, ...(serial === undefined ? [] : ["-s", serial])];
    // The board with one port takes no number.
    const to = (flag: string) => [...head, flag, ...(ports === 1 ? [] : [String(port)])];
    const plan = {
      driver: "ykush",
      on: to("-u"),
      off: to("-d"),
      status: { run: to("-g"), stateOf: (output: string) => ykushState(output, port) },
      timeoutMs: timeout_ms,
    };
    return programSwitch(plan, bench);
  },
});
