import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { equalBytes, isHilError, utf8 } from "../../core/index.ts";
import { buildImage } from "../build/build.ts";
import { parseVersion } from "../format/version.ts";
import { writeDfuZip } from "./dfu-zip.ts";
import { fileKindOf, parseSigned, readFirmwareFile } from "./firmware-file.ts";
import { formatIntelHex } from "./intel-hex.ts";

const RAW = Uint8Array.from({ length: 400 }, (_, index) => index & 0xff);
const { image: IMAGE } = buildImage(RAW, { version: parseVersion("1.2.3+4"), headerBytes: 32, padHeader: true });
const HEX = utf8(formatIntelHex([{ address: 0xc000, bytes: IMAGE }]));
const TRAILER = { address: 0xc000 + 0x10000 - 16, bytes: new Uint8Array(16).fill(0x77) };
const ZIP = writeDfuZip(
  [
    { name: "app.bin", bytes: IMAGE, type: "application", board: "b", soc: "s", modifiedUnixS: 0, details: {} },
    { name: "raw.bin", bytes: RAW, type: "application", board: "b", soc: "s", modifiedUnixS: 0, details: {} },
  ],
  { timeUnixS: 0 },
);

test.each([
  ["a signed image", IMAGE, "image"],
  ["a package", ZIP, "zip"],
  ["an Intel HEX file", HEX, "hex"],
  ["an Intel HEX file in small letters", utf8(":020000040000fa\n"), "hex"],
  ["an ELF file", Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 1), "elf"],
  ["S-records", utf8("S00F000068656C6C6F202020202000003C\r\n"), "srec"],
  ["a picture", Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a), "picture"],
  ["nothing", new Uint8Array(), "empty"],
  ["a raw binary", RAW, undefined],
  ["a scenario", utf8("schema: 1\nname: small\n"), undefined],
  ["a text that begins with a colon", utf8(": 1\n"), undefined],
  ["half a magic", IMAGE.subarray(0, 3), undefined],
] as const)("%s is known by its content", (_name, content, kind) => {
  expect(fileKindOf(content)?.kind).toBe(kind);
});

test("an image comes out of a binary, and out of a HEX file without what lies behind it in the slot", async () => {
  for (const content of [IMAGE, HEX, utf8(formatIntelHex([{ address: 0xc000, bytes: IMAGE }, TRAILER]))]) {
    const found = await readFirmwareFile(content);
    expect(found.kind === "image" && equalBytes(found.bytes, IMAGE)).toBe(true);
  }
});

test("a package is its files, as they are: also one that is no image", async () => {
  const found = await readFirmwareFile(ZIP);
  expect(found.kind === "dfu_zip" && found.files.map(({ name }) => name)).toEqual(["app.bin", "raw.bin"]);
});

test.each([
  [RAW, "it is no MCUboot image: it begins with 00010203, not 3db8f396."],
  [utf8(formatIntelHex([{ address: 0, bytes: RAW }])), "it is no MCUboot image: it begins with 00010203"],
  [Uint8Array.of(0x7f, 0x45, 0x4c, 0x46), "it is an ELF file, not a signed image."],
  [Uint8Array.of(0x89, 0x50, 0x4e, 0x47), "it is a PNG picture, not a signed image."],
  [new Uint8Array(), "it is empty."],
] as const)("what is no signed image says what it is, and to sign it (%#)", async (content, message) => {
  await expect(readFirmwareFile(content)).rejects.toThrow(message);
  await expect(readFirmwareFile(content)).rejects.toMatchObject({ hint: expect.stringMatching(/^Sign it/) });
});

test("an image that is none of today's says what to do: of the format before 1.0, and cut off", async () => {
  const before = Uint8Array.from(IMAGE);
  new DataView(before.buffer).setUint32(0, 0x96f3b83c, true);
  await expect(readFirmwareFile(before)).rejects.toMatchObject({
    hint: expect.stringContaining("the format before MCUboot 1.0"),
  });
  await expect(readFirmwareFile(IMAGE.subarray(0, 200))).rejects.toMatchObject({ name: "ImageError" });
});

test("any bytes behind any head are an image, a package, or an error that says why", async () => {
  const heads = [IMAGE.subarray(0, 32), ZIP.subarray(0, 30), HEX.subarray(0, 60), new Uint8Array()];
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...heads), fc.uint8Array({ maxLength: 200 }), async (head, tail) => {
      const content = Uint8Array.from([...head, ...tail]);
      try {
        const found = await readFirmwareFile(content);
        if (found.kind === "image") parseSigned(found.bytes);
      } catch (error) {
        expect(isHilError(error)).toBe(true);
      }
    }),
    { numRuns: 300 },
  );
});
