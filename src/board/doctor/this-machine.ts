import { access, constants, readdir, readFile, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { release } from "node:os";
import { hasCode, wallTime } from "../../core/index.ts";
import { holdersOf, listPorts } from "../../serial/index.ts";
import { findProgram } from "../flash/programs.ts";
import { findLocks, locksFolder } from "../lease/lock.ts";
import type { System } from "./system.ts";

const load = createRequire(import.meta.url);
/** A file of sysfs or procfs is short; anything longer is not what is looked for. */
const TEXT_BYTES_MAX = 65_536;

/** The machine that this process runs on. */
export function thisMachine(env: System["env"]): System {
  const text = (path: string) => readFile(path, "utf8").catch(() => undefined);
  const entries = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);
  return {
    platform: process.platform,
    kernel: release(),
    env,
    read: async (path) => (await text(path))?.slice(0, TEXT_BYTES_MAX),
    entries,
    access: (path) =>
      access(path, constants.R_OK | constants.W_OK).then(
        () => "allowed" as const,
        (error: unknown) => (hasCode(error, "EACCES") || hasCode(error, "EPERM") ? "forbidden" : "absent"),
      ),
    async groupOf(path) {
      const found = await stat(path).catch(() => undefined);
      return found && groupName((await text("/etc/group")) ?? "", found.gid);
    },
    async groups() {
      const file = (await text("/etc/group")) ?? "";
      return (process.getgroups?.() ?? []).map((gid) => groupName(file, gid));
    },
    ports: () => listPorts(),
    holders: (path) => holdersOf(path),
    async processes() {
      const pids = (await entries("/proc")).filter((name) => /^\d+$/.test(name));
      const names = await Promise.all(pids.map((pid) => text(`/proc/${pid}/comm`)));
      return pids.flatMap((pid, index) => {
        const name = names[index]?.trim();
        return name === undefined ? [] : [{ pid: Number(pid), name }];
      });
    },
    program: (name, profileFile) => findProgram(name, env, profileFile),
    library(name) {
      try {
        load.resolve(name);
        return true;
      } catch {
        return false;
      }
    },
    locks: async () => findLocks(locksFolder(env)),
    nowMs: () => wallTime().getTime(),
  };
}

/** Name of a group in the text of /etc/group; its number where the file does not know it. */
function groupName(file: string, gid: number): string {
  const row = file.split("\n").find((line) => line.split(":")[2] === String(gid));
  return row?.split(":")[0] ?? String(gid);
}
