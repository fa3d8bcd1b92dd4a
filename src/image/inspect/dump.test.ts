import { describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { concat, hex } from "../../core/index.ts";
import { buildImage } from "../build/build.ts";
import { parseVersion } from "../format/version.ts";
import { generateKey } from "../keys/key-generate.ts";
import { loadPrivateKey } from "../keys/keys.ts";
import { dumpImage } from "./dump.ts";
import { DUMP_FORMATS, formatDump } from "./dump-text.ts";

const built = buildImage(new Uint8Array(100), {
  version: parseVersion("1.2.3+4"),
  headerBytes: 0x20,
  padHeader: true,
  securityCounter: 7,
  encryption: { key: loadPrivateKey(generateKey("ecdsa-p256")) },
  slotBytes: 0x1000,
  trailer: "confirm",
});
const dump = dumpImage(built.bytes, "app.bin");

describe("a dump", () => {
  test("is the same data in yaml and json", () => {
    const json: unknown = JSON.parse(formatDump(dump, "json"));
    const yaml: unknown = parse(formatDump(dump, "yaml"));
    expect(JSON.parse(JSON.stringify(yaml, bytesAsHex))).toEqual(json);
    expect(json).toMatchObject({
      filename: "app.bin",
      header: { magic: 0x96f3b83d, version: "1.2.3+4", flags: 4 },
      tlv_area: { tlvs_prot: [{ type: 0x50, type_name: "SEC_CNT", len: 4, data: "07000000" }] },
      trailer: { image_ok: 1, swap_size: 0xffff_ffff, key_field_len: 32 },
    });
  });

  test("for people has every line at most 60 columns wide and names the flags", () => {
    const text = formatDump(dump, "human");
    const framed = text.split("\n").filter((line) => line.startsWith("####"));
    expect(framed.every((line) => line.length === 60)).toBe(true);
    expect(text).toContain("flags:              ENCRYPTED_AES128 (0x4)");
    expect(text).toContain("image_ok:    SET (0x1)");
  });

  test("shows an unknown trailer magic as it is, without guessing at the other fields", () => {
    const junk = dumpImage(concat(built.image, new Uint8Array(64)), "app.bin");
    expect(junk.trailer?.maxAlign).toBeUndefined();
    expect(formatDump(junk, "human")).not.toContain("swap_info");
    expect(JSON.parse(formatDump(junk, "json"))).toMatchObject({ trailer: { magic: "00".repeat(16) } });
  });

  test.each([
    ["a text", new TextEncoder().encode("this is no image at all, whatever its name says"), "begins with 0x73696874"],
    ["an ELF", concat(Uint8Array.of(0x7f, 0x45, 0x4c, 0x46), new Uint8Array(60).fill(0xee)), "begins with 0x464c457f"],
    ["nothing", new Uint8Array(), "has 0 bytes"],
  ])("of %s says that it is no image", (_, bytes, text) => {
    const dumping = () => dumpImage(bytes, "x.bin");
    expect(dumping).toThrow(`x.bin is no MCUboot image: it ${text}`);
    expect(dumping).toThrow(expect.objectContaining({ kind: "image", exitCode: 1 }));
  });

  test("of an image that is cut off says where, not that it is none", () => {
    expect(() => dumpImage(built.image.subarray(0, 200), "x.bin")).toThrow(/runs past its end/);
  });

  test("shows a file with a wrong magic, as nothing is judged", () => {
    const wrong = Uint8Array.from(built.image);
    wrong[0] = 0;
    expect(dumpImage(wrong, "x").header.magic).toBe(0x96f3b800);
  });

  test.each(DUMP_FORMATS)("quotes a file name that %s could take for something else", (format) => {
    const text = formatDump({ ...dump, filename: "no" }, format);
    expect(text).toContain("no");
    if (format === "yaml") expect(parse(text)).toMatchObject({ filename: "no" });
  });

  test.each([8, 16, 32] as const)(
    "of a big-endian, padded and confirmed image reads it in its order: align %i",
    (maxAlign) => {
      const endian = "big" as const;
      const options = {
        version: parseVersion("1.2.3+4"),
        headerBytes: 0x200,
        padHeader: true,
        endian,
        maxAlign,
      } as const;
      const { bytes } = buildImage(new Uint8Array(1024), { ...options, slotBytes: 0x2_0000, trailer: "confirm" });
      const { header, area, trailer } = dumpImage(bytes, "x");
      expect([header.headerBytes, header.bodyBytes, header.version.revision]).toEqual([0x200, 1024, 3]);
      expect(area.entries.length).toBe(1);
      expect(trailer).toMatchObject({ maxAlign, imageOk: 1, swapSizeBytes: 0xffff_ffff });
    },
  );

  test("of a file that is too short is a typed error", () => {
    expect(() => dumpImage(built.image.subarray(0, 100), "x")).toThrow(/past its end/);
  });
});

function bytesAsHex(this: Record<string, unknown>, key: string, value: unknown): unknown {
  const raw = this[key];
  return raw instanceof Uint8Array ? hex(raw) : value;
}
