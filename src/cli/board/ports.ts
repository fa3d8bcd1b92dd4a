import { columns, EXIT } from "../../core/index.ts";
import { listPorts, type PortInfo } from "../../serial/index.ts";
import { type OptionRows, parseArguments } from "../terminal/arguments.ts";
import type { CliIo } from "../terminal/io.ts";

const OPTIONS = { json: { type: "boolean", describe: "print one line of JSON" } } as const satisfies OptionRows;

/** `hil ports`: the serial ports of this machine, with the identity by which a board's profile names them. */
export async function portsCommand(argv: readonly string[], io: CliIo): Promise<number> {
  const args = parseArguments(io, argv, "hil ports [options]", OPTIONS, 0);
  if (!args) return EXIT.pass;
  io.out(portsText(await listPorts(), args.flag("json")));
  return EXIT.pass;
}

/** One port a line: path, PROBE:INTERFACE as `--port` takes it, product, stable path. */
export function portsText(ports: readonly PortInfo[], json: boolean): string {
  if (json) return `${JSON.stringify(ports)}\n`;
  if (ports.length === 0) return "No serial port is there. (Pseudo-terminals are not listed: name them by path.)\n";
  const rows = ports.map((port) => [
    port.path,
    port.serial === undefined || port.interface === undefined ? "" : `${port.serial}:${port.interface}`,
    port.product ?? "",
    port.stablePath ?? "",
  ]);
  return `${columns(rows).join("\n")}\n`;
}
