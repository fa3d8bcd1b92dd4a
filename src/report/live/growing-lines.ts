import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { hasCode } from "../../core/index.ts";

/** Read at one time: what is more comes with the next look. */
const PIECE_BYTES = 1024 * 1024;
/** A line that is longer is none of ours, and passed over. */
const LINE_BYTES_MAX = 4 * 1024 * 1024;

/** Lines of a file that another process writes at its end. */
export class GrowingLines {
  readonly #path: string;
  #offset = 0;
  #begun = Buffer.alloc(0);
  #isTooLong = false;

  constructor(path: string) {
    this.#path = path;
  }

  /** The whole lines that came since the last look, at most a piece of the file; none of a file that is not there. */
  next(): readonly string[] {
    const piece = this.#piece();
    if (piece.length === 0) return [];
    const all = Buffer.concat([this.#begun, piece]);
    const end = all.lastIndexOf(0x0a);
    this.#begun = Buffer.from(all.subarray(end + 1));
    if (this.#begun.length > LINE_BYTES_MAX) {
      this.#begun = Buffer.alloc(0);
      this.#isTooLong = true;
    }
    if (end < 0) return [];
    const lines = all.toString("utf8", 0, end).split("\n");
    if (!this.#isTooLong) return lines;
    this.#isTooLong = false;
    return lines.slice(1);
  }

  #piece(): Buffer {
    let file: number;
    try {
      file = openSync(this.#path, "r");
    } catch (error) {
      if (hasCode(error, "ENOENT")) return Buffer.alloc(0);
      throw error;
    }
    try {
      const left = fstatSync(file).size - this.#offset;
      if (left <= 0) return Buffer.alloc(0);
      const piece = Buffer.alloc(Math.min(left, PIECE_BYTES));
      const bytes = readSync(file, piece, 0, piece.length, this.#offset);
      this.#offset += bytes;
      return piece.subarray(0, bytes);
    } finally {
      closeSync(file);
    }
  }
}
