import { createHash } from "node:crypto";
import { lstatSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { lastWords } from "./last-words.ts";
import { isRunning, processSpace, processStart } from "./process-life.ts";

/** How the names of these folders begin: a test that finds one knows that somebody forgot it. */
const SCRATCH_PREFIX = "hil-scratch-";
/**
 * Then the purpose, where its process is known by its number, the number, and when the process started (0 where nobody
 * knows). As short as may be: sockets lie in such folders, and their paths have 104 characters at most.
 */
const NAME = new RegExp(`^${SCRATCH_PREFIX}[a-z]+-([0-9a-f]{6})-([0-9a-z]{1,8})-([0-9a-z]{1,13})-\\w{6}$`);
const RADIX = 36;

/**
 * A folder for files that other programs are to read, readable by this user only. It goes when it is disposed of, or
 * with the process: also at a second Ctrl-C. What `kill -9` leaves is taken away by this user's next one.
 */
export class ScratchFolder implements Disposable {
  readonly path: string;
  readonly #takeBack: () => void;

  /**
   * @param purpose a word for its name, of small letters.
   * @throws what the system says.
   */
  constructor(purpose: string) {
    const place = here();
    removeLeft(tmpdir(), place);
    const numbers = [process.pid, Number(processStart(process.pid) ?? 0)].map((number) => number.toString(RADIX));
    this.path = mkdtempSync(join(tmpdir(), `${SCRATCH_PREFIX}${[purpose, place, ...numbers].join("-")}-`));
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

/** This host, and this container of it: the folder for temporary files may be shared by several. */
function here(): string {
  return createHash("sha256")
    .update(`${hostname()} ${processSpace() ?? ""}`)
    .digest("hex")
    .slice(0, 6);
}

/** Takes away this user's folders whose process is gone. What cannot be read or removed stays: nobody asked for it. */
function removeLeft(top: string, place: string): void {
  try {
    const user = process.getuid?.();
    for (const name of readdirSync(top)) {
      const [, of, ...numbers] = NAME.exec(name) ?? [];
      if (of !== place) continue;
      const [pid = 0, started = 0] = numbers.map((number) => Number.parseInt(number, RADIX));
      if (isRunning(pid, started === 0 ? undefined : String(started))) continue;
      const found = lstatSync(join(top, name));
      if (found.isDirectory() && (user === undefined || found.uid === user))
        rmSync(join(top, name), { recursive: true, force: true });
    }
  } catch {
    // Another process may be at it at the same time.
  }
}
