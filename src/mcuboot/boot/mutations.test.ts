import { describe, expect, test } from "@jest/globals";
import { Random } from "../../core/index.ts";
import {
  buildImage,
  generateKey,
  loadPrivateKey,
  type Mutant,
  type MutantOutcome,
  mutations,
  parseVersion,
  TLV,
} from "../../image/index.ts";
import type { BootMode } from "../builds/boot-mode.ts";
import { type BootloaderBuild, bootloaderBuild } from "../builds/build.ts";
import { generation } from "../builds/generations.ts";
import { FlashContent } from "../flash/flash-content.ts";
import { imageBytesLimit } from "../swap/strategies.ts";
import { setPending } from "./app-api.ts";
import { outcomeOf, runSteps } from "./run-boot.ts";

const SLOT_BYTES = 0x10000;
const SECTOR_BYTES = 4096;
const signing = loadPrivateKey(generateKey("ecdsa-p256"));
const device = loadPrivateKey(generateKey("ecdsa-p256"));
const random = Random.fromSeed("mutants");

function imageOf(version: string, options: { readonly encrypted: boolean; readonly clear?: boolean }): Uint8Array {
  return buildImage(random.fork(version).bytes(9000), {
    version: parseVersion(version),
    headerBytes: 512,
    padHeader: true,
    signer: { kind: "key", key: signing },
    securityCounter: 1,
    ...(options.encrypted ? { encryption: { key: device, clear: options.clear ?? false } } : {}),
  }).image;
}

function buildOf(mode: BootMode, downgradePrevention: boolean): BootloaderBuild {
  return bootloaderBuild({
    generation: generation("current"),
    mode,
    images: [{ primary: { offset: 0, bytes: SLOT_BYTES }, secondary: { offset: SLOT_BYTES, bytes: SLOT_BYTES } }],
    ...(mode === "scratch" ? { scratch: { offset: 2 * SLOT_BYTES, bytes: SECTOR_BYTES } } : {}),
    signature: { key: signing, hash: "sha256" },
    encryption: { key: device, tlvType: TLV.ENCEC256, aesKeyBytes: 16, saveTlv: false },
    downgradePrevention,
  });
}

/** What the model makes of a mutant that an upgrade was requested for. */
function modelled(mutant: Mutant, build: BootloaderBuild): MutantOutcome | "something else" {
  const flash = FlashContent.erased(2 * SLOT_BYTES + SECTOR_BYTES, SECTOR_BYTES);
  const old = imageOf("1.0.0", { encrypted: true, clear: true });
  const start = build.mode === "offset" ? SECTOR_BYTES : 0;
  flash.load(0, old);
  flash.load(SLOT_BYTES + start, mutant.bytes);
  runSteps(setPending(flash, build, 0, false), flash);
  const { result, flash: after, log } = outcomeOf(flash, build);
  if (result.kind !== "run") return "something else";
  const runsOld = Buffer.from(after.read(0, old.length)).equals(old);
  const secondary = after.read(SLOT_BYTES, SLOT_BYTES);
  const blank = secondary.every((byte) => byte === 0xff);
  const said = log.some((line) => /is not valid|downgrade/i.test(line.text));
  if (!runsOld) return said ? "something else" : "accepted";
  if (blank) return said ? "refused and erased" : "something else";
  const kept = Buffer.from(secondary.subarray(start, start + mutant.bytes.length)).equals(mutant.bytes);
  return kept && !said ? "no image" : "something else";
}

function table(mutants: Iterable<Mutant>, build: BootloaderBuild): string[] {
  return [...mutants].map((mutant) => `${mutant.name}: ${modelled(mutant, build)}`);
}

const expected = (mutants: readonly Mutant[]): string[] => mutants.map(({ name, outcome }) => `${name}: ${outcome}`);

describe("the model of MCUboot gives every mutant the outcome that it must have", () => {
  test.each([
    ["move", true],
    ["offset", true],
    ["scratch", true],
    ["overwrite", true],
    ["move", false],
  ] as const)("swap mode %s, image encrypted: %s", (mode, encrypted) => {
    const build = buildOf(mode, false);
    const limit = imageBytesLimit(build, 0);
    const mutants = [
      ...mutations(imageOf("2.0.0", { encrypted }), { signing, decryptKey: device }, { mode, imageBytesMax: limit }),
    ];
    expect(mutants.length).toBeGreaterThan(encrypted ? 70 : 55);
    expect(table(mutants, build)).toEqual(expected(mutants));
  });

  test("a downgrade is refused where the bootloader prevents it", () => {
    const options = { downgradePrevention: true };
    const image = imageOf("2.0.0", { encrypted: true });
    const mutants = [...mutations(image, { signing, decryptKey: device }, options)];
    const downgrade = mutants.filter((mutant) => mutant.name === "downgrade");
    expect(table(downgrade, buildOf("move", true))).toEqual(["downgrade: refused and erased"]);
  });
});

test("names of mutants differ, and each says why", () => {
  const mutants = [...mutations(imageOf("2.0.0", { encrypted: true }), { signing, decryptKey: device })];
  expect(new Set(mutants.map((mutant) => mutant.name)).size).toBe(mutants.length);
  expect(mutants.filter((mutant) => mutant.why.length < 10)).toEqual([]);
});
