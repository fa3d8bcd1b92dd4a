import { groupCommand, type LoadedCommand } from "../terminal/command-group.ts";
import type { CliIo } from "../terminal/io.ts";

/** The commands of `hil board`; each is loaded only when it is called, and explains itself with --help. */
export const BOARD_COMMANDS: readonly LoadedCommand[] = [
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
    name: "prove",
    about: "show on a board what nobody has seen yet: the rows of docs/unverified.md",
    load: async () => (await import("./prove.ts")).boardProveCommand,
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

const MORE = "Each explains itself with --help. A board is named by its profile: --board FILE";

/** `hil board COMMAND …` */
export function boardCommand(argv: readonly string[], io: CliIo): Promise<number> {
  return groupCommand({ name: "hil board", commands: BOARD_COMMANDS, more: MORE }, argv, io);
}
