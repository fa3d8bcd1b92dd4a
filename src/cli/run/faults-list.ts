import { defined, EXIT } from "../../core/index.ts";
import { ALL_MODES, DEFECTS, FAULT_NEEDS } from "../../mcuboot/index.ts";
import { TWIN_FAULTS, UPSTREAM_FAULTS } from "../../twin/index.ts";
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
  /** Modes that can have it. */
  readonly modes: readonly string[];
  /** What else a run needs, or it is refused. */
  readonly needs: readonly string[];
  readonly versions?: string;
  readonly what: string;
  readonly source?: string;
  /** The scenario that catches it, and a board, by the names that `hil run` takes. */
  readonly scenario?: string;
  readonly board?: string;
  /** Where no such run shows it: what a client of `hil twin --fault NAME` does. */
  readonly client?: string;
}

/** Every fault that `hil run --fault NAME` switches on: invented ones first, then upstream bugs by name. */
export function listedFaults(): readonly ListedFault[] {
  const upstream: readonly string[] = UPSTREAM_FAULTS.map(({ name }) => name);
  return [
    ...TWIN_FAULTS.filter(({ name }) => !upstream.includes(name)).map((row) => listed(row, { upstream: false })),
    ...UPSTREAM_FAULTS.map((row) => listed(row, { upstream: true, versions: row.versions, source: row.source })),
  ];
}

function listed(
  { name, modes, needs, what, shownBy, shownTo }: (typeof TWIN_FAULTS)[number],
  { upstream, versions, source }: Pick<ListedFault, "upstream" | "versions" | "source">,
): ListedFault {
  return {
    name,
    of: DEFECTS.some((row) => row.name === name) ? "the bootloader" : "the machine",
    upstream,
    modes,
    needs: needs.map((need) => FAULT_NEEDS[need]),
    ...defined({ versions }),
    what,
    ...defined({ source }),
    ...shownBy,
    ...defined({ client: shownTo }),
  };
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
  const text = faults.map(({ name, what, modes, needs, versions, scenario, board, client }) => {
    const facts = [modesText(modes), versions].filter((fact) => fact !== undefined).join("; ");
    const lines = [...wrapped(what, width), ...wrapped(`(${facts})`, width)];
    if (needs.length > 0) lines.push(...wrapped(`needs ${needs.join("; ")}`, width));
    if (scenario !== undefined) lines.push(`scenario ${scenario}, board ${board}`);
    if (client !== undefined) lines.push(...wrapped(`no run: hil twin --fault ${name}, and ${client}`, width));
    return lines
      .map((line, order) => `${order === 0 ? name.padEnd(INDENT - 1) : " ".repeat(INDENT - 1)} ${line}`)
      .join("\n");
  });
  return `${text.join("\n")}\n\n${faults.length} faults; hil run --fault NAME switches one on. Each command, board included: docs/faults.md\n`;
}

/** "all modes", or their names. */
export function modesText(modes: readonly string[]): string {
  return modes.length === ALL_MODES.length ? "all modes" : modes.join(", ");
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
