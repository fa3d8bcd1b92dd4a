import { enterSerialRecovery } from "../../board/index.ts";
import { Cleanup, EXIT } from "../../core/index.ts";
import { type OptionRows, parseArguments } from "../terminal/arguments.ts";
import type { CliIo } from "../terminal/io.ts";
import { BOARD_OPTION, namedProfile, openLeasedBoard } from "./option.ts";

const OPTIONS = { ...BOARD_OPTION } as const satisfies OptionRows;

/** `hil board serial-recovery`: brings a board into MCUboot's serial recovery, the way that its profile names. */
export async function boardSerialRecoveryCommand(argv: readonly string[], io: CliIo): Promise<number> {
  const args = parseArguments(io, argv, "hil board serial-recovery [options]", OPTIONS, 0);
  if (!args) return EXIT.pass;
  const loaded = await namedProfile(args, io);
  await using closing = new Cleanup();
  const board = await openLeasedBoard(loaded, io, closing);
  await enterSerialRecovery(board, io.signal);
  const { images } = await board.smp.imageState({ signal: io.signal });
  const found = images.map(({ image, slot, version }) => `\n  image ${image} slot ${slot}: ${version}`);
  io.out(`${board.name} is in serial recovery.${found.length === 0 ? " It lists no image." : found.join("")}\n`);
  return EXIT.pass;
}
