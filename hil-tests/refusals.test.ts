import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type BoardProfile, imageCrypto, loadProfile, modeRow, profileKeys, Random } from "mcuboot-hil";
import {
  buildImage,
  generatePayload,
  type Mutant,
  mutations,
  type PrivateKey,
  parseImage,
  parseVersion,
  TLV,
} from "mcuboot-hil/image";
import { type Bench, BOARD_VARIABLE, bench, type CampaignImage } from "mcuboot-hil/jest";

const SUITE_MS = 600_000;
const OLD = "1.0.0";
const NEW = "1.1.0";
/** The TLVs that may hold an image's hash. */
const HASHES: readonly number[] = [TLV.SHA256, TLV.SHA384, TLV.SHA512];
const DOWNGRADED = "0.0.1";
const PAYLOAD_BYTES = 9000;

const profile = await loadProfile(process.env[BOARD_VARIABLE] ?? "twin", { cwd: process.cwd() });
const keys = profileKeys(profile);
const signing = signingKey();

function signingKey(): PrivateKey {
  if (keys.signing?.role !== "private") throw new Error("this suite needs a bootloader that checks signatures");
  return keys.signing;
}

/**
 * Made before a bench is open: each is a test of its own. What a bootloader takes and a processor cannot run
 * stays out.
 */
const MUTANTS = mutantsFor(profile.profile);

function mutantsFor({ images, slots, bootloader }: BoardProfile): readonly Mutant[] {
  const payload = generatePayload({
    random: Random.fromSeed("refusals"),
    name: "refusals",
    version: NEW,
    bodyAddress: slots.primary.offset + images.headerBytes,
    bytes: PAYLOAD_BYTES,
  });
  const { image } = buildImage(payload, {
    version: parseVersion(NEW),
    headerBytes: images.headerBytes,
    padHeader: true,
    securityCounter: 1,
    ...imageCrypto(keys),
  });
  const mode = modeRow(bootloader.mode).imgtool;
  const opener = keys.encryption?.key;
  const mutationKeys = opener === undefined || opener.role === "public" ? { signing } : { signing, decryptKey: opener };
  const { downgradePrevention, tlvAllowList } = bootloader;
  return [...mutations(image, mutationKeys, { mode, downgradePrevention, tlvAllowList })].filter(
    (mutant) => mutant.runs,
  );
}

/** A mutant as the bench uploads it. Its hash is what its own TLVs say, where they can be read. */
function uploadable(mutant: Mutant): CampaignImage {
  let hash = "";
  let version = NEW;
  try {
    const image = parseImage(mutant.bytes);
    const { major, minor, revision } = image.header.version;
    version = `${major}.${minor}.${revision}`;
    const { data = new Uint8Array(0) } = image.area.entries.find((tlv) => HASHES.includes(tlv.type)) ?? {};
    hash = Buffer.from(data).toString("hex");
  } catch {
    // No readable image: the application has nothing to compare with, either.
  }
  const plain = mutant.bytes;
  return { role: "new", version, hash, fileBytes: plain.length, encrypted: true, file: mutant.bytes, plain };
}

/** How far a mutant gets: the application may refuse what is no image, before the bootloader ever sees it. */
type Reached = "upload refused" | "request refused" | "bootloader";

describe("a bad image", () => {
  let bed: Bench;
  let old: CampaignImage;

  beforeAll(async () => {
    bed = await bench({ seed: 40 });
    old = bed.image({ version: OLD });
  }, SUITE_MS);

  afterAll(async () => {
    await bed[Symbol.asyncDispose]();
  }, SUITE_MS);

  async function tryOut(mutant: Mutant): Promise<{ reached: Reached; refusalSeen: boolean }> {
    const image = uploadable(mutant);
    await bed.start(old);
    try {
      await bed.upload(image);
    } catch (error) {
      expect(String(error)).toMatch(/refused|image/i);
      return { reached: "upload refused", refusalSeen: false };
    }
    try {
      await bed.requestTest(image);
    } catch {
      await bed.reset();
      return { reached: "request refused", refusalSeen: false };
    }
    const seen = await bed.reset();
    return { reached: "bootloader", refusalSeen: seen.lines.some((line) => line.event === "image invalid") };
  }

  test.each(MUTANTS.map((mutant) => [mutant.name, mutant.outcome, mutant] as const))(
    "%s: %s",
    async (name, _, mutant) => {
      const { reached, refusalSeen } = await tryOut(mutant);
      // What is a readable image with a hash must get as far as the bootloader: no mutant passes by not arriving.
      if (uploadable(mutant).hash !== "") expect(reached).toBe("bootloader");
      if (reached === "bootloader") expect(refusalSeen).toBe(mutant.outcome === "refused and erased");
      if (mutant.outcome === "accepted") {
        await expect(bed).toBeRunning(name === "downgrade" ? DOWNGRADED : NEW);
        return;
      }
      await expect(bed).toHaveSlots({ 0: `${OLD} active confirmed` });
      if (reached === "bootloader" && mutant.outcome === "refused and erased")
        await expect(bed).toHaveSlots({ 1: null });
    },
    SUITE_MS,
  );
});
