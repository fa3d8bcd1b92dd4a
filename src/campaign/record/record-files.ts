import { closeSync, ftruncateSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { makeAnew } from "../../core/index.ts";

/** The disk under a record: a test puts one in its place that is full, or dies. Every call throws what node:fs does. */
export interface RecordFiles {
  makeFolder(path: string): void;
  /** Opens for appending; the file is made when it is not there. */
  open(path: string): number;
  /** Returns how many bytes were taken: a disk that fills up takes a part. */
  append(file: number, bytes: Uint8Array): number;
  truncate(file: number, bytes: number): void;
  close(file: number): void;
  /** Makes a file, from its first byte to its last; what lies there is taken away, never written through. */
  write(path: string, bytes: Uint8Array): void;
  rename(from: string, to: string): void;
  /** No fault when there is none. */
  remove(path: string): void;
}

export const DISK: RecordFiles = {
  makeFolder: (path) => mkdirSync(path),
  open: (path) => openSync(path, "a"),
  append: (file, bytes) => writeSync(file, bytes),
  truncate: ftruncateSync,
  close: closeSync,
  write: (path, bytes) => {
    const file = makeAnew(path);
    try {
      writeFileSync(file, bytes);
    } finally {
      closeSync(file);
    }
  },
  rename: renameSync,
  remove: (path) => rmSync(path, { force: true }),
};

/** A file that grows by whole pieces: what could not be written to its end is taken back. */
export class GrowingFile {
  readonly #files: RecordFiles;
  readonly #file: number;
  #bytes = 0;

  constructor(files: RecordFiles, path: string) {
    this.#files = files;
    this.#file = files.open(path);
  }

  /** Length so far, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** @throws what the disk says; the file then is as it was before. */
  add(piece: Uint8Array | string): void {
    const bytes = typeof piece === "string" ? Buffer.from(piece) : piece;
    try {
      for (let done = 0; done < bytes.length; ) done += this.#files.append(this.#file, bytes.subarray(done));
    } catch (error) {
      this.#files.truncate(this.#file, this.#bytes);
      throw error;
    }
    this.#bytes += bytes.length;
  }

  close(): void {
    this.#files.close(this.#file);
  }
}

/** Writes a file whole: an old one is replaced in one step, or stays as it is. */
export function replaceFile(files: RecordFiles, path: string, content: Uint8Array | string): void {
  const fresh = `${path}.new`;
  try {
    files.write(fresh, typeof content === "string" ? Buffer.from(content) : content);
    files.rename(fresh, path);
  } catch (error) {
    files.remove(fresh);
    throw error;
  }
}
