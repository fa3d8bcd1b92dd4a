import {
  type FoundLock,
  findLocks,
  loadProfile,
  locksFolder,
  ownerText,
  removeLock,
  resourcesOf,
} from "../../board/index.ts";
import { EXIT } from "../../core/index.ts";
import { count } from "../../report/index.ts";
import { type OptionRows, parseArguments } from "../terminal/arguments.ts";
import type { CliIo } from "../terminal/io.ts";

const OPTIONS = {
  board: { type: "string", describe: "only the locks of this board's ports and switch (default: all of this machine)" },
  force: { type: "boolean", describe: "also locks whose owner lives, or cannot be seen from here" },
} as const satisfies OptionRows;

const LIVES = {
  alive: "its process lives",
  elsewhere: "its process runs on another host",
  unknown: "its file cannot be read",
  dead: "its process is gone",
} as const;

/** `hil board release [--board P] [--force]`: frees the locks that dead runs left; with --force those of live ones, too. */
export async function boardReleaseCommand(argv: readonly string[], io: CliIo): Promise<number> {
  const args = parseArguments(io, argv, "hil board release [options]", OPTIONS, 0);
  if (!args) return EXIT.pass;
  const named = args.text("board");
  const resources = named === undefined ? undefined : await resourcesOf(await loadProfile(named, { cwd: io.cwd }));
  const locks = findLocks(locksFolder({ ...process.env, ...io.env }), resources);
  const freed = locks.filter((lock) => lock.life === "dead" || args.flag("force"));
  for (const lock of freed) {
    removeLock(lock);
    io.out(`released  ${lockText(lock)}\n`);
  }
  const kept = locks.filter((lock) => !freed.includes(lock));
  for (const lock of kept) io.out(`held      ${lockText(lock)}\n`);
  if (locks.length === 0) io.out("nothing is locked\n");
  if (kept.length === 0) return EXIT.pass;
  io.err(
    `hil: ${count(kept.length, "lock")} still held. Stop the run that holds it; --force takes it away from a run.\n`,
  );
  return EXIT.bench;
}

function lockText({ path, owner, life }: FoundLock): string {
  if (owner === "unknown") return `${path}: ${LIVES[life]}`;
  return `${owner.resource}: ${ownerText(owner)}; ${LIVES[life]}`;
}
