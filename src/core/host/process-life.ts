import { readFileSync, readlinkSync } from "node:fs";
import { hasCode } from "../errors.ts";

/** Which boot of this host this is. Linux only, else undefined. */
export function bootId(root = "/proc"): string | undefined {
  return contentOf(`${root}/sys/kernel/random/boot_id`)?.trim();
}

/** Among which processes a number means this one: a container counts its own. Linux only, else undefined. */
export function processSpace(): string | undefined {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return undefined;
  }
}

/**
 * When a process started, in ticks since the host's boot: a later process may have its number. Undefined where the
 * system does not tell, and for a process that has ended and waits for its parent.
 */
export function processStart(pid: number, root = "/proc"): string | undefined {
  const stat = contentOf(`${root}/${pid}/stat`);
  // The program's name stands in parentheses and may hold anything. Source: proc(5), fields 3 (state) and 22.
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields?.[0] === "Z" || fields?.[0] === "X" ? undefined : fields?.[19];
}

/**
 * Whether a process of this host still runs.
 * @param started as `processStart` said of it; undefined where nobody knew.
 * @param root stands for /proc in tests.
 */
export function isRunning(pid: number, started: string | undefined, root = "/proc"): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // A process of another user may not be asked, but it is there.
    if (!hasCode(error, "EPERM")) return false;
  }
  return started === undefined || processStart(pid, root) === started;
}

function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
