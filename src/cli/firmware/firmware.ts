import { columns, EXIT } from "../../core/index.ts";
import { type OptionRows, parseArguments } from "../terminal/arguments.ts";
import { groupCommand, type LoadedCommand } from "../terminal/command-group.ts";
import type { CliIo } from "../terminal/io.ts";
import { FIRMWARE_VARIANTS } from "./variants.ts";

const FIRMWARE_COMMANDS: readonly LoadedCommand[] = [
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
export function firmwareCommand(argv: readonly string[], io: CliIo): Promise<number> {
  const more = "docs/firmware.md says what it is.";
  return groupCommand({ name: "hil firmware", commands: FIRMWARE_COMMANDS, more }, argv, io);
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
