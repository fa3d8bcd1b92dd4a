import { columns, EXIT, nearest, UsageError } from "../../core/index.ts";
import { type OptionRows, parseArguments } from "../terminal/arguments.ts";
import type { CliIo } from "../terminal/io.ts";
import { FIRMWARE_VARIANTS } from "./variants.ts";

type Command = (argv: readonly string[], io: CliIo) => Promise<number>;

/** The commands of `hil firmware`; each explains itself with --help. */
const FIRMWARE_COMMANDS: readonly {
  readonly name: string;
  readonly about: string;
  load(): Promise<Command>;
}[] = [
  {
    name: "list",
    about: "the bootloaders that the fixture can be built with",
    load: () => Promise.resolve(firmwareListCommand),
  },
  {
    name: "build",
    about: "build bootloader, application and network core with a Zephyr SDK, signed, with a profile",
    load: async () => (await import("./build.ts")).firmwareBuildCommand,
  },
];

/** `hil firmware COMMAND …` */
export async function firmwareCommand(argv: readonly string[], io: CliIo): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name === "--help" || name === "-h") {
    const rows = FIRMWARE_COMMANDS.map((row) => `  hil firmware ${row.name.padEnd(6)} ${row.about}`);
    io.out(`hil firmware <command> [options]\n\n${rows.join("\n")}\n\ndocs/firmware.md says what it is.\n`);
    return name === undefined ? EXIT.request : EXIT.pass;
  }
  const command = FIRMWARE_COMMANDS.find((row) => row.name === name);
  if (command) return (await command.load())(rest, io);
  const names = FIRMWARE_COMMANDS.map((row) => row.name);
  const near = nearest(name, names);
  const hint = near === undefined ? `The commands are ${names.join(", ")}.` : `Did you mean "hil firmware ${near}"?`;
  throw new UsageError(`no command "hil firmware ${name}".`, hint);
}

const LIST_OPTIONS = {
  json: { type: "boolean", describe: "the list as JSON" },
} as const satisfies OptionRows;

function firmwareListCommand(argv: readonly string[], io: CliIo): Promise<number> {
  const args = parseArguments(io, argv, "hil firmware list [options]", LIST_OPTIONS, 0);
  if (args) {
    const rows = FIRMWARE_VARIANTS.map(({ name, about }) => ({ name, about }));
    const text = args.flag("json")
      ? JSON.stringify(rows)
      : columns(rows.map(({ name, about }) => [name, about])).join("\n");
    io.out(`${text}\n`);
  }
  return Promise.resolve(EXIT.pass);
}
