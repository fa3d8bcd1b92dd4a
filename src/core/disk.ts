import { statfsSync } from "node:fs";
import { BenchError, hasCode } from "./errors.ts";

/** What a system says when it will not take a file, and what a person can do about it. Source: POSIX errno.h, write(2). */
const DISK_FAULTS = [
  { code: "ENOSPC", what: "no room is left on the disk", hint: "Free some, or write to another disk." },
  { code: "EDQUOT", what: "the quota of the disk is used up", hint: "Free some, or write to another disk." },
  { code: "EFBIG", what: "the file would be longer than is allowed here", hint: "See ulimit -f." },
  { code: "EROFS", what: "the file system is read-only", hint: "Name another folder, or mount it writable." },
  { code: "EACCES", what: "permission is denied", hint: "Name a folder that you may write to." },
  { code: "EPERM", what: "permission is denied", hint: "Name a folder that you may write to." },
  { code: "EIO", what: "the disk reports a fault", hint: "See dmesg: it may be failing." },
  { code: "ESTALE", what: "the network file system lost the file", hint: "Mount it again, or write to a local disk." },
  { code: "EMFILE", what: "this process has too many files open", hint: "Raise ulimit -n." },
  { code: "ENFILE", what: "the system has too many files open", hint: "Close some, or raise fs.file-max." },
] as const;

type DiskFault = (typeof DISK_FAULTS)[number]["code"];
export const DISK_FAULT_CODES: readonly DiskFault[] = DISK_FAULTS.map(({ code }) => code);

/**
 * A failed write as an error of the bench (exit 3), with a sentence.
 * @param doing what failed, as the head of the sentence: "cannot write out.xml"; default: by what the system said.
 * @returns undefined for what is no fault of a disk.
 */
export function diskError(error: unknown, doing = doingOf(error)): BenchError | undefined {
  const row = DISK_FAULTS.find(({ code }) => hasCode(error, code));
  return row && new BenchError(`${doing}: ${row.what} (${row.code}).`, row.hint, { cause: error });
}

/** "cannot open /mnt/x": the call and the path that node:fs names. */
function doingOf(error: unknown): string {
  const call = textField(error, "syscall") ?? "write";
  return `cannot ${call} ${textField(error, "path") ?? "a file"}`;
}

function textField(error: unknown, name: "syscall" | "path"): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const field: unknown = Object.entries(error).find(([key]) => key === name)?.[1];
  return typeof field === "string" ? field : undefined;
}

/** What the disk of a folder has left for this user, in bytes. @throws what the system says. */
export function freeBytesOf(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}
