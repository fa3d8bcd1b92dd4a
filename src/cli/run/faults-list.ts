import { EXIT } from "../../core/index.ts";
import { DEFECTS } from "../../mcuboot/index.ts";
import { MACHINE_FAULTS, UPSTREAM_FAULTS } from "../../twin/index.ts";
import { type OptionRows, parseArguments } from "../terminal/arguments.ts";
import type { CliIo } from "../terminal/io.ts";

const OPTIONS = {
  upstream: { type: "boolean", describe: "only bugs that were real: of MCUboot, of boards in the field" },
  json: { type: "boolean", describe: "print JSON" },
} as const satisfies OptionRows;

/** A fault of the twin, as a list shows it. */
interface ListedFault {
  readonly name: string;
  readonly of: "the machine" | "the bootloader";
  readonly upstream: boolean;
  /** Modes that can have it; default: all. */
  readonly modes?: readonly string[];
  readonly versions?: string;
  readonly what: string;
  readonly source?: string;
  /** The scenario that catches it, by the name that `hil run` takes. */
  readonly scenario?: string;
}

/** Every fault that `hil run --fault NAME` switches on: invented ones first, then upstream bugs by name. */
export function listedFaults(): readonly ListedFault[] {
  const bootloader: readonly string[] = DEFECTS.map((row) => row.name);
  const upstream = UPSTREAM_FAULTS.map(({ name, modes, versions, what, source }) => ({
    name,
    of: bootloader.includes(name) ? ("the bootloader" as const) : ("the machine" as const),
    upstream: true,
    modes,
    versions,
    what,
    source,
    scenario: `faults/${name}`,
  }));
  const names: readonly string[] = upstream.map((row) => row.name);
  const invented = [...MACHINE_FAULTS, ...DEFECTS]
    .filter((row) => !names.includes(row.name))
    .map(({ name, what }) => ({
      name,
      of: bootloader.includes(name) ? ("the bootloader" as const) : ("the machine" as const),
      upstream: false,
      what,
    }));
  return [...invented, ...upstream];
}

/** `hil faults`: what the twin can be told to do wrong. */
export async function faultsCommand(argv: readonly string[], io: CliIo): Promise<number> {
  const args = parseArguments(io, argv, "hil faults [options]", OPTIONS, 0);
  if (!args) return EXIT.pass;
  const faults = listedFaults().filter((row) => row.upstream || !args.flag("upstream"));
  io.out(args.flag("json") ? `${JSON.stringify(faults, undefined, 2)}\n` : faultsText(faults, io.columns));
  return EXIT.pass;
}

const INDENT = 20;

function faultsText(faults: readonly ListedFault[], columns: number): string {
  const width = Math.max(40, Math.min(110, columns) - INDENT);
  const text = faults.map(({ name, what, modes, versions, scenario }) => {
    const facts = [modes?.join(", "), versions].filter((fact) => fact !== undefined).join("; ");
    const lines = [...wrapped(what, width), ...(facts === "" ? [] : wrapped(`(${facts})`, width))];
    if (scenario !== undefined) lines.push(`scenario ${scenario}`);
    return lines
      .map((line, order) => `${order === 0 ? name.padEnd(INDENT - 1) : " ".repeat(INDENT - 1)} ${line}`)
      .join("\n");
  });
  return `${text.join("\n")}\n\n${faults.length} faults; hil run --fault NAME switches one on. Each command, board included: docs/faults.md\n`;
}

/** A text in lines of at most `width` characters. */
function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
