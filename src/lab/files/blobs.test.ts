import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { BlobStore } from "./blobs.ts";

const CONTENT = Buffer.from("a record's file, in three pieces");
const HASH = createHash("sha256").update(CONTENT).digest("hex");

let folder = "";
let blobs: BlobStore;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hil-blobs-"));
  blobs = new BlobStore(join(folder, "blobs"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function* pieces(...all: Uint8Array[]) {
  yield* all;
}

describe("a content that is sent by its hash", () => {
  test("goes on where it broke off, and is whole when its last byte has come", async () => {
    const broken = (async function* () {
      yield CONTENT.subarray(0, 10);
      throw new RangeError("the line fell out");
    })();
    await expect(blobs.take(HASH, 0, CONTENT.length, broken)).rejects.toThrow("fell out");
    expect(blobs.have(HASH)).toBe(10);
    await blobs.take(HASH, 10, CONTENT.length, pieces(CONTENT.subarray(10)));
    expect(blobs.have(HASH)).toBe("whole");
    expect(readFileSync(blobs.pathOf(HASH))).toEqual(CONTENT);
  });

  test("is refused at another place than where it stopped, and says where that is", async () => {
    await blobs.take(HASH, 0, CONTENT.length, pieces(CONTENT.subarray(0, 4)));
    await expect(blobs.take(HASH, 9, CONTENT.length, pieces(CONTENT))).rejects.toMatchObject({ status: 409, have: 4 });
  });

  test("by two at the same time is whole, and neither is refused for the other's bytes", async () => {
    const slow = async function* () {
      for (const byte of CONTENT) {
        await Promise.resolve();
        yield Uint8Array.of(byte);
      }
    };
    const both = [0, 1].map(async () => blobs.take(HASH, 0, CONTENT.length, slow()));
    expect(await Promise.all(both)).toEqual([CONTENT.length, CONTENT.length]);
    expect(readFileSync(blobs.pathOf(HASH))).toEqual(CONTENT);
  });

  test("that was changed on its way is gone, and can be sent again", async () => {
    const other = Buffer.from(CONTENT).fill(0, 3, 4);
    await expect(blobs.take(HASH, 0, other.length, pieces(other))).rejects.toMatchObject({ status: 422, have: 0 });
    expect(blobs.have(HASH)).toBe(0);
    await blobs.take(HASH, 0, CONTENT.length, pieces(CONTENT));
    expect(blobs.have(HASH)).toBe("whole");
  });

  test("that is longer than was said is refused", async () => {
    await expect(blobs.take(HASH, 0, 5, pieces(CONTENT))).rejects.toMatchObject({ status: 413 });
  });

  test("is refused by a disk that is nearly full, and goes on when it is not", async () => {
    let free = 1_000;
    const small = new BlobStore(join(folder, "small"), () => free);
    await expect(small.take(HASH, 0, CONTENT.length, pieces(CONTENT))).rejects.toMatchObject({ status: 507, have: 0 });
    free = 2 ** 40;
    await small.take(HASH, 0, CONTENT.length, pieces(CONTENT));
    expect(small.have(HASH)).toBe("whole");
  });

  test("never becomes a path where it is no hash", () => {
    expect(() => blobs.pathOf("../../etc/passwd")).toThrow(RangeError);
    expect(() => blobs.have(HASH.toUpperCase())).toThrow(RangeError);
  });

  test("stays where it was laid down when the store forgets it", async () => {
    await blobs.take(HASH, 0, CONTENT.length, pieces(CONTENT));
    blobs.layDown(HASH, join(folder, "laid"));
    expect(blobs.prune(Number.MAX_SAFE_INTEGER, new Set([HASH]))).toBe(0);
    expect(blobs.prune(Number.MAX_SAFE_INTEGER, new Set())).toBe(1);
    expect(existsSync(blobs.pathOf(HASH))).toBe(false);
    expect(readFileSync(join(folder, "laid"))).toEqual(CONTENT);
  });
});
