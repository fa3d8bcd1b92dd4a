import { createHash } from "node:crypto";
import { chmodSync, linkSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { BenchError, hasCode, isKind, makeFolder, messageOf } from "../../core/index.ts";
import { type LockOwner, lifeOf, ownerNow, ownerText, readOwner } from "./owner.ts";

/** Names the folder of the locks, where the usual one will not do (several containers that share boards, say). */
export const LOCKS_VARIABLE = "HIL_LOCKS";

/** Tries before a lock that comes and goes all the time is given up. */
const TRIES_MAX = 1000;
/** Everybody's: whoever comes next may take over what a killed run of somebody else left. */
const FOLDER_MODE = 0o777;

/** One thing that only one run may use at a time. */
export interface Resource {
  /** What stays the same however a profile names it. */
  readonly id: string;
  /** For people: "port /dev/ttyACM1", "channel 2 of the relay on /dev/ttyUSB0". */
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
 * at most has it: a lock comes into being whole, by a hard link, and a dead owner's place is taken by whoever makes
 * the one file that is named after that owner's token.
 * @throws BenchError when somebody holds it: who, where, since when; or when the folder cannot be used.
 */
export function takeLock(resource: Resource, board: string, folder: string): Lock {
  try {
    openFolder(folder);
    return { resource, ...takeAt(join(folder, fileName(resource)), ownerNow(resource.name, board)) };
  } catch (error) {
    if (isKind(error, "bench")) throw error;
    throw new BenchError(
      `${resource.name} cannot be locked in ${folder}: ${messageOf(error)}.`,
      `Make that folder writable for everybody, or name another one in ${LOCKS_VARIABLE}.`,
      { cause: error },
    );
  }
}

function takeAt(path: string, owner: LockOwner): Omit<Lock, "resource"> {
  const own = join(dirname(path), `.${owner.token}`);
  try {
    writeFileSync(own, `${JSON.stringify(owner)}\n`, { flag: "wx", mode: 0o644 });
    for (let tries = 0; tries < TRIES_MAX; tries += 1) {
      const taken = claim(path, own);
      if (taken) return { from: taken.from, release: () => removeIf(path, owner.token) };
    }
  } finally {
    rmSync(own, { force: true });
  }
  throw new BenchError(`the lock of ${owner.resource} comes and goes all the time.`, "Run again.");
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

/** Links `own` to `path`; returns undefined when something moved in between, and it is worth another try. */
function claim(path: string, own: string): { readonly from: LockOwner | undefined } | undefined {
  try {
    linkSync(own, path);
    return { from: undefined };
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error;
  }
  const owner = readOwner(path);
  if (owner === undefined) return undefined;
  if (owner === "unknown" || lifeOf(owner) !== "dead") throw new HeldError(path, owner);
  const successor = `${path}.${owner.token}`;
  if (!claim(successor, own)) return undefined;
  // Whoever read the dead owner's file long ago may come here late: then another one stands there by now.
  const still = readOwner(path);
  if (still === undefined || still === "unknown" || still.token !== owner.token) {
    rmSync(successor, { force: true });
    return undefined;
  }
  renameSync(successor, path);
  return { from: owner };
}

function removeIf(path: string, token: string): void {
  const owner = readOwner(path);
  if (owner !== undefined && owner !== "unknown" && owner.token === token) rmSync(path, { force: true });
}

function openFolder(folder: string): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return;
  makeFolder(folder);
  chmodSync(folder, FOLDER_MODE);
}

function fileName({ id }: Resource): string {
  const hash = createHash("sha256").update(id).digest("hex").slice(0, 12);
  return `${id.replaceAll(/[^\w-]+/g, "_").slice(0, 80)}-${hash}.lock`;
}

/** A lock as it was found. */
export interface FoundLock {
  readonly path: string;
  readonly owner: LockOwner | "unknown";
  readonly life: "alive" | "dead" | "elsewhere" | "unknown";
}

/** All locks, or those of some resources. @throws BenchError when the folder cannot be read. */
export function findLocks(folder: string, resources?: readonly Resource[]): readonly FoundLock[] {
  const wanted = resources?.map(fileName);
  return namesIn(folder)
    .filter((name) => name.endsWith(".lock") && (wanted?.includes(name) ?? true))
    .toSorted()
    .flatMap((name) => {
      const path = join(folder, name);
      const owner = readOwner(path);
      if (owner === undefined) return [];
      return [{ path, owner, life: owner === "unknown" ? ("unknown" as const) : lifeOf(owner) }];
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
 * that takes it over at the same moment does not lose it again.
 * @throws BenchError when it cannot be removed.
 */
export function removeLock({ path, owner, life }: FoundLock): void {
  try {
    if (owner === "unknown") rmSync(path, { force: true });
    else if (life === "dead") takeAt(path, ownerNow(owner.resource, owner.board)).release();
    else removeIf(path, owner.token);
  } catch (error) {
    if (hasCode(error, "held")) return;
    const text = `the lock ${path} cannot be removed: ${messageOf(error)}.`;
    throw new BenchError(text, "Ask its owner, or use sudo.", { cause: error });
  }
}
