import { execFileSync } from "node:child_process";
import { deflateRawSync } from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { concat, hex, utf8, viewOf } from "../../core/index.ts";
import { digest } from "../format/hashes.ts";
import { readZip, ZIP_LIMITS } from "./zip.ts";
import { writeZip } from "./zip-write.ts";

const entry = fc.record({ name: fc.string({ minLength: 1, maxLength: 12 }), bytes: fc.uint8Array({ maxLength: 60 }) });
const HELLO = [{ name: "a", bytes: utf8("hello") }];
const END_BYTES = 22;

/** Where the directory and the end record of an archive of ours begin. */
function placesOf(archive: Uint8Array): { central: number; end: number } {
  const end = archive.length - END_BYTES;
  return { central: viewOf(archive).getUint32(end + 16, true), end };
}

/** One file, deflated, whose name the directory carries `times` times. */
function bomb(plain: Uint8Array, times: number): Uint8Array {
  const packed = new Uint8Array(deflateRawSync(plain));
  const stored = writeZip([{ name: "a", bytes: plain }], 0);
  const { central, end } = placesOf(stored);
  const local = concat(stored.subarray(0, central - plain.length), packed);
  const record = stored.slice(central, end);
  for (const [bytes, at] of [
    [local, 8],
    [record, 10],
  ] as const) {
    viewOf(bytes).setUint16(at, 8, true);
    viewOf(bytes).setUint32(at + 10, packed.length, true);
  }
  const tail = stored.slice(end);
  const view = viewOf(tail);
  view.setUint16(8, times, true);
  view.setUint16(10, times, true);
  view.setUint32(12, record.length * times, true);
  view.setUint32(16, local.length, true);
  return concat(local, ...Array.from({ length: times }, () => record), tail);
}

/** The archive with a 16 or 32 bit number of its first directory entry changed. */
function claimed(archive: Uint8Array, offset: number, value: number, bytes: 2 | 4): Uint8Array {
  const view = viewOf(archive);
  const at = placesOf(archive).central + offset;
  if (bytes === 2) view.setUint16(at, value, true);
  else view.setUint32(at, value, true);
  return archive;
}

describe("zip archives", () => {
  test("what is written is read back", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 5 }), async (sent) =>
        expect(await readZip(writeZip(sent, 1_760_000_000))).toEqual(sent),
      ),
    );
  });

  test("one input gives the same bytes in every time zone", () => {
    expect(hex(digest("sha256", writeZip(HELLO, 1_760_000_000))).slice(0, 16)).toBe("f71fb55d461052e9");
    const script = `
      const { writeZip } = await import(${JSON.stringify(new URL("zip-write.ts", import.meta.url).href)});
      process.stdout.write(Buffer.from(writeZip([{ name: "a", bytes: Buffer.from("hello") }], 1760000000)).toString("hex"));
    `;
    const argv = ["--import", "tsx", "--input-type=module", "--eval", script];
    const env = { ...process.env, TZ: "Asia/Tokyo" };
    expect(execFileSync(process.execPath, argv, { env, encoding: "utf8" })).toBe(hex(writeZip(HELLO, 1_760_000_000)));
  });

  test("deflated files are read", async () => {
    const plain = utf8("hello hello hello");
    expect(await readZip(bomb(plain, 1))).toEqual([{ name: "a", bytes: plain }]);
  });

  test("any byte cut off the end makes it unreadable, by a typed error", async () => {
    const archive = writeZip(HELLO, 1_760_000_000);
    for (let length = 0; length < archive.length; length += 1) {
      await expect(readZip(archive.subarray(0, length))).rejects.toMatchObject({ kind: "configuration" });
    }
  });

  test("any byte changed is found, or was no part of what is read", async () => {
    const archive = writeZip(HELLO, 1_760_000_000);
    for (let at = 0; at < archive.length; at += 1) {
      const changed = Uint8Array.from(archive);
      changed[at] = (changed[at] ?? 0) ^ 0x55;
      const read = await readZip(changed).catch((error: unknown) => error);
      const named = Array.isArray(read) ? read.map(({ bytes }) => bytes) : undefined;
      // Versions, times, attributes and names are no part of it; an end record that counts no files is empty.
      if (named === undefined) expect(read).toMatchObject({ kind: "configuration" });
      else expect(named).toEqual([utf8("hello")]);
    }
  });
});

describe("an archive that would take more than it should", () => {
  const LONG = new Uint8Array(8 * 1024 * 1024).fill(0xff);

  test("one file named by a directory many times is refused before anything is unpacked", async () => {
    const archive = bomb(LONG, ZIP_LIMITS.plainBytes / LONG.length + 1);
    expect(archive.length).toBeLessThan(70_000);
    await expect(readZip(archive)).rejects.toMatchObject({
      kind: "configuration",
      message: "the zip archive cannot be read: it unpacks to 75497472 bytes, 67108864 are the limit here.",
    });
  });

  test("a directory of too many files is refused before one is read", async () => {
    await expect(readZip(bomb(utf8("x"), ZIP_LIMITS.entries))).resolves.toHaveLength(ZIP_LIMITS.entries);
    await expect(readZip(bomb(utf8("x"), ZIP_LIMITS.entries + 1))).rejects.toThrow(
      "claims 257 files, 256 are the limit",
    );
  });

  test("a file that is longer than the directory says is stopped there", async () => {
    const archive = claimed(bomb(LONG, 1), 24, 1000, 4);
    await expect(readZip(archive)).rejects.toMatchObject({
      kind: "configuration",
      message: expect.stringContaining("too many bytes"),
    });
  });

  test.each([
    ["a size that deflate cannot reach", claimed(bomb(LONG, 1), 24, 60_000_000, 4), "a claims 60000000 bytes out of"],
    ["a file that is shorter than it says", claimed(bomb(LONG, 1), 24, 8_400_000, 4), "not enough bytes"],
    ["an encrypted file", claimed(bomb(LONG, 1), 8, 1, 2), "a is encrypted"],
    ["a method nobody has", claimed(writeZip(HELLO, 0), 10, 14, 2), "a is packed with method 14"],
    ["a wrong checksum", claimed(writeZip(HELLO, 0), 16, 7, 4), "a does not match its checksum"],
    ["no archive", utf8("hello, this is no archive at all"), "it has no directory"],
    ["data that deflate cannot read", claimed(bomb(LONG, 1), 42, 1, 4), "signature"],
  ])("%s is refused with the reason", async (_, archive, reason) => {
    await expect(readZip(archive)).rejects.toMatchObject({
      kind: "configuration",
      message: expect.stringContaining(reason),
    });
  });
});
