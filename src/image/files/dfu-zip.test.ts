import { describe, expect, test } from "@jest/globals";
import { utf8 } from "../../core/index.ts";
import { readDfuZip, writeDfuZip } from "./dfu-zip.ts";
import { readZip } from "./zip.ts";
import { writeZip } from "./zip-write.ts";

const app = {
  name: "app.signed.bin",
  bytes: Uint8Array.of(1, 2, 3),
  type: "application",
  board: "nrf5340dk/nrf5340/cpuapp",
  soc: "nrf5340",
  modifiedUnixS: 1_759_999_940,
  details: { load_address: 66_048, image_index: "1", version_MCUBOOT: "1.2.3+4" },
};

describe("DFU package", () => {
  test("files come back with their image number and the manifest's words", async () => {
    const { files, formatVersion } = await readDfuZip(writeDfuZip([app], { timeUnixS: 1_760_000_000, name: "demo" }));
    expect(formatVersion).toBe(1);
    expect(files).toHaveLength(1);
    expect(files[0]).toMatchObject({
      name: app.name,
      bytes: app.bytes,
      imageIndex: 1,
      entry: { board: app.board, size: 3 },
    });
  });

  test("the manifest stands last, as readers of streams want it", async () => {
    const names = (await readZip(writeDfuZip([app], { timeUnixS: 1_760_000_000 }))).map((file) => file.name);
    expect(names).toEqual(["app.signed.bin", "manifest.json"]);
  });

  test("load addresses in bare hex, as old SDKs wrote them, are read", async () => {
    const manifest = utf8('{"files": [{"file": "a.bin", "load_address": 0xc200}]}');
    const { files } = await readDfuZip(writeZip([entryOf("a.bin"), { name: "manifest.json", bytes: manifest }], 0));
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
  ])("%s is refused", async (_, text, reason) => {
    const manifest = text === undefined ? [] : [{ name: "manifest.json", bytes: utf8(text) }];
    await expect(readDfuZip(writeZip([entryOf("a.bin"), ...manifest], 0))).rejects.toThrow(reason);
  });
});

function entryOf(name: string): { name: string; bytes: Uint8Array } {
  return { name, bytes: Uint8Array.of(1) };
}
