import { basename, relative } from "node:path";
import { DISK, type RecordFiles } from "../record/record-files.ts";

/** As node:fs throws it. */
export function diskFault(code: string): Error {
  return Object.assign(new Error(`${code}: no such luck, write`), { code, syscall: "write" });
}

/**
 * The disk, on which from the n-th write on (from 1; making and appending to files, renaming them) each one fails,
 * after half of its bytes. `ENOSPC`: until a file is removed, after which as many bytes fit as it had.
 */
export function failingDisk(code: string, from: number): RecordFiles & { readonly writes: () => number } {
  let writes = 0;
  let room = 0;
  const sizes = new Map<string, number>();
  const fails = (bytes: number): boolean => {
    writes += 1;
    if (writes < from) return false;
    if (code !== "ENOSPC" || room < bytes) return true;
    room -= bytes;
    return false;
  };
  return {
    ...DISK,
    writes: () => writes,
    open: (path) => {
      if (fails(0)) throw diskFault(code);
      return DISK.open(path);
    },
    append: (file, bytes) => {
      if (!fails(bytes.length)) return DISK.append(file, bytes);
      if (bytes.length > 1 && writes === from) return DISK.append(file, bytes.subarray(0, bytes.length >> 1));
      throw diskFault(code);
    },
    write: (path, bytes) => {
      if (fails(bytes.length)) {
        DISK.write(path, bytes.subarray(0, bytes.length >> 1));
        throw diskFault(code);
      }
      sizes.set(path, bytes.length);
      DISK.write(path, bytes);
    },
    rename: (from, to) => {
      if (fails(0)) throw diskFault(code);
      DISK.rename(from, to);
    },
    remove: (path) => {
      if (code === "EROFS" && writes >= from) throw diskFault(code);
      room += sizes.get(path) ?? 0;
      DISK.remove(path);
    },
  };
}

/** One thing done to a disk. Paths are those in the run's folder. */
type Done =
  | { readonly act: "append"; readonly path: string; readonly bytes: Uint8Array }
  | { readonly act: "write"; readonly path: string; readonly bytes: Uint8Array }
  | { readonly act: "truncate"; readonly path: string; readonly bytes: number }
  | { readonly act: "rename"; readonly path: string; readonly to: string }
  | { readonly act: "remove"; readonly path: string };

/** The disk, and all that was done to it: to see what lies there when the process is killed at any of it. */
export function rememberingDisk(): RecordFiles & { readonly done: readonly Done[] } {
  const done: Done[] = [];
  const opened = new Map<number, string>();
  let folder = "";
  const inFolder = (path: string) => relative(folder, path);
  return {
    ...DISK,
    done,
    makeFolder: (path) => {
      if (!["uart", "inputs"].includes(basename(path))) folder = path;
      DISK.makeFolder(path);
    },
    open: (path) => {
      const file = DISK.open(path);
      opened.set(file, inFolder(path));
      done.push({ act: "append", path: inFolder(path), bytes: new Uint8Array(0) });
      return file;
    },
    append: (file, bytes) => {
      done.push({ act: "append", path: opened.get(file) ?? "", bytes: Uint8Array.from(bytes) });
      return DISK.append(file, bytes);
    },
    truncate: (file, bytes) => {
      done.push({ act: "truncate", path: opened.get(file) ?? "", bytes });
      DISK.truncate(file, bytes);
    },
    write: (path, bytes) => {
      done.push({ act: "write", path: inFolder(path), bytes: Uint8Array.from(bytes) });
      DISK.write(path, bytes);
    },
    rename: (from, to) => {
      done.push({ act: "rename", path: inFolder(from), to: inFolder(to) });
      DISK.rename(from, to);
    },
    remove: (path) => {
      done.push({ act: "remove", path: inFolder(path) });
      DISK.remove(path);
    },
  };
}

/** Does one thing to files in memory; with `half` only the first half of its bytes, as a kill in its middle does. */
export function applied(files: ReadonlyMap<string, string>, done: Done, half = false): Map<string, string> {
  const after = new Map(files);
  const text = (bytes: Uint8Array) =>
    Buffer.from(half ? bytes.subarray(0, bytes.length >> 1) : bytes).toString("latin1");
  const { act, path } = done;
  if (act === "append") after.set(path, (files.get(path) ?? "") + text(done.bytes));
  if (act === "write") after.set(path, text(done.bytes));
  if (act === "truncate") after.set(path, (files.get(path) ?? "").slice(0, done.bytes));
  if (act === "remove") after.delete(path);
  if (act === "rename" && !half) {
    after.set(done.to, files.get(path) ?? "");
    after.delete(path);
  }
  return after;
}
