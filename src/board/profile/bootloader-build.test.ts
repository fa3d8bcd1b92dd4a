import { generateKeyPairSync, type KeyPairKeyObjectResult } from "node:crypto";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { isHilError } from "../../core/index.ts";
import { PASSPHRASE_VARIABLE } from "../../image/index.ts";
import { bootloaderBuildOf } from "./bootloader-build.ts";
import { profileKeys } from "./keys.ts";
import { type LoadedProfile, loadProfile, parseProfile } from "./profile.ts";

/** The twin's profile with edits, and key files beside it. */
async function edited(edits: readonly (readonly [string | RegExp, string])[], keys: Record<string, string> = {}) {
  const { text } = await loadProfile("twin", { cwd: "/" });
  const folder = mkdtempSync(join(tmpdir(), "hil-build-"));
  for (const [name, pem] of Object.entries(keys)) writeFileSync(join(folder, name), pem);
  const changed = edits.reduce((before, [find, replacement]) => {
    const after = before.replace(find, replacement);
    expect(after).not.toBe(before);
    return after;
  }, text);
  return parseProfile(changed, join(folder, "twin.yaml"));
}

const pems = (namedCurve: string) => pemsOf(generateKeyPairSync("ec", { namedCurve }));

function pemsOf({ privateKey, publicKey }: KeyPairKeyObjectResult): { readonly secret: string; readonly open: string } {
  return {
    secret: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    open: publicKey.export({ type: "spki", format: "pem" }).toString(),
  };
}

function complaint(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (!isHilError(error)) throw error;
    expect(error.exitCode).toBe(2);
    return error.paragraph();
  }
  return "no complaint";
}

const SIGN = "builtin:twin-sign-p256.pem";
const ENCRYPT = "builtin:twin-enc-p256.pem";
const KW256 = Buffer.alloc(32, 7).toString("base64");

describe("the bootloader of a profile", () => {
  test("has the profile's mode, slots, keys and rules", async () => {
    const build = bootloaderBuildOf(await loadProfile("twin", { cwd: "/" }));
    expect(build).toMatchObject({
      mode: "move",
      sectorBytes: 4096,
      writeBytes: 4,
      maxAlign: 8,
      maxImgSectors: 128,
      validatePrimarySlot: true,
      downgradePrevention: false,
      encryption: { aesKeyBytes: 16, saveTlv: false },
    });
    expect(build.images.map(({ primary, secondary }) => [primary.offset, secondary.offset])).toEqual([
      [0x10000, 0x84000],
    ]);
    expect([...build.defects]).toEqual([]);
  });

  test.each([
    ["swap-offset", "offset"],
    ["overwrite-only", "overwrite"],
  ])("that is %s is %s to the model", async (name, mode) => {
    expect(bootloaderBuildOf(await edited([["swap-move", name]])).mode).toBe(mode);
  });

  test("decrypts nothing where the profile names no key for it", async () => {
    const loaded = await edited([
      [/ {2}encryption: builtin.*\n/, ""],
      ["encryption: optional", "encryption: none"],
    ]);
    expect(bootloaderBuildOf(loaded).encryption).toBeUndefined();
    expect(profileKeys(loaded).encryption).toBeUndefined();
  });

  test("has the faults it is given", async () => {
    const loaded = await loadProfile("twin", { cwd: "/" });
    expect([...bootloaderBuildOf(loaded, new Set(["no-revert"])).defects]).toEqual(["no-revert"]);
  });
});

