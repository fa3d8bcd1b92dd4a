import { createHash } from "node:crypto";
import { chmodSync, linkSync, lstatSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { BenchError, hasCode, isKind, makeFolder, messageOf } from "../../core/index.ts";
import { type LockOwner, lifeOf, ownerNow, ownerText, readOwner } from "./owner.ts";

/** Names the folder of the locks, where the usual one will not do (several containers that share boards, say). */
export const LOCKS_VARIABLE = "HIL_LOCKS";

/** Tries before a lock that comes and goes all the time is given up. */
const TRIES_MAX = 1000;
/** Everybody's, and sticky: each may lay down locks, nobody may take away or rename those of another. */
const FOLDER_MODE = 0o1777;
/** A dead owner's successor is a file of its own: so many of them in a row are looked at. */
const CHAIN_MAX = 1000;
/** Files of ours in the folder: `KIND-HASH.lock`, and `KIND-HASH.TOKEN.lock` for who came after that token's owner. */
const LOCK_NAME = /^((?:port|power|lab)-[0-9a-f]{24})(?:\.[0-9a-f]{16})?\.lock$/;

/** One thing that only one run may use at a time. */
export interface Resource {
  readonly kind: "port" | "power" | "lab";
  /** What stays the same however a profile names it. It may hold addresses and arguments: it leaves this process as a hash only. */
  readonly id: string;
  /** For people, and for every user of this machine: "port /dev/ttyACM1", "the power switch lcus (channel 2)". */
  readonly name: string;
}

/** A lock that is held. */
export interface Lock {
  readonly resource: Resource;
  /** The dead owner that it was taken from. */
  readonly from: LockOwner | undefined;
  release(): void;
}

/** The folder of the locks, the same for every user of this machine. */
export function locksFolder(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const named = env[LOCKS_VARIABLE];
  if (named !== undefined && named !== "") return named;
  const shared = statSync("/run/lock", { throwIfNoEntry: false });
  const open = shared?.isDirectory() === true && (shared.mode & 0o002) !== 0;
  return join(open ? "/run/lock" : process.platform === "win32" ? tmpdir() : "/tmp", "mcuboot-hil");
}

/**
 * Takes the lock of a resource, from a dead owner, too. Never waits. Of any number of processes that try at once one
 * at most has it: a lock comes into being whole, by a hard link, and a dead owner is followed by whoever makes the one
 * file that is named after that owner's token. A dead owner's own file stays where it belongs to another user, whom a
 * sticky folder protects: then the lock is held by the last of a chain of such files.
 * @param rename stands for a folder that lets nobody touch another user's files, in tests.
 * @throws BenchError when somebody holds it: who, where, since when; or when the folder cannot be used.
 */
export function takeLock(resource: Resource, board: string, folder: string, rename = renameSync): Lock {
  try {
    openFolder(folder);
    return { resource, ...takeAt(folder, stemOf(resource), ownerNow(resource.name, board), rename) };
  } catch (error) {
    if (isKind(error, "bench")) throw error;
    throw new BenchError(
      `${resource.name} cannot be locked in ${folder}: ${messageOf(error)}.`,
      `Make that folder writable for everybody, or name another one in ${LOCKS_VARIABLE}.`,
      { cause: error },
    );
  }
}

function takeAt(folder: string, stem: string, owner: LockOwner, rename = renameSync): Omit<Lock, "resource"> {
  const own = join(folder, `.${owner.token}`);
  try {
    writeFileSync(own, `${JSON.stringify(owner)}\n`, { flag: "wx", mode: 0o644 });
    for (let tries = 0; tries < TRIES_MAX; tries += 1) {
      const chain = chainOf(folder, stem);
      const taken = claim(chain, own);
      if (taken === undefined) continue;
      const path = movedDown(chain, taken, rename);
      return { from: chain.dead.at(-1)?.owner, release: () => removeIf(path, owner.token) };
    }
  } finally {
    rmSync(own, { force: true });
  }
  throw new BenchError(`the lock of ${owner.resource} comes and goes all the time.`, "Run again.");
}

/** Who had a lock, one after the other, as its files say. */
interface Chain {
  /** Owners that are gone, the first one first. */
  readonly dead: readonly { readonly path: string; readonly owner: LockOwner }[];
  /** Where whoever comes next lays down its file. */
  readonly next: string;
  /** Who stands there already. */
  readonly holder: { readonly owner: LockOwner | "unknown"; readonly life: FoundLock["life"] } | undefined;
}

function chainOf(folder: string, stem: string): Chain {
  const dead: { path: string; owner: LockOwner }[] = [];
  let next = join(folder, `${stem}.lock`);
  while (dead.length < CHAIN_MAX) {
    const owner = readOwner(next);
    if (owner === undefined) return { dead, next, holder: undefined };
    const life = owner === "unknown" ? owner : lifeOf(owner);
    if (owner === "unknown" || life !== "dead") return { dead, next, holder: { owner, life } };
    dead.push({ path: next, owner });
    next = join(folder, `${stem}.${owner.token}.lock`);
  }
  throw new BenchError(`the lock ${next} has more than ${CHAIN_MAX} dead owners.`, "Remove its files.");
}

/** Links `own` to the end of a chain; returns undefined when something moved in between, and it is worth another try. */
function claim({ dead, next, holder }: Chain, own: string): string | undefined {
  if (holder) throw new HeldError(next, holder.owner);
  try {
    linkSync(own, next);
  } catch (error) {
    if (hasCode(error, "EEXIST")) return undefined;
    throw error;
  }
  // Whoever read the dead owners' files long ago may come here late: then another one stands in their place by now.
  const isStill = dead.every(({ path, owner }) => {
    const now = readOwner(path);
    return now !== undefined && now !== "unknown" && now.token === owner.token;
  });
  if (isStill) return next;
  rmSync(next, { force: true });
  return undefined;
}

/**
 * Puts a lock that was taken from the dead in the place of the first of them that this user may replace, and clears
 * away those that it passed over; returns where the lock is now.
 */
function movedDown({ dead }: Chain, path: string, rename: typeof renameSync): string {
  for (const [index, { path: place }] of dead.entries()) {
    try {
      rename(path, place);
    } catch (error) {
      // Another user's file, in a sticky folder.
      if (hasCode(error, "EPERM") || hasCode(error, "EACCES")) continue;
      throw error;
    }
    for (const passed of dead.slice(index + 1)) {
      try {
        rmSync(passed.path, { force: true });
      } catch {
        // Another user's: nothing leads there any more.
      }
    }
    return place;
  }
  return path;
}

/** Somebody else holds what this run needs. Exit 3. */
class HeldError extends BenchError {
  readonly code = "held";
  readonly owner: LockOwner | "unknown";

  constructor(path: string, owner: LockOwner | "unknown") {
    const unknown = owner === "unknown";
    const far = !unknown && lifeOf(owner) === "elsewhere";
    super(
      unknown ? `the lock ${path} cannot be read.` : `${owner.resource} is in use by ${ownerText(owner)}.`,
      unknown || far
        ? `If you know that no run uses it${far ? " there" : ""}: hil board release --force.`
        : "Wait for it to end, or stop it; if it hangs, hil board release --force frees the lock.",
    );
    this.owner = owner;
  }
}

function removeIf(path: string, token: string): void {
  const owner = readOwner(path);
  if (owner !== undefined && owner !== "unknown" && owner.token === token) rmSync(path, { force: true });
}

/**
 * Makes the folder where there is none, and looks at the one that is there.
 * @throws BenchError for a link, for what is no folder, and where any user could take away the locks of another.
 */
function openFolder(folder: string): void {
  const found = lstatSync(folder, { throwIfNoEntry: false });
  if (found === undefined) {
    makeFolder(folder);
    chmodSync(folder, FOLDER_MODE);
    return;
  }
  if (!found.isDirectory()) {
    const text = `the folder of the locks, ${folder}, is ${found.isSymbolicLink() ? "a link" : "no folder"}.`;
    throw new BenchError(text, `Remove it, or name a folder in ${LOCKS_VARIABLE}.`);
  }
  const isOpen = (found.mode & 0o002) !== 0 && (found.mode & 0o1000) === 0;
  const user = process.getuid?.();
  if (!isOpen || user === undefined) return;
  if (found.uid !== user) {
    const text = `in the folder of the locks, ${folder}, every user can take away the locks of another.`;
    throw new BenchError(text, `Its owner sets that right: chmod 1777 ${folder}`);
  }
  chmodSync(folder, FOLDER_MODE);
}

function stemOf({ kind, id }: Resource): string {
  return `${kind}-${createHash("sha256").update(id).digest("hex").slice(0, 24)}`;
}

/** A lock as it was found. */
export interface FoundLock {
  readonly path: string;
  readonly owner: LockOwner | "unknown";
  readonly life: "alive" | "dead" | "elsewhere" | "unknown";
}

/** All locks, or those of some resources, each once: who holds it, else who died last. @throws BenchError when the folder cannot be read. */
export function findLocks(folder: string, resources?: readonly Resource[]): readonly FoundLock[] {
  const wanted = resources?.map(stemOf);
  const stems = namesIn(folder).flatMap((name) => LOCK_NAME.exec(name)?.[1] ?? []);
  return [...new Set(stems)]
    .filter((stem) => wanted?.includes(stem) ?? true)
    .toSorted()
    .flatMap((stem) => {
      const { dead, next, holder } = chainOf(folder, stem);
      const last = dead.at(-1);
      if (holder) return [{ path: next, ...holder }];
      return last === undefined ? [] : [{ ...last, life: "dead" as const }];
    });
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return [];
    throw new BenchError(`the locks in ${folder} cannot be read: ${messageOf(error)}.`, "", { cause: error });
  }
}

/**
 * Removes a lock that was found, unless it has another owner by now. A dead owner's is taken over first, so that a run
 * that takes it over at the same moment does not lose it again. Only a file that is named as a lock is ever removed.
 * @throws BenchError when it cannot be removed.
 */
export function removeLock({ path, owner, life }: FoundLock): void {
  const stem = LOCK_NAME.exec(basename(path))?.[1];
  try {
    if (stem === undefined) throw new BenchError("it is none of ours.", "");
    if (owner === "unknown") removeDamaged(path);
    else if (life === "dead") takeAt(dirname(path), stem, ownerNow(owner.resource, owner.board)).release();
    else removeIf(path, owner.token);
  } catch (error) {
    if (hasCode(error, "held")) return;
    const text = `the lock ${path} cannot be removed: ${messageOf(error).replace(/\.?$/, ".")}`;
    throw new BenchError(text, "Ask its owner, or use sudo.", { cause: error });
  }
}

function removeDamaged(path: string): void {
  if (!lstatSync(path).isFile()) throw new BenchError("it is a link, a pipe or a folder, and none of ours.", "");
  rmSync(path, { force: true });
}
