import { untilAnswers } from "../../board/index.ts";
import { Cleanup, ConfigurationError, EXIT, UsageError } from "../../core/index.ts";
import { type OptionRows, parseArguments } from "../terminal/arguments.ts";
import type { CliIo } from "../terminal/io.ts";
import { agreed, BOARD_OPTION, namedProfile, openLeasedBoard } from "./option.ts";

const OPTIONS = {
  ...BOARD_OPTION,
  yes: { type: "boolean", alias: "y", describe: "do not ask: everything on the board is erased" },
} as const satisfies OptionRows;

/** `hil board recover`: for a board that is bricked or locked. Erases both cores, network core first; then the baseline. */
export async function boardRecoverCommand(argv: readonly string[], io: CliIo): Promise<number> {
  const args = parseArguments(io, argv, "hil board recover [options]", OPTIONS, 0);
  if (!args) return EXIT.pass;
  const loaded = await namedProfile(args, io);
  const { profile } = loaded;
  await using closing = new Cleanup();
  if (profile.provider === "hardware" && profile.flasher === undefined) {
    throw new ConfigurationError(
      `${loaded.file} names no flasher.`,
      "Add one with a baseline, such as flasher: { tool: nrfutil, baseline: { app: merged.hex } } (docs/power.md).",
    );
  }
  if (!args.flag("yes") && !(await agreed(`Erase all of ${profile.name}, both cores?`, io))) {
    throw new UsageError(`recovering erases all of ${profile.name}.`, "Say so with --yes.");
  }
  const board = await openLeasedBoard(loaded, io, closing);
  const recover = board.flasher?.recover?.bind(board.flasher);
  if (!recover) throw new ConfigurationError(`${profile.name} is simulated: nothing of it can be bricked.`);
  if (board.power.facts.cuts !== "reset only") await board.power.set("on", { signal: io.signal });
  await recover(io.signal);
  if (profile.flasher?.baseline === undefined) {
    io.out(
      "Both cores are erased, and nothing runs: the profile's flasher has no baseline. `hil board flash` programs.\n",
    );
    return EXIT.pass;
  }
  await untilAnswers(board, io.signal);
  board.health?.clear();
  io.out(`Both cores were erased, the baseline is programmed, and ${profile.name} answers.\n`);
  return EXIT.pass;
}
