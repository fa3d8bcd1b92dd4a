import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { profileKeys } from "../../board/index.ts";
import { isHilError, Random, VirtualClock } from "../../core/index.ts";
import { decodeHeader, ENCRYPTED_FLAGS, parseImage, seededRandomness, systemRandomness } from "../../image/index.ts";
import { smallProfile, smallScenario } from "../testing/small-campaign.ts";
import { requireEncryptionPolicy } from "./encryption-policy.ts";
import { buildImages, type ImagePlan, readNamedFiles } from "./images.ts";
import { parseScenario, type ScenarioFile } from "./scenario.ts";

const KEYS = profileKeys(smallProfile());
const NO_ENCRYPTION = { ...KEYS, encryption: undefined };

function plan(scenario: ScenarioFile, more: Partial<ImagePlan> = {}): ImagePlan {
  const random = Random.fromSeed(1);
  return {
    scenario,
    keys: KEYS,
    headerBytes: 512,
    primaryAddress: 0x10000,
    slotBytes: 0x10000,
    writeBytes: 4,
    random,
    randomness: seededRandomness(random.fork("images")),
    clock: new VirtualClock(),
    ...more,
  };
}

async function complaint(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error === undefined) return "no complaint";
  if (!isHilError(error)) throw error;
  expect(error.kind).toBe("configuration");
  return error.paragraph();
}

describe("the images of a campaign", () => {
  test("are the scenario's two, with their hashes and the length of the file that is uploaded", async () => {
    const images = await buildImages(plan(smallScenario()));
    for (const role of ["old", "new"] as const) {
      const { file, fileBytes, hash, version, encrypted } = images[role];
      expect([version, fileBytes, encrypted]).toEqual([role === "old" ? "1.0.0" : "2.0.0", file.length, true]);
      expect(hash).toMatch(/^[0-9a-f]{64}$/);
      expect(decodeHeader(file).flags & ENCRYPTED_FLAGS).not.toBe(0);
    }
  });

  test("lie in the primary slot as in the file, but for the body in clear", async () => {
    const { new: image } = await buildImages(plan(smallScenario()));
    const { headerBytes, bodyBytes } = decodeHeader(image.file);
    const end = headerBytes + bodyBytes;
    expect(image.plain).toHaveLength(image.file.length);
    expect(image.plain.subarray(0, headerBytes)).toEqual(image.file.subarray(0, headerBytes));
    expect(image.plain.subarray(end)).toEqual(image.file.subarray(end));
    expect(image.plain.subarray(headerBytes, end)).not.toEqual(image.file.subarray(headerBytes, end));
    expect(Buffer.from(image.plain).includes("2.0.0")).toBe(true);
    expect(Buffer.from(image.file).includes("small 2.0.0")).toBe(false);
  });

  test("that are not to be encrypted lie in the slot as they were uploaded", async () => {
    const scenario = smallScenario(["cuts:", "  encrypt: false\ncuts:"]);
    const { new: image } = await buildImages(plan(scenario, { keys: NO_ENCRYPTION }));
    expect(image.encrypted).toBe(false);
    expect(image.plain).toEqual(image.file);
    expect(parseImage(image.file).header.flags & ENCRYPTED_FLAGS).toBe(0);
  });

  test("are the same for a seed, and differ in the keys alone where keys come from the system", async () => {
    const [first, second] = [await buildImages(plan(smallScenario())), await buildImages(plan(smallScenario()))];
    expect(first.new.file).toEqual(second.new.file);
    const random = await buildImages(plan(smallScenario(), { randomness: systemRandomness }));
    expect(random.new.hash).toBe(first.new.hash);
    expect(random.new.file).not.toEqual(first.new.file);
  });

  test.each([
    ["2.0.0+0", "2.0.0"],
    ["2.1.3+7", "2.1.3.7"],
    ["2", "2.0.0"],
  ])("of version %s are called %s, as mcumgr lists them", async (version, shown) => {
    const { new: image } = await buildImages(plan(smallScenario(['"2.0.0"', `"${version}"`])));
    expect(image.version).toBe(shown);
  });

  test("hold the payload that the scenario names, relative to its file", async () => {
    const folder = mkdtempSync(join(tmpdir(), "hil-images-"));
    const payload = Uint8Array.from({ length: 5000 }, (_, index) => index & 0xff);
    writeFileSync(join(folder, "app.bin"), payload);
    const text = smallScenario(["{ generate_bytes: 9000 }", "{ file: app.bin }"]).text;
    const scenario = parseScenario(text, join(folder, "mine.yaml"));
    const { new: image } = await buildImages(plan(scenario));
    expect(image.plain.subarray(512, 5512)).toEqual(payload);
  });
});

