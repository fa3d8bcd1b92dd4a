import { EXIT, nearest, UsageError } from "../../core/index.ts";
import type { CliIo } from "../terminal/io.ts";

type Command = (argv: readonly string[], io: CliIo) => Promise<number>;

/** The commands of `hil board`; each is loaded only when it is called, and explains itself with --help. */
export const BOARD_COMMANDS: readonly { readonly name: string; readonly about: string; load(): Promise<Command> }[] = [
  {
    name: "list",
    about: "boards that are plugged in, and the profiles that are theirs",
    load: async () => (await import("./list.ts")).boardListCommand,
  },
  {
    name: "check",
    about: "is it the board of its profile, does it boot, does its switch cut its power",
    load: async () => (await import("./check.ts")).boardCheckCommand,
  },
  {
    name: "console",
    about: "a terminal on a board's UART",
    load: async () => (await import("./console.ts")).boardConsoleCommand,
  },
  {
    name: "power",
    about: "switch a board on or off, or ask its switch",
    load: async () => (await import("./power.ts")).boardPowerCommand,
  },
  {
    name: "flash",
    about: "program images past the bootloader, with the profile's flasher",
    load: async () => (await import("./flash.ts")).boardFlashCommand,
  },
  {
    name: "recover",
    about: "erase both cores, protection included, and program the baseline",
    load: async () => (await import("./recover.ts")).boardRecoverCommand,
  },
  {
    name: "serial-recovery",
    about: "bring a board into MCUboot's serial recovery: button, reset pin, boot mode …",
    load: async () => (await import("./serial-recovery.ts")).boardSerialRecoveryCommand,
  },
  {
    name: "release",
    about: "free the locks that dead runs left on ports and relay channels",
    load: async () => (await import("./release.ts")).boardReleaseCommand,
  },
  {
    name: "calibrate",
    about: "measure how fast a board's switch is, with nothing but its UART",
    load: async () => (await import("./calibrate.ts")).boardCalibrateCommand,
  },
];

/** `hil board COMMAND …` */
export async function boardCommand(argv: readonly string[], io: CliIo): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name === "--help" || name === "-h") {
    const rows = BOARD_COMMANDS.map((row) => `  hil board ${row.name.padEnd(15)} ${row.about}`);
    const more = "Each explains itself with --help. A board is named by its profile: --board FILE";
    io.out(`hil board <command> [options]\n\n${rows.join("\n")}\n\n${more}\n`);
    return name === undefined ? EXIT.request : EXIT.pass;
  }
  const command = BOARD_COMMANDS.find((row) => row.name === name);
  if (command) return (await command.load())(rest, io);
  const names = BOARD_COMMANDS.map((row) => row.name);
  const near = nearest(name, names);
  const hint = near === undefined ? `The commands are ${names.join(", ")}.` : `Did you mean "hil board ${near}"?`;
  throw new UsageError(`no command "hil board ${name}".`, hint);
}
