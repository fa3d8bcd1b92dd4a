import { createHash } from "node:crypto";
import {
  closeSync,
  copyFileSync,
  createReadStream,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { entryAt, freeBytesOf, hasCode } from "../../core/index.ts";
import { sha256 as sha256Text } from "../wire/messages.ts";

/** Left free on the disk: a lab that fills it cannot even say so. */
const FREE_BYTES_MIN = 64 * 1024 * 1024;

/** Why content was not taken, as a status of HTTP. */
export class BlobRefused extends RangeError {
  readonly status: 409 | 413 | 422 | 507;
  /** Bytes that are here: from there a sender goes on. */
  readonly have: number;

  constructor(status: BlobRefused["status"], message: string, have: number) {
    super(message);
    this.status = status;
    this.have = have;
  }
}

/** Contents by their SHA-256, in a folder: `ab/abcdef…`; what is not whole yet is `abcdef….part`. */
export class BlobStore {
  readonly #folder: string;
  readonly #freeBytes: () => number;
  /** By hash: what is being taken. Two senders of one content take turns, or its pieces would be mixed. */
  readonly #taking = new Map<string, Promise<unknown>>();

  /** @param freeBytes what the disk has left, in tests. */
  constructor(folder: string, freeBytes = () => freeBytesOf(folder)) {
    this.#folder = folder;
    this.#freeBytes = freeBytes;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  /** Bytes of a content that are here; "whole" when all are, and its hash is right. */
  have(hash: string): number | "whole" {
    if (entryAt(this.pathOf(hash)) !== undefined) return "whole";
    return entryAt(this.#part(hash))?.size ?? 0;
  }

  /** Where a content lies, or will lie. @throws RangeError for what is no hash: it never becomes a path. */
  pathOf(hash: string): string {
    if (!sha256Text.safeParse(hash).success) throw new RangeError("this is no SHA-256");
    return join(this.#folder, hash.slice(0, 2), hash);
  }

  #part(hash: string): string {
    return `${this.pathOf(hash)}.part`;
  }

  /**
   * Adds a piece to what is here of a content; the last one makes it whole.
   * @param at where the piece belongs: at the end of what is here, or it is refused.
   * @param bytes length of the whole content.
   * @returns bytes that are here now.
   * @throws BlobRefused: 409 for another place, 413 for more than was said, 422 for another hash (what was here is gone
   *   then), 507 for a disk that is full.
   */
  async take(hash: string, at: number, bytes: number, pieces: AsyncIterable<Uint8Array>): Promise<number> {
    const before = this.#taking.get(hash);
    const own = (async () => {
      await before?.catch(() => undefined);
      return this.#takeAlone(hash, at, bytes, pieces);
    })();
    this.#taking.set(hash, own);
    try {
      return await own;
    } finally {
      if (this.#taking.get(hash) === own) this.#taking.delete(hash);
    }
  }

  async #takeAlone(hash: string, at: number, bytes: number, pieces: AsyncIterable<Uint8Array>): Promise<number> {
    if (this.have(hash) === "whole") return bytes;
    const part = this.#part(hash);
    mkdirSync(join(part, ".."), { recursive: true, mode: 0o700 });
    let end = entryAt(part)?.size ?? 0;
    if (at !== end) throw new BlobRefused(409, `${end} bytes of it are here, not ${at}.`, end);
    const file = openSync(part, "a", 0o600);
    try {
      for await (const piece of pieces) {
        if (end + piece.length > bytes)
          throw new BlobRefused(413, `it has more than the ${bytes} bytes that were said.`, end);
        if (this.#freeBytes() - piece.length < FREE_BYTES_MIN)
          throw new BlobRefused(507, "the lab's disk is full.", end);
        writeFileSync(file, piece);
        end += piece.length;
      }
      fsyncSync(file);
    } catch (error) {
      if (hasCode(error, "ENOSPC")) throw new BlobRefused(507, "the lab's disk is full.", end);
      throw error;
    } finally {
      closeSync(file);
    }
    if (end < bytes) return end;
    if ((await hashOfFile(part)) !== hash) {
      rmSync(part, { force: true });
      throw new BlobRefused(422, "its SHA-256 is another one: it was changed on its way.", 0);
    }
    await rename(part, this.pathOf(hash));
    return end;
  }

  /** Lays a whole content down as a file, without a copy where the file system can. @throws what the system says. */
  layDown(hash: string, path: string): void {
    rmSync(path, { force: true });
    try {
      linkSync(this.pathOf(hash), path);
    } catch (error) {
      if (!hasCode(error, "EXDEV") && !hasCode(error, "EPERM") && !hasCode(error, "EMLINK")) throw error;
      copyFileSync(this.pathOf(hash), path);
    }
  }

  /**
   * Removes contents that are older than that, and that nobody needs; those laid down stay where they were laid.
   * @param beforeMs in milliseconds of the wall clock.
   * @returns how many went.
   */
  prune(beforeMs: number, needed: ReadonlySet<string>): number {
    let gone = 0;
    for (const folder of readdirSync(this.#folder)) {
      for (const name of readdirSync(join(this.#folder, folder))) {
        const path = join(this.#folder, folder, name);
        if (needed.has(name.replace(/\.part$/, "")) || statSync(path).mtimeMs >= beforeMs) continue;
        rmSync(path, { force: true });
        gone += 1;
      }
    }
    return gone;
  }
}

/** SHA-256 of a file, in hex. */
export async function hashOfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of createReadStream(path)) hash.update(piece as Uint8Array);
  return hash.digest("hex");
}
