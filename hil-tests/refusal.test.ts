import { generateKeyPairSync } from "node:crypto";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { loadPrivateKey, loadPublicKey, parseImage } from "mcuboot-hil/image";
import { type Bench, bench } from "mcuboot-hil/jest";

const SUITE_MS = 600_000;
const ENCRYPTED_ONLY = fileURLToPath(new URL("boards/twin-encrypted-only.yaml", import.meta.url));

/** A P-256 key that no bootloader knows. */
function foreignKey(): { readonly privatePem: string; readonly publicPem: string } {
  const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return {
    privatePem: pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    publicPem: pair.publicKey.export({ type: "spki", format: "pem" }).toString(),
  };
}

describe("an image that the bootloader must not take", () => {
  let bed: Bench;

  beforeAll(async () => {
    bed = await bench({ seed: 12 });
  }, SUITE_MS);

  afterAll(async () => {
    await bed[Symbol.asyncDispose]();
  }, SUITE_MS);

  test(
    "encrypted for another device's key is refused, erased from slot 1, and the old image runs on",
    async () => {
      const old = bed.image({ version: "1.0.0" });
      const foreign = bed.image({ version: "1.1.0", encryption: loadPublicKey(foreignKey().publicPem) });
      await bed.start(old);
      await bed.upload(foreign);
      await bed.requestTest(foreign);
      const seen = await bed.reset();
      expect(seen.lines.map((line) => line.event)).toContain("image invalid");
      await expect(bed).toHaveSlots({ 0: "1.0.0 active confirmed", 1: null });
    },
    SUITE_MS,
  );

  test(
    "signed with another key is refused, erased from slot 1, and the old image runs on",
    async () => {
      const old = bed.image({ version: "1.0.0" });
      const forged = bed.image({ version: "1.2.0", signing: loadPrivateKey(foreignKey().privatePem) });
      await bed.start(old);
      await bed.upload(forged);
      await bed.requestTest(forged);
      await bed.reset();
      await expect(bed).toHaveSlots({ 0: "1.0.0 active confirmed", 1: null });
    },
    SUITE_MS,
  );
});

describe("an image that is not encrypted", () => {
  let bed: Bench;

  beforeAll(async () => {
    bed = await bench({ seed: 13 });
  }, SUITE_MS);

  afterAll(async () => {
    await bed[Symbol.asyncDispose]();
  }, SUITE_MS);

  test(
    "is taken by MCUboot all the same when it is signed: encryption is no condition of a boot",
    async () => {
      const old = bed.image({ version: "1.0.0" });
      const plain = bed.image({ version: "1.3.0", encrypt: false });
      expect(parseImage(plain.file).header.flags).toBe(0);
      await bed.start(old);
      await bed.upload(plain);
      await bed.requestTest(plain);
      await bed.reset();
      await expect(bed).toBeRunning("1.3.0");
    },
    SUITE_MS,
  );

  test(
    "is therefore refused by hil before the upload where the profile demands encryption",
    async () => {
      await using strict = await bench({ board: ENCRYPTED_ONLY, seed: 14 });
      const plain = strict.image({ version: "1.4.0", encrypt: false });
      const sentBefore = strict.events.length;
      await expect(strict.upload(plain)).rejects.toThrow("is not encrypted");
      expect(strict.events.slice(sentBefore).map((event) => event.event)).not.toContain("upload-started");
      await expect(strict).toHaveSlots({ 1: null });
    },
    SUITE_MS,
  );
});
