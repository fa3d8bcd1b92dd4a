import { describe, expect, test } from "@jest/globals";
import { utf8 } from "../../core/index.ts";
import { buildImage } from "../build/build.ts";
import { checkDfuPackage } from "./dfu-check.ts";
import { readDfuZip } from "./dfu-zip.ts";
import { writeZip } from "./zip-write.ts";

const image = (version: string, more: object = {}) => {
  const [major = 0, minor = 0, revision = 0] = version.split(".").map(Number);
  return buildImage(new Uint8Array(64).fill(0x42), {
    version: { major, minor, revision, build: 0 },
    headerBytes: 512,
    padHeader: true,
    slotBytes: 0,
    ...more,
  }).image;
};
const APP = { type: "application", image_index: "0", slot_index_primary: "1", slot_index_secondary: "2" };

/** A package as somebody else wrote it: `files` are manifest entries and contents. */
async function findings(files: readonly (readonly [Record<string, unknown>, Uint8Array])[], format: unknown = 1) {
  const names = files.map((_, index) => `file${index}.bin`);
  const manifest = {
    "format-version": format,
    files: files.map(([entry, bytes], index) => ({ ...entry, file: names[index], size: bytes.length })),
  };
  const entries = files.map(([, bytes], index) => ({ name: names[index] ?? "", bytes }));
  const zip = writeZip([...entries, { name: "manifest.json", bytes: utf8(JSON.stringify(manifest)) }], 0);
  const { findings: found, problems } = checkDfuPackage(await readDfuZip(zip));
  return { problems, files: found.map((finding) => ({ ...finding, file: undefined })) };
}

describe("a DFU package beside its images", () => {
  test("one that fits has nothing said of it", async () => {
    const net = { ...APP, image_index: "1", slot_index_primary: "3", slot_index_secondary: "4" };
    const app = { ...APP, version_MCUBOOT: "2.0.0+0", load_address: 66_048 };
    expect(
      await findings([
        [app, image("2.0.0")],
        [{ ...net, version: "4" }, image("1.0.0")],
      ]),
    ).toEqual({
      problems: [],
      files: [
        { headerVersion: "2.0.0+0", manifestVersion: "2.0.0+0", slots: "slots 1/2", problems: [] },
        { headerVersion: "1.0.0+0", manifestVersion: "4", slots: "slots 3/4", problems: [] },
      ],
    });
  });

  test.each([
    ["2.0.0", []],
    ["2.0", []],
    ["9.9.9+9", ["the header says 2.0.0+0, the manifest 9.9.9+9"]],
    ["2.0.0+1", ["the header says 2.0.0+0, the manifest 2.0.0+1"]],
  ])("a manifest's version %s beside a header's 2.0.0: %j", async (version, problems) => {
    expect((await findings([[{ ...APP, version_MCUBOOT: version }, image("2.0.0")]])).files[0]?.problems).toEqual(
      problems,
    );
  });

  test("two files for one slot are told of each other", async () => {
    const { files } = await findings([
      [APP, image("1.0.0")],
      [APP, image("1.0.0")],
    ]);
    expect(files.map(({ problems }) => problems)).toEqual([
      ["file1.bin would go into the same slot, image 0"],
      ["file0.bin would go into the same slot, image 0"],
    ]);
  });

  test("a direct-XIP build has one file for each slot of an image, and a version of its own key", async () => {
    const xip = (slot: string) => ({ type: "application", image_index: "0", slot, "version_MCUBOOT+XIP": "2.0.0+0" });
    const { files } = await findings([
      [xip("0"), image("2.0.0")],
      [xip("1"), image("2.0.0")],
    ]);
    expect(files).toMatchObject([
      { slots: "slot 0", manifestVersion: "2.0.0+0", problems: [] },
      { slots: "slot 1", manifestVersion: "2.0.0+0", problems: [] },
    ]);
  });

  test("an address in text is a number; one that is not where a ROM-fixed image runs is said", async () => {
    const fixed = image("1.0.0", { romFixed: 0x1_0000 });
    const at = async (load_address: unknown) =>
      (await findings([[{ ...APP, load_address }, fixed]])).files[0]?.problems;
    expect(await at("65536")).toEqual([]);
    expect(await at(0x2_0000)).toEqual(["it runs from 0x10000 only, the manifest says 0x20000"]);
  });

  test.each([
    ["a SUIT envelope", { type: "suit-envelope" }, utf8("d86b"), /a suit-envelope is no MCUboot image/],
    ["a raw binary", APP, new Uint8Array(600).fill(0x42), /no MCUboot image/],
    ["an empty file", APP, new Uint8Array(0), /the file is empty/],
  ] as const)("%s is no image, and said", async (_, entry, bytes, why) => {
    expect((await findings([[entry, bytes]])).files[0]).toMatchObject({
      headerVersion: undefined,
      problems: [expect.stringMatching(why)],
    });
  });

  test("a format that nobody knows and a manifest without files are said of the whole", async () => {
    expect((await findings([[APP, image("1.0.0")]], 2)).problems).toEqual([
      expect.stringMatching(/format-version 2 is not known/),
    ]);
    expect((await findings([])).problems).toEqual([expect.stringMatching(/lists no file/)]);
    expect((await findings([[{ type: "application" }, image("1.0.0")]], 0)).problems).toEqual([]);
  });
});
