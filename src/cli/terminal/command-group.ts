import { EXIT, nearest, UsageError } from "../../core/index.ts";
import type { CliIo } from "./io.ts";

/** One command of the program, or of a group of them: loaded only when it is called. */
export interface LoadedCommand {
  readonly name: string;
  readonly about: string;
  load(): Promise<(argv: readonly string[], io: CliIo) => Promise<number>>;
}

/** Commands behind a first word: `hil board check`. */
interface CommandGroup {
  /** `hil board` */
  readonly name: string;
  readonly commands: readonly LoadedCommand[];
  /** The last line of its help. */
  readonly more: string;
}

/** Runs one command of a group, or prints the group's help. @throws UsageError for a command that it does not have. */
export async function groupCommand(group: CommandGroup, argv: readonly string[], io: CliIo): Promise<number> {
  const [name, ...rest] = argv;
  const names = group.commands.map((row) => row.name);
  if (name === undefined || name === "--help" || name === "-h") {
    const width = Math.max(...names.map((known) => known.length));
    const rows = group.commands.map((row) => `  ${group.name} ${row.name.padEnd(width)} ${row.about}`);
    io.offers?.({ commands: group.commands });
    io.out(`${group.name} <command> [options]\n\n${rows.join("\n")}\n\n${group.more}\n`);
    return name === undefined ? EXIT.request : EXIT.pass;
  }
  const command = group.commands.find((row) => row.name === name);
  if (command) return (await command.load())(rest, io);
  const near = nearest(name, names);
  const hint = near === undefined ? `The commands are ${names.join(", ")}.` : `Did you mean "${group.name} ${near}"?`;
  throw new UsageError(`no command "${group.name} ${name}".`, hint);
}
