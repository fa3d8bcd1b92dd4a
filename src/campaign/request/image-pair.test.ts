import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { profileKeys } from "../../board/index.ts";
import { isHilError } from "../../core/index.ts";
import { formatIntelHex } from "../../image/index.ts";
import { signedImage, zipOf } from "../testing/signed-files.ts";
import { emptyFolder, smallProfile } from "../testing/small-campaign.ts";
import { namedScenario, scenarioOfImages } from "./image-pair.ts";
import { DEFAULT_SCENARIO, loadScenario } from "./scenario.ts";

const folder = emptyFolder();
const RAW = Uint8Array.from({ length: 400 }, (_, index) => index & 0xff);

beforeAll(() => {
  const keys = profileKeys(smallProfile());
  const old = signedImage(keys, "1.0.0");
  const next = signedImage(keys, "2.1.3+7");
  const hex = formatIntelHex([{ address: 0x10000, bytes: next }]);
  mkdirSync(join(folder, "a folder"));
  for (const [name, content] of Object.entries({
    "old.bin": old,
    "new.bin": next,
    "new.hex": hex,
    "hex called.bin": hex,
    "new.zip": zipOf(["app.bin", next, 0]),
    "zip called.bin": zipOf(["app.bin", next, 0]),
    "plain.bin": signedImage(keys, "2.1.3+7", { encrypt: false }),
    "old-plain.bin": signedImage(keys, "1.0.0", { encrypt: false }),
    "both.zip": zipOf(["app.bin", next, 0], ["net.bin", old, 1]),
    "net-only.zip": zipOf(["net.bin", old, 1]),
    "two-apps.zip": zipOf(["app.bin", next, 0], ["other.bin", old, 0]),
    "none.zip": zipOf(),
    "raw.zip": zipOf(["app.bin", RAW, 0]),
    "raw.bin": RAW,
    "short.bin": next.subarray(0, 200),
    "app.elf": Buffer.from("\u007fELF and more"),
    "picture.png": Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0]),
    "damaged.zip": Buffer.from("PK\u0003\u0004 and nothing of a zip archive"),
    "mine.yaml": "schema: 1\n",
    "utf-16.yaml": Buffer.from("\ufeffschema: 1\n", "utf16le"),
    "latin1.yaml": Buffer.from("name: caf\u00e9\n", "latin1"),
  })) {
    writeFileSync(join(folder, name), content);
  }
});

async function complaint(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!isHilError(error)) throw new Error(`no complaint: ${String(error)}`);
  expect(error.exitCode).toBe(2);
  return error.paragraph().replaceAll(`${folder}/`, "");
}

describe("a scenario of two signed images", () => {
  test.each([
    ["new.bin", "image"],
    ["new.hex", "image"],
    ["hex called.bin", "image"],
    ["new.zip", "dfu_zip"],
    ["zip called.bin", "dfu_zip"],
  ])("takes kind, version and encryption from what %s holds", async (name, field) => {
    const { value } = await scenarioOfImages(["old.bin", name], folder);
    expect(value.images.old).toEqual({ version: "1.0.0", payload: { image: "old.bin" } });
    expect(value.images.new).toEqual({ version: "2.1.3+7", payload: { [field]: name } });
    expect(value.images.encrypt).toBe(true);
  });

  test("names the network core's image of a package, and what only one of the images is", async () => {
    const { value } = await scenarioOfImages(["old.bin", "both.zip"], folder);
    const { version } = value.images.new;
    expect(value.images.network).toMatchObject({ new: { payload: { dfu_zip: "both.zip" } }, expect: "update" });
    expect([version, value.images.network?.old]).toEqual(["2.1.3+7", undefined]);
    const mixed = (await scenarioOfImages(["old.bin", "plain.bin"], folder)).value.images;
    expect([mixed.encrypt, mixed.old.encrypt, mixed.new.encrypt]).toEqual([false, true, undefined]);
  });

  test("says that plain images are plain", async () => {
    const { value } = await scenarioOfImages(["old-plain.bin", "plain.bin"], folder);
    expect(value.images.encrypt).toBe(false);
  });

  test("is the default one for the rest, and named after the files", async () => {
    const { value } = await scenarioOfImages([join(folder, "old.bin"), "hex called.bin"], folder);
    const shared = (await loadScenario(DEFAULT_SCENARIO, folder)).value;
    expect(value).toMatchObject({ name: "old.bin to hex_called.bin", cuts: shared.cuts, request: shared.request });
    expect(value.images.old.payload.image).toBe(join(folder, "old.bin"));
  });

  test("is found by two arguments; by one, it is a scenario; by none, the default one", async () => {
    expect((await namedScenario(["old.bin", "new.bin"], folder)).value.name).toBe("old.bin to new.bin");
    expect((await namedScenario(["field-ncs171-encrypted-app"], folder)).value.name).toBe("field-ncs171-encrypted-app");
    expect((await namedScenario([], folder)).value.name).toBe(DEFAULT_SCENARIO);
  });

  test.each([
    ["gone.bin", "cannot use gone.bin as a signed image: there is no such file. Give one scenario, or two signed"],
    ["a folder", "cannot use a folder as a signed image: it is a folder, and as the folder of a build it has this: "],
    ["mine.yaml", "cannot use mine.yaml as a signed image: it is no MCUboot image: it begins with 73636865"],
    ["raw.bin", "it begins with 00010203, not 3db8f396. Sign it first: `hil image sign`; or name it in a"],
    ["raw.zip", "cannot use raw.zip as a signed image: it is no MCUboot image"],
    ["short.bin", "cannot use short.bin as a signed image: "],
    ["app.elf", "it is an ELF file, not a signed image."],
    ["picture.png", "it is a PNG picture, not a signed image."],
    ["damaged.zip", "cannot use damaged.zip as a signed image: "],
    ["none.zip", "the package holds no firmware."],
    [
      "net-only.zip",
      "the package holds no image of the application: net.bin (image 1). A campaign of OLD NEW upgrades",
    ],
    ["two-apps.zip", "app.bin and other.bin are both for image 0"],
  ])("is not made with %s: %s", async (name, text) => {
    expect(await complaint(scenarioOfImages(["old.bin", name], folder))).toContain(text);
  });
});

describe("one file that is no scenario says what it is, and where it goes", () => {
  test.each([
    ["./new.bin", "new.bin: this is an MCUboot image, not a scenario.", "{ image: new.bin }"],
    ["./new.hex", "new.hex: this is Intel HEX text, not a scenario.", "hil run OLD NEW"],
    ["./new.zip", "new.zip: this is a zip archive, not a scenario.", "{ dfu_zip: new.zip }"],
    ["./picture.png", "picture.png: this is a PNG picture, not a scenario.", "Name a scenario (YAML)"],
    ["./app.elf", "app.elf: this is an ELF file, not a scenario.", "hil run OLD NEW"],
    ["./raw.bin", "raw.bin: this is a binary file, not a scenario.", "{ file: … }"],
    ["./a folder", "a folder: this is a folder.", "Name a YAML file in it."],
    ["./mine.yaml", "mine.yaml", "images"],
    ["./utf-16.yaml", "utf-16.yaml: the file is not UTF-8 text.", "Save it as UTF-8."],
    ["./latin1.yaml", "latin1.yaml: the file is not UTF-8 text.", "Save it as UTF-8."],
  ])("%s", async (name, message, hint) => {
    const text = await complaint(loadScenario(name, folder));
    expect(text).toContain(message);
    expect(text).toContain(hint);
  });
});
