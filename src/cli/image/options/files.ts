import { randomBytes } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, resolve } from "node:path";
import {
  ConfigurationError,
  entryAt,
  hasCode,
  isHilError,
  messageOf,
  readHead,
  readInput,
  UsageError,
} from "../../../core/index.ts";

/** The files an image command touches; injected, so that a test or a golden run needs no disk. */
export interface ImageFiles {
  /** @throws what node:fs throws, with `code`. */
  read(path: string): Uint8Array;
  /**
   * All or nothing: after a failure the old file is still there, whole. `secret`: readable by the owner only;
   * `makesFolder`: a folder that is not there yet is made.
   */
  write(path: string, bytes: Uint8Array, options?: { readonly secret?: boolean; readonly makesFolder?: boolean }): void;
}

/** Files of the disk, relative to a working directory. */
export function diskFiles(cwd: string): ImageFiles {
  return {
    read: (path) => readInput(resolve(cwd, path)),
    write: (path, bytes, options) => {
      try {
        if (options?.makesFolder === true) mkdirSync(dirname(resolve(cwd, path)), { recursive: true });
        if (options?.secret !== true) refuseKey(resolve(cwd, path), path);
        writeWhole(resolve(cwd, path), bytes, options?.secret === true);
      } catch (cause) {
        if (isHilError(cause)) throw cause;
        throw new ConfigurationError(`cannot write ${path}: ${messageOf(cause)}.`, "Check folder and permissions.", {
          cause,
        });
      }
    },
  };
}

/** How much of a file is looked at, to know a key. */
const HEAD_BYTES = 64;

/** @throws UsageError when a private key lies there: it cannot be made again, and no image is written over it. */
function refuseKey(path: string, shown: string): void {
  if (!entryAt(path)?.isFile()) return;
  const head = Buffer.from(readHead(path, HEAD_BYTES)).toString("latin1");
  if (!/^-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(head)) return;
  throw new UsageError(`${shown} holds a private key, which would be lost.`, "Name another file.");
}

/** The text of a file; @throws ConfigurationError saying what is wrong with `what`. */
export function readNamed(files: ImageFiles, path: string, what: string): Uint8Array {
  try {
    return files.read(path);
  } catch (cause) {
    throw new ConfigurationError(`${what} ${path} ${fileTrouble(cause)}.`, "Check the path.", { cause });
  }
}

/** What a failed read says of a file, to follow its name. */
function fileTrouble(error: unknown): string {
  if (hasCode(error, "ENOENT")) return "does not exist";
  if (hasCode(error, "EACCES")) return "may not be read by this user";
  if (hasCode(error, "EISDIR")) return "is a folder";
  return "cannot be read";
}

function writeWhole(path: string, bytes: Uint8Array, secret: boolean): void {
  const target = targetOf(path);
  if (target.isSpecial) {
    writeFileSync(target.path, bytes);
    return;
  }
  const temporary = `${target.path}.${randomBytes(4).toString("hex")}.tmp`;
  try {
    const handle = openSync(temporary, "wx", secret ? 0o600 : 0o666);
    try {
      writeFileSync(handle, bytes);
      // A key cannot be made again; an image can, and waiting for the disk would take longer than making it.
      if (secret) fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(temporary, target.path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Where a link leads; a device or pipe (/dev/stdout, /dev/null) must be written to, not replaced. */
function targetOf(path: string): { path: string; isSpecial: boolean } {
  try {
    const real = realpathSync(path);
    return { path: real, isSpecial: !statSync(real).isFile() };
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
    return { path: resolve(realpathSync(dirname(path)), basename(path)), isSpecial: false };
  }
}
