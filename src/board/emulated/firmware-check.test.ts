import { describe, expect, test } from "@jest/globals";
import { Random } from "../../core/index.ts";
import { buildImage, parseVersion, seededRandomness } from "../../image/index.ts";
import { imageCrypto, profileKeys } from "../profile/keys.ts";
import { loadProfile } from "../profile/profile.ts";
import { checkFirmware } from "./firmware-check.ts";

const profile = await loadProfile("emulated", { cwd: "/" });
const { primary } = profile.profile.slots;
const random = Random.fromSeed(1);

/** A signed image of the profile's key. */
function signedImage(): Uint8Array {
  return buildImage(new Uint8Array(1000).fill(7), {
    version: parseVersion("1.0.0"),
    headerBytes: 512,
    padHeader: true,
    ...imageCrypto(profileKeys(profile), false),
    randomness: seededRandomness(random.fork("image")),
  }).bytes.slice();
}

/** A flash with a bootloader that holds the profile's key, and an image. */
function flashWith({ image = signedImage(), at = primary.offset, holdsKey = true, start = 0x201 } = {}): Uint8Array {
  const flash = new Uint8Array(0x10_0000).fill(0xff);
  const view = new DataView(flash.buffer);
  view.setUint32(0, 0x2000_8000, true);
  view.setUint32(4, start, true);
  const key = profileKeys(profile).signing?.publicBytes;
  if (holdsKey && key) flash.set(key, 0x400);
  flash.set(image, at);
  return flash;
}

describe("checkFirmware", () => {
  test("a bootloader with the profile's key and an image that it signed are what the profile says", () => {
    expect(() => checkFirmware(profile, flashWith())).not.toThrow();
    expect(() => checkFirmware(profile, flashWith({ image: new Uint8Array(0) }))).not.toThrow();
  });

  test("a HEX without a bootloader is told, with what to give besides", () => {
    expect(() => checkFirmware(profile, flashWith({ start: 0xffff_ffff }))).toThrow(
      /emulated\.firmware.*has no bootloader at 0x0: its vector table reads 0x20008000, 0xffffffff\./,
    );
    expect(() => checkFirmware(profile, flashWith({ start: primary.offset + 1 }))).toThrow("has no bootloader");
  });

  test("a bootloader that was built with another key is told", () => {
    expect(() => checkFirmware(profile, flashWith({ holdsKey: false }))).toThrow(
      /keys\.signing.*is not the key of the bootloader in the HEX/,
    );
  });

  test("an image elsewhere than in the primary slot names both places", () => {
    expect(() => checkFirmware(profile, flashWith({ at: 0x2_0000 }))).toThrow(
      "holds an image at 0x20000; slots.primary is at 0x10000.",
    );
  });

  test("an image that the bootloader would refuse is told with the reason", () => {
    const image = signedImage();
    image[600] = 8;
    expect(() => checkFirmware(profile, flashWith({ image }))).toThrow(
      "would refuse: the SHA256 of the image differs.",
    );
  });
});
