import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { equalBytes, utf8 } from "../../core/index.ts";
import { formatIntelHex, writeDfuZip } from "../../image/index.ts";
import { plainImage } from "../../smp/testing/array-store.ts";
import { complaintOf, memoryIo } from "../testing/memory-io.ts";
import { readUploadFile } from "./image-file.ts";

const APP = plainImage({ version: [2, 0, 0, 7], payloadBytes: 700 });
const NET = plainImage({ version: [3, 1, 0], payloadBytes: 300 });
const folder = mkdtempSync(join(tmpdir(), "hil-upload-"));
const io = memoryIo({ cwd: folder });

function file(name: string, content: Uint8Array | string): string {
  writeFileSync(join(folder, name), content);
  return name;
}

function entry(name: string, bytes: Uint8Array, index: number) {
  const details = { image_index: String(index) };
  return { name, bytes, type: "application", board: "b", soc: "s", modifiedUnixS: 0, details };
}

const ZIP = writeDfuZip([entry("app.bin", APP.file, 0), entry("net.bin", NET.file, 1)], { timeUnixS: 0 });
const TRAILER = { address: 0x0c000 + 0x10000 - 16, bytes: new Uint8Array(16).fill(0x77) };
const HEX = formatIntelHex([{ address: 0x0c000, bytes: APP.file }, TRAILER]);

test.each([
  ["a signed binary", "app.bin", APP.file, 0, APP],
  ["an Intel HEX file with a trailer far behind the image", "app.hex", HEX, 0, APP],
  ["the application of a package", "both.zip", ZIP, 0, APP],
  ["the network core's file of a package", "both2.zip", ZIP, 1, NET],
] as const)("the image comes out of %s", async (_name, name, content, image, expected) => {
  const found = await readUploadFile(file(name, content), image, io);
  expect(equalBytes(found.bytes, expected.file)).toBe(true);
  expect(found.hash).toEqual(expected.hash);
  expect(found.version).toBe(expected === APP ? "2.0.0+7" : "3.1.0+0");
});

test("what a package says otherwise than the image in it is told", async () => {
  const lying = { ...entry("app.bin", APP.file, 0), details: { image_index: "0", version_MCUBOOT: "9.9.9+9" } };
  const found = await readUploadFile(file("lies.zip", writeDfuZip([lying], { timeUnixS: 0 })), 0, io);
  expect(found.problems).toEqual(["app.bin: the header says 2.0.0+7, the manifest 9.9.9+9"]);
  expect((await readUploadFile(file("both.zip", ZIP), 0, io)).problems).toEqual([]);
});

const raw = Uint8Array.from({ length: 400 }, (_, index) => index & 0xff);

test.each([
  ["raw.bin", raw, 0, "cannot upload raw.bin: it is no MCUboot image: it begins with 00010203, not 3db8f396. Sign it"],
  ["empty.bin", "", 0, "it is empty. Sign it first"],
  ["app.elf", Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 1, 1), 0, "it is an ELF file, not a signed image. Sign it first"],
  ["raw.hex", formatIntelHex([{ address: 0, bytes: raw }]), 0, "it is no MCUboot image"],
  ["broken.hex", ":00000001FE\n", 0, "cannot upload broken.hex:"],
  [
    "both.zip",
    ZIP,
    2,
    "the package holds no file for image 2: app.bin (image 0), net.bin (image 1). Choose with --image 0 or 1",
  ],
  ["twice.zip", writeDfuZip([entry("a", APP.file, 0), entry("b", APP.file, 0)], { timeUnixS: 0 }), 0, "2 for image 0"],
  ["raw.zip", writeDfuZip([entry("raw.bin", raw, 0)], { timeUnixS: 0 }), 0, "it is no MCUboot image"],
  ["other.zip", Uint8Array.from([...utf8("PK\x03\x04"), ...raw]), 0, "cannot upload other.zip:"],
  ["short.bin", APP.file.subarray(0, 200), 0, "cannot upload short.bin:"],
] as const)("%s is refused before a port is opened", async (name, content, image, text) => {
  const complaint = await complaintOf(readUploadFile(file(name, content), image, io));
  expect(complaint).toEqual({ code: 2, text: expect.stringContaining(text) });
});

test("a file that is not there is named", async () => {
  expect(await complaintOf(readUploadFile("none.bin", 0, io))).toEqual({
    code: 2,
    text: "cannot upload none.bin: there is no such file.",
  });
});
