import { deflateRawSync } from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { concat, isKind, utf8, viewOf } from "../../core/index.ts";
import { readDfuZip, writeDfuZip } from "./dfu-zip.ts";
import { readZip, writeZip } from "./zip.ts";

const entry = fc.record({ name: fc.string({ minLength: 1, maxLength: 12 }), bytes: fc.uint8Array({ maxLength: 60 }) });

const app = {
  name: "app.signed.bin",
  bytes: Uint8Array.of(1, 2, 3),
  type: "application",
  board: "nrf5340dk/nrf5340/cpuapp",
  soc: "nrf5340",
  modifiedUnixS: 1_759_999_940,
  details: { load_address: 66_048, image_index: "1", version_MCUBOOT: "1.2.3+4" },
};

describe("zip", () => {
  test("what is written is read back", () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 5 }), (sent) =>
        expect(readZip(writeZip(sent, 1_760_000_000))).toEqual(sent),
      ),
    );
  });

  test("any byte cut off the end makes it unreadable, by a typed error", () => {
    const archive = writeZip([{ name: "a", bytes: utf8("hello") }], 1_760_000_000);
    for (let length = 0; length < archive.length; length += 1) {
      expect(errorOf(() => readZip(archive.subarray(0, length)))).toBe("configuration");
    }
  });

  test("a changed byte is found by the checksum", () => {
    const archive = writeZip([{ name: "a", bytes: utf8("hello") }], 1_760_000_000);
    archive[31] = 0x20;
    expect(() => readZip(archive)).toThrow(/checksum/);
  });

  test("deflated files are read", () => {
    expect(readZip(deflated(utf8("hello hello hello")))).toEqual([{ name: "a", bytes: utf8("hello hello hello") }]);
  });
});

describe("DFU package", () => {
  test("files come back with their image number and the manifest's words", () => {
    const { files, formatVersion } = readDfuZip(writeDfuZip([app], { timeUnixS: 1_760_000_000, name: "demo" }));
    expect(formatVersion).toBe(1);
    expect(files).toHaveLength(1);
    expect(files[0]).toMatchObject({
      name: app.name,
      bytes: app.bytes,
      imageIndex: 1,
      entry: { board: app.board, size: 3 },
    });
  });

  test("the manifest stands last, as readers of streams want it", () => {
    const names = readZip(writeDfuZip([app], { timeUnixS: 1_760_000_000 })).map((file) => file.name);
    expect(names).toEqual(["app.signed.bin", "manifest.json"]);
  });

  test("load addresses in bare hex, as old SDKs wrote them, are read", () => {
    const manifest = utf8('{"files": [{"file": "a.bin", "load_address": 0xc200}]}');
    const files = readDfuZip(writeZip([entryOf("a.bin"), { name: "manifest.json", bytes: manifest }], 0)).files;
    expect(files[0]?.entry["load_address"]).toBe(0xc200);
    expect(files[0]?.imageIndex).toBe(0);
  });

  test.each([
    ["no manifest", undefined, /no manifest.json/],
    ["a manifest that is no JSON", "{", /no JSON/],
    ["a manifest without files", "{}", /lists no files/],
    ["a file that is missing", '{"files": [{"file": "b.bin"}]}', /b.bin is in the manifest/],
    ["a size that differs", '{"files": [{"file": "a.bin", "size": 9}]}', /says 9/],
    ["an image number that is none", '{"files": [{"file": "a.bin", "image_index": "x"}]}', /image number x/],
  ])("%s is refused", (_, text, reason) => {
    const manifest = text === undefined ? [] : [{ name: "manifest.json", bytes: utf8(text) }];
    expect(() => readDfuZip(writeZip([entryOf("a.bin"), ...manifest], 0))).toThrow(reason);
  });
});

function entryOf(name: string): { name: string; bytes: Uint8Array } {
  return { name, bytes: Uint8Array.of(1) };
}

function errorOf(work: () => unknown): string {
  try {
    work();
    return "none";
  } catch (error) {
    return isKind(error, "configuration") ? "configuration" : "other";
  }
}

/** A stored archive turned into a deflated one by hand. */
function deflated(plain: Uint8Array): Uint8Array {
  const packed = new Uint8Array(deflateRawSync(plain));
  const stored = writeZip([{ name: "a", bytes: plain }], 0);
  const dataAt = 31;
  const centralAt = dataAt + plain.length;
  const out = concat(stored.subarray(0, dataAt), packed, stored.subarray(centralAt));
  const view = viewOf(out);
  const central = dataAt + packed.length;
  view.setUint16(8, 8, true);
  view.setUint32(18, packed.length, true);
  view.setUint16(central + 10, 8, true);
  view.setUint32(central + 20, packed.length, true);
  view.setUint32(out.length - 22 + 16, central, true);
  return out;
}
