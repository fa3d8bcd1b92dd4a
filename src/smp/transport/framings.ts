import type { Uart } from "../../serial/index.ts";
import { CobsTransport } from "./cobs-transport.ts";
import { type ConsoleOptions, ConsoleTransport } from "./console-transport.ts";
import { RawTransport } from "./raw-transport.ts";
import type { SmpTransport } from "./transport.ts";

interface FramingRow {
  readonly name: string;
  readonly what: string;
  /** Text of a log can lie between the packets. */
  readonly carriesLog: boolean;
  open(uart: Uart, options: ConsoleOptions): SmpTransport;
}

/** How SMP's packets lie on a UART. */
export const FRAMINGS = [
  {
    name: "console",
    what: "between lines of log",
    carriesLog: true,
    open: (uart, options) => new ConsoleTransport(uart, options),
  },
  {
    name: "raw",
    what: "as they are (CONFIG_MCUMGR_TRANSPORT_RAW_UART; in MCUboot CONFIG_BOOT_SERIAL_RAW_PROTOCOL)",
    carriesLog: false,
    open: (uart, { clock }) => new RawTransport(uart, { clock }),
  },
  {
    name: "cobs",
    what: "stuffed, with a CRC and a zero at the end (a patch of MCUboot, its PR 2773)",
    carriesLog: false,
    open: (uart, { clock }) => new CobsTransport(uart, { clock }),
  },
] as const satisfies readonly FramingRow[];

export type Framing = (typeof FRAMINGS)[number]["name"];

/** The row of a framing. */
export function framingRow(name: Framing): FramingRow {
  const row = FRAMINGS.find((candidate) => candidate.name === name);
  if (row === undefined) throw new RangeError(`no framing is named "${name}"`);
  return row;
}