describe("images that cannot be built are the request's fault", () => {
  test("a payload that is not there, with the scenario's line and field", async () => {
    const scenario = smallScenario(["{ generate_bytes: 9000 }", "{ file: gone.bin }"]);
    for (const work of [() => buildImages(plan(scenario)), () => readNamedFiles(scenario, smallProfile())]) {
      expect(await complaint(work())).toMatch(
        /small\.yaml, line 5: images\.new\.payload\.file names .*gone\.bin, which cannot be read/,
      );
    }
  });

  test("encrypted ones for a board without a key", async () => {
    const told = await complaint(buildImages(plan(smallScenario(), { keys: NO_ENCRYPTION })));
    expect(told).toMatch(/wants encrypted images, and the board profile names no encryption key/);
  });

  test("two that are the same: nobody could tell which one runs", async () => {
    const folder = mkdtempSync(join(tmpdir(), "hil-images-"));
    writeFileSync(join(folder, "app.bin"), new Uint8Array(5000).fill(1));
    const text = smallScenario(
      ["{ generate_bytes: 9000 }", "{ file: app.bin }"],
      ["{ generate_bytes: 6000 }", "{ file: app.bin }"],
      ['"2.0.0"', '"1.0.0"'],
    ).text;
    const told = await complaint(buildImages(plan(parseScenario(text, join(folder, "mine.yaml")))));
    expect(told).toMatch(/mine\.yaml, line 5: images\.new is the same image as images\.old/);
  });
});

describe("the guard before an upload", () => {
  const profile = (encryption: string) => ({
    ...smallProfile().profile,
    images: { encryption, headerBytes: 512 } as ReturnType<typeof smallProfile>["profile"]["images"],
  });
  const images = async () => {
    const clear = smallScenario(["cuts:", "  encrypt: false\ncuts:"]);
    return {
      secret: (await buildImages(plan(smallScenario()))).new,
      clear: (await buildImages(plan(clear, { keys: NO_ENCRYPTION }))).new,
    };
  };

  test("lets through what the profile demands, and everything where it demands nothing", async () => {
    const { secret, clear } = await images();
    requireEncryptionPolicy(secret.file, "2.0.0", profile("required"));
    requireEncryptionPolicy(clear.file, "2.0.0", profile("none"));
    for (const image of [secret, clear]) requireEncryptionPolicy(image.file, "2.0.0", profile("optional"));
    expect(clear.encrypted).toBe(false);
  });

  test("keeps an image in clear off a board that demands encryption", async () => {
    const { clear } = await images();
    expect(() => requireEncryptionPolicy(clear.file, "2.0.0", profile("required"))).toThrow(
      "image 2.0.0 is not encrypted, and small demands encrypted images; nothing was uploaded.",
    );
  });

  test("keeps an encrypted image off a board that cannot decrypt", async () => {
    const { secret } = await images();
    expect(() => requireEncryptionPolicy(secret.file, "2.0.0", profile("none"))).toThrow(
      "image 2.0.0 is encrypted, and the bootloader of small cannot decrypt; nothing was uploaded.",
    );
  });
});