describe("keys that cannot be used", () => {
  const p256 = pems("P-256");
  const p384 = pems("P-384");
  const x25519 = pemsOf(generateKeyPairSync("x25519"));
  const ed25519 = pemsOf(generateKeyPairSync("ed25519"));
  const cases: readonly [string, string, string, RegExp, (loaded: LoadedProfile) => unknown][] = [
    ["a public key to sign with", SIGN, p256.open, /keys\.signing is a public key/, profileKeys],
    ["a key that cannot sign", SIGN, x25519.secret, /keys\.signing is a key of type x25519, which cannot/, profileKeys],
    ["a key that cannot encrypt", ENCRYPT, ed25519.secret, /keys\.encryption cannot be used: Signing/, profileKeys],
    ["a pair that no bootloader has", ENCRYPT, p384.open, /must use the same type of key/, profileKeys],
    ["a wrapping key of another length", ENCRYPT, KW256, /wraps with 256 bits, and aes_bits is 128/, profileKeys],
    [
      "a public key where the judge must decrypt",
      ENCRYPT,
      p256.open,
      /keys\.encryption is a public key/,
      bootloaderBuildOf,
    ],
  ];

  test("that do not sign the hash that is asked for are told with what they do sign", async () => {
    const loaded = await edited([["  encryption: builtin", "  hash: sha512\n  encryption: builtin"]]);
    expect(complaint(() => profileKeys(loaded))).toMatch(
      /keys\.hash is sha512, and a key of type ecdsa-p256 signs sha256/,
    );
  });

  test.each(cases)("%s is refused with file, line and field, and never shown", async (_, name, pem, text, use) => {
    const loaded = await edited([[name, "key.pem"]], { "key.pem": pem });
    const told = complaint(() => use(loaded));
    expect(told).toMatch(text);
    expect(told).toMatch(/twin\.yaml, line \d+/);
    expect(told).not.toContain("BEGIN");
  });

  test("that are protected open with HIL_KEY_PASSPHRASE, and say without it what is missing", async () => {
    const cipher = { cipher: "aes-256-cbc", passphrase: "correct horse" };
    const closed = () =>
      String(
        generateKeyPairSync("ec", { namedCurve: "prime256v1" }).privateKey.export({
          type: "pkcs8",
          format: "pem",
          ...cipher,
        }),
      );
    const edits = [
      [SIGN, "sign.pem"],
      [ENCRYPT, "enc.pem"],
    ] as const;
    const loaded = await edited(edits, { "sign.pem": closed(), "enc.pem": closed() });
    const keys = profileKeys(loaded, { [PASSPHRASE_VARIABLE]: "correct horse" });
    expect([keys.signing?.role, keys.encryption?.key.role]).toEqual(["private", "private"]);
    expect(complaint(() => profileKeys(loaded, {}))).toMatch(/sign\.pem is password-protected.*HIL_KEY_PASSPHRASE/s);
    const wrong = complaint(() => profileKeys(loaded, { [PASSPHRASE_VARIABLE]: "battery" }));
    expect(wrong).toMatch(/the passphrase of key file .*sign\.pem is wrong/);
    expect(wrong).not.toContain("battery");
  });

  test("are not those of a product whose private encryption key stays elsewhere: its images can be built", async () => {
    const loaded = await edited([[ENCRYPT, "key.pem"]], { "key.pem": p256.open });
    expect(profileKeys(loaded).encryption?.key.role).toBe("public");
  });
});

describe("CONFIG_MCUBOOT_VERIFY_IMG_ADDRESS", () => {
  const OVERWRITE = [/mode: swap-move/, "mode: overwrite-only"] as const;
  const TWO_IMAGES = [/\nkeys:/, "\n  network_secondary: { offset: 0xf8000, bytes: 0x8000 }\nkeys:"] as const;
  const CLEAR = [
    /\n  encryption: builtin:.*\n\nimages: \{ encryption: optional/,
    "\n\nimages: { encryption: none",
  ] as const;
  const on = async (...edits: (readonly [string | RegExp, string])[]) =>
    bootloaderBuildOf(await edited(edits)).verifyAddress;

  test("is on in a build that overwrites, has two images and decrypts nothing; any of these missing, it is off", async () => {
    expect(await on(OVERWRITE, TWO_IMAGES, CLEAR)).toBe(true);
    expect(await on(OVERWRITE, CLEAR)).toBe(false);
    expect(await on(OVERWRITE, TWO_IMAGES)).toBe(false);
  });

  test.each([
    ["ncs-1.8", false],
    ["ncs-1.9", true],
    ["1.10.0", true],
  ])("of %s is on there: %s", async (name, expected) => {
    const generation = [/generation: current.*/, `generation: "${name}"`] as const;
    expect(await on(OVERWRITE, TWO_IMAGES, CLEAR, generation)).toBe(expected);
  });

  test("gives way to the check of load addresses, and is as the profile says before all that", async () => {
    const checked = [/mode: overwrite-only/, "mode: overwrite-only\n  check_load_address: true"] as const;
    expect(await on(OVERWRITE, TWO_IMAGES, CLEAR, checked)).toBe(false);
    expect(await on([/mode: swap-move/, "mode: swap-move\n  verify_image_address: true"])).toBe(true);
    const off = [/mode: overwrite-only/, "mode: overwrite-only\n  verify_image_address: false"] as const;
    expect(await on(OVERWRITE, TWO_IMAGES, CLEAR, off)).toBe(false);
  });
});
