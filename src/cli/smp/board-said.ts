import type { SmpWay } from "../../board/index.ts";
import type { Parsed } from "../terminal/arguments.ts";
import type { CliIo } from "../terminal/io.ts";

/** What a board's profile says that one SMP command can use. */
export interface BoardSaid {
  /** Where it serves SMP; undefined of a simulated board, whose ports are named with --port. */
  readonly way: SmpWay | undefined;
  /** How long the first chunk of an upload may take, in milliseconds: the slot is erased before it is answered. */
  readonly firstChunkMs: number;
}

/**
 * The profile that --board names. Only a command that names one loads what reads profiles: `hil smp` starts without.
 * @throws ConfigurationError
 */
export async function boardSaid(parsed: Parsed, io: CliIo): Promise<BoardSaid | undefined> {
  const named = parsed.text("board");
  if (named === undefined) return undefined;
  const { firstChunkMs, loadProfile, smpWay } = await import("../../board/index.ts");
  const loaded = await loadProfile(named, { cwd: io.cwd });
  return { way: smpWay(loaded), firstChunkMs: firstChunkMs(loaded.profile) };
}
