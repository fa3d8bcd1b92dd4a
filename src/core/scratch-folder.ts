import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lastWords } from "./last-words.ts";

/** How the names of these folders begin: a test that finds one knows that somebody forgot it. */
const SCRATCH_PREFIX = "hil-scratch-";

/**
 * A folder for files that other programs are to read, readable by this user only. It goes when it is disposed of, or
 * with the process: also at a second Ctrl-C. Only `kill -9` leaves it.
 */
export class ScratchFolder implements Disposable {
  readonly path: string;
  readonly #takeBack: () => void;

  /**
   * @param purpose a word for its name.
   * @throws what the system says.
   */
  constructor(purpose: string) {
    this.path = mkdtempSync(join(tmpdir(), `${SCRATCH_PREFIX}${purpose}-`));
    this.#takeBack = lastWords(() => this.#remove());
  }

  [Symbol.dispose](): void {
    this.#takeBack();
    this.#remove();
  }

  #remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
