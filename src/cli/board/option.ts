import {
  type Board,
  type LoadedProfile,
  loadProfile,
  openBoard,
  passwordWarnings,
  takeLease,
} from "../../board/index.ts";
import { type Cleanup, Random, UsageError } from "../../core/index.ts";
import type { OptionRows, Parsed } from "../terminal/arguments.ts";
import type { CliIo } from "../terminal/io.ts";

/** The option by which every command of `hil board` knows its board. */
export const BOARD_OPTION = {
  board: { type: "string", alias: "b", describe: "board profile: a YAML file (default: $HIL_BOARD)" },
} as const satisfies OptionRows;

/** The profile that --board or HIL_BOARD names; warns of passwords that everybody can read. @throws UsageError when neither does; ConfigurationError. */
export async function namedProfile(args: Parsed, io: CliIo): Promise<LoadedProfile> {
  const named = args.text("board") ?? io.env["HIL_BOARD"] ?? "";
  if (named === "") throw new UsageError("which board?", "Name its profile with --board FILE, or in HIL_BOARD.");
  const loaded = await loadProfile(named, { cwd: io.cwd });
  for (const text of passwordWarnings(loaded)) io.err(`hil: warning: ${text}\n`);
  return loaded;
}

/** Asks before a board is touched; true for "yes" alone, and without a terminal never. @param question ends in "?" */
export async function agreed(question: string, io: CliIo): Promise<boolean> {
  const answer = await io.ask?.(`${question} Type yes: `);
  return answer?.trim().toLowerCase() === "yes";
}

/** Takes the board's lease, and says from whom locks were taken over; given back with `closing`. @throws BenchError */
export async function leaseBoard(loaded: LoadedProfile, io: CliIo, closing: Cleanup): Promise<void> {
  const lease = closing.use("lease", await takeLease(loaded));
  for (const note of lease.notes) io.err(`note: ${note}\n`);
}

/** Opens the board of a profile, which takes its lease, too; undone with `closing`. @throws BenchError; ConfigurationError */
export async function openLeasedBoard(loaded: LoadedProfile, io: CliIo, closing: Cleanup): Promise<Board> {
  const board = closing.use("board", await openBoard(loaded, { random: Random.fromSeed(1), signal: io.signal }));
  for (const note of board.notes ?? []) io.err(`note: ${note}\n`);
  return board;
}

/**
 * Work that moves a good board's power: while it goes on the board is marked dirty on disk, so that whatever kills it,
 * the next run brings the board back. The mark goes when `isWell` says so of the result.
 */
export async function whileMarkedDirty<T>(
  board: Pick<Board, "health">,
  because: string,
  work: () => Promise<T>,
  isWell: (result: T) => boolean = () => true,
): Promise<T> {
  const { health } = board;
  const wasGood = health?.load().state === "good";
  if (wasGood) health?.markDirty(because);
  const result = await work();
  if (wasGood && isWell(result)) health?.clear();
  return result;
}
