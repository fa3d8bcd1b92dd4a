import { randomBytes } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { z } from "zod";
import { bootId, defined, hasCode, isRunning, parseJson, processStart, wallTime } from "../../core/index.ts";

/** A lock's file is short. Anything longer, and what is no file, is none. */
const OWNER_BYTES_MAX = 4096;
const text = z.string().max(400);

const OWNER = z.object({
  schema: z.literal(1),
  /** What is locked, for people. */
  resource: text,
  board: text,
  user: text,
  host: text,
  /** Never 0 or below: those stand for groups of processes. */
  pid: z.int().min(1),
  /** When the process started, in ticks since the host's boot: a later process may have its number. Linux only. */
  started: text.optional(),
  /** Which boot of the host that was. Linux only. */
  boot: text.optional(),
  since: text,
  /** Names this taking of the lock; no other ever has it. Part of a file's name: never a path. */
  token: z.string().regex(/^[0-9a-f]{16}$/),
});

/** Who holds a lock, as its file says. */
export type LockOwner = z.output<typeof OWNER>;

/** This process as an owner, from now on. */
export function ownerNow(resource: string, board: string): LockOwner {
  const started = processStart(process.pid);
  const boot = bootId();
  return {
    schema: 1,
    resource,
    board,
    user: userName(),
    host: hostname(),
    pid: process.pid,
    ...defined({ started, boot }),
    since: wallTime().toISOString(),
    token: randomBytes(8).toString("hex"),
  };
}

/**
 * The owner that a lock's file names: undefined when there is no such file, "unknown" when it cannot be read, or is a
 * link, a pipe or anything else that another user may have laid there.
 */
export function readOwner(path: string): LockOwner | "unknown" | undefined {
  try {
    return OWNER.parse(parseJson(readShort(path)));
  } catch (error) {
    return hasCode(error, "ENOENT") ? undefined : "unknown";
  }
}

function readShort(path: string): string {
  // O_NONBLOCK: to open a pipe that nobody writes to would wait for good. Undefined, so 0, on other systems.
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const file = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const found = fstatSync(file);
    if (!found.isFile() || found.size > OWNER_BYTES_MAX) throw new RangeError("this is no lock");
    const bytes = Buffer.alloc(OWNER_BYTES_MAX);
    return bytes.toString("utf8", 0, readSync(file, bytes));
  } finally {
    closeSync(file);
  }
}

/**
 * Whether an owner still lives: "elsewhere" for one on another host, which nobody here can see.
 * @param root stands for /proc in tests.
 */
export function lifeOf(owner: LockOwner, root = "/proc"): "alive" | "dead" | "elsewhere" {
  if (owner.host !== hostname()) return "elsewhere";
  const boot = bootId(root);
  if (owner.boot !== undefined && boot !== undefined && owner.boot !== boot) return "dead";
  return isRunning(owner.pid, owner.started, root) ? "alive" : "dead";
}

/** "ci on lab-pc (process 4711, board lab-07) since 2026-11-21 14:03:10 UTC". */
export function ownerText({ user, host, pid, board, since }: LockOwner): string {
  return `${user} on ${host} (process ${pid}, board ${board}) since ${since.slice(0, 19).replace("T", " ")} UTC`;
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a number that no name belongs to.
    return `user ${process.getuid?.() ?? "unknown"}`;
  }
}
