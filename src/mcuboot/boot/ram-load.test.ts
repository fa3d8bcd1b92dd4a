import { describe, expect, test } from "@jest/globals";
import { buildImage, generateKey, loadPrivateKey, parseVersion, TLV } from "../../image/index.ts";
import { FlashContent } from "../flash/flash-content.ts";
import { type SmallBoardOptions, smallBuild } from "../testing/small-board.ts";
import { readTrailer } from "../trailer/trailer.ts";
import { confirm, setPending } from "./app-api.ts";
import { imageInRam } from "./ram-load.ts";
import { outcomeOf, runSteps } from "./run-boot.ts";
import { zephyrBoot } from "./zephyr-boot.ts";

const SECTOR_BYTES = 4096;
const SLOT_BYTES = 16 * SECTOR_BYTES;
const RAM = { offset: 0x2001_0000, bytes: 0x1_0000 };
const LOAD = 0x2001_8000;
const signing = loadPrivateKey(generateKey("ecdsa-p256"), { what: "test signing key" });
const encryption = loadPrivateKey(generateKey("ecdsa-p256"), { what: "test encryption key" });

const buildOf = (options: SmallBoardOptions = {}) =>
  smallBuild({
    encrypted: false,
    mode: "ram-load",
    imageRam: RAM,
    signature: { key: signing, hash: "sha256" },
    encryption: { key: encryption, tlvType: TLV.ENCEC256, aesKeyBytes: 16, saveTlv: false },
    ...options,
  });

interface Made {
  readonly loadAddress?: number;
  readonly romFixed?: number;
  readonly encrypted?: boolean;
  readonly key?: typeof signing;
}

function imageOf(version: string, { encrypted = false, key = signing, ...address }: Made = { loadAddress: LOAD }) {
  return buildImage(new Uint8Array(8000).fill(0x5a), {
    version: parseVersion(version),
    headerBytes: 512,
    padHeader: true,
    signer: { kind: "key", key },
    ...address,
    ...(encrypted ? { encryption: { key: encryption } } : {}),
  }).image;
}

function flashWith(primary?: Uint8Array, secondary?: Uint8Array): FlashContent {
  const flash = FlashContent.erased(2 * SLOT_BYTES, SECTOR_BYTES);
  if (primary) flash.load(0, primary);
  if (secondary) flash.load(SLOT_BYTES, secondary);
  return flash;
}

/** The slot that runs, the slots that still hold an image, and the lines that tell of RAM and refusals. */
function booted(flash: FlashContent, options: SmallBoardOptions = {}) {
  const { result, images, log } = outcomeOf(flash, buildOf(options));
  const slot = result.kind === "run" ? (result.slots[0] ?? 0) / SLOT_BYTES : result.kind;
  const told = log.map(({ text }) => text).filter((text) => /RAM|flash|not valid/.test(text));
  return { slot, left: images.map((entry) => entry.slot), told };
}

const LOADED = `Image 0 RAM loading to 0x${LOAD.toString(16)} is succeeded.`;
const old = imageOf("1.0.0");
const next = imageOf("2.0.0");

describe("RAM load", () => {
  test.each([
    ["the newest of two", old, next, 1, [0, 1]],
    ["the newest, also in the first slot", next, old, 0, [0, 1]],
    ["the first of two equals", old, old, 0, [0, 1]],
    ["the only one", undefined, old, 1, [1]],
  ] as const)("runs %s, erases nothing and says where it lies", (_, primary, secondary, slot, left) => {
    expect(booted(flashWith(primary, secondary))).toEqual({ slot, left, told: [LOADED] });
  });

  test.each([
    ["does not say RAM_LOAD", imageOf("2.0.0", {}), []],
    ["is for a place in flash", imageOf("2.0.0", { romFixed: SLOT_BYTES }), []],
    [
      "begins below the memory for images",
      imageOf("2.0.0", { loadAddress: RAM.offset - 4 }),
      [`Image 0 RAM load address 0x${(RAM.offset - 4).toString(16)} is invalid.`],
    ],
    [
      "ends behind it",
      imageOf("2.0.0", { loadAddress: RAM.offset + RAM.bytes - next.length + 32 }),
      [`Image 0 RAM load address 0x${(RAM.offset + RAM.bytes - next.length + 32).toString(16)} is invalid.`],
    ],
  ] as const)("erases an image that %s, and runs the older one", (_, image, told) => {
    const shown = booted(flashWith(old, image));
    expect(shown).toEqual({ slot: 0, left: [0], told: [...told, "Removing image 0 slot 1 from flash", LOADED] });
  });

  test.each([
    ["with the first byte of that memory", RAM.offset],
    ["with its last", RAM.offset + RAM.bytes - next.length],
  ] as const)("takes an image that begins or ends %s", (_, loadAddress) => {
    // Signatures differ in length: the image is built until it fits as measured.
    let image = imageOf("2.0.0", { loadAddress });
    while (image.length > next.length) image = imageOf("2.0.0", { loadAddress });
    expect(booted(flashWith(old, image)).slot).toBe(1);
  });

  test("erases what is damaged, out of either slot, and takes it out of RAM", () => {
    const removed = `Removing image 0 from SRAM at address 0x${LOAD.toString(16)}`;
    const damaged = next.with(5000, 0);
    expect(booted(flashWith(damaged, old))).toEqual({
      slot: 1,
      left: [1],
      told: [LOADED, "Image in the primary slot is not valid!", removed, LOADED],
    });
    expect(booted(flashWith(damaged))).toMatchObject({ slot: "fail", left: [] });
  });

  test("decrypts in RAM what either slot holds encrypted, and leaves the slot as it is", () => {
    const encrypted = imageOf("2.0.0", { loadAddress: LOAD, encrypted: true });
    for (const flash of [flashWith(old, encrypted), flashWith(encrypted, old)]) {
      const before = flash.identity();
      const { slot } = booted(flash);
      expect([slot, flash.identity()]).toEqual([flash.read(0, 32)[20] === 2 ? 0 : 1, before]);
      expect(imageInRam(flash, buildOf(), Number(slot) * SLOT_BYTES)?.subarray(512, 520)).toEqual(
        new Uint8Array(8).fill(0x5a),
      );
    }
  });

  test("erases an encrypted image whose key it cannot open, once that is in RAM", () => {
    const other = loadPrivateKey(generateKey("ecdsa-p256"), { what: "another key" });
    const build = { encryption: { key: other, tlvType: TLV.ENCEC256, aesKeyBytes: 16, saveTlv: false } } as const;
    expect(booted(flashWith(old, imageOf("2.0.0", { loadAddress: LOAD, encrypted: true })), build)).toMatchObject({
      slot: 0,
      left: [0],
      told: [`Image 0 RAM loading to 0x${LOAD.toString(16)} is failed.`, "Removing image 0 slot 1 from flash", LOADED],
    });
  });

  test("jumps to where the image lies, and begins as a swapping one does", () => {
    const lines: string[] = [];
    const flash = flashWith(old);
    runSteps(zephyrBoot(flash, buildOf()), flash, (step) => {
      if (step.kind === "log") lines.push(step.text);
    });
    expect(lines).toContain("Starting bootloader");
    expect(lines.slice(-3)).toEqual([
      `Bootloader chainload address offset: 0x${LOAD.toString(16)}`,
      "Image version: v1.0.0",
      "Jumping to the first image slot",
    ]);
  });
});

describe("RAM load with reverts", () => {
  const revert = buildOf({ xipRevert: true });

  /** 1.0.0 confirmed in slot 0, 2.0.0 asked for in slot 1. */
  function asked(): FlashContent {
    const flash = flashWith(old, next);
    runSteps(confirm(flash, revert, 0, 0), flash);
    runSteps(setPending(flash, revert, 0, false, 1), flash);
    return flash;
  }

  test("erases an image without a trailer before it is loaded", () => {
    expect(booted(flashWith(undefined, next), { xipRevert: true })).toEqual({ slot: "fail", left: [], told: [] });
  });

  test("marks what it starts, and takes back what nobody has confirmed by the next boot", () => {
    const first = outcomeOf(asked(), revert);
    expect(first.result).toMatchObject({ kind: "run", slots: [SLOT_BYTES] });
    expect(readTrailer(first.flash, revert, revert.images[0]?.secondary ?? { offset: 0, bytes: 0 }).copyDone).toBe(
      "set",
    );
    const second = outcomeOf(first.flash, revert);
    expect([second.result, second.images.map(({ slot }) => slot)]).toMatchObject([{ slots: [0] }, [0]]);
  });

  test("keeps what was confirmed", () => {
    const { flash } = outcomeOf(asked(), revert);
    runSteps(confirm(flash, revert, 0, 1), flash);
    expect(outcomeOf(flash, revert).result).toMatchObject({ slots: [SLOT_BYTES] });
  });
});

test("two images that would lie in one another's memory do not both run", () => {
  const pairs = [0, 2].map((first) => ({
    primary: { offset: first * SLOT_BYTES, bytes: SLOT_BYTES },
    secondary: { offset: (first + 1) * SLOT_BYTES, bytes: SLOT_BYTES },
  }));
  const build = buildOf({ images: pairs });
  const flash = FlashContent.erased(4 * SLOT_BYTES, SECTOR_BYTES);
  flash.load(0, imageOf("1.0.0", { loadAddress: RAM.offset }));
  const at = (loadAddress: number) => {
    const both = flash.snapshot();
    both.load(2 * SLOT_BYTES, imageOf("1.0.0", { loadAddress }));
    return outcomeOf(both, build).result.kind;
  };
  const end = RAM.offset + imageOf("1.0.0").length;
  expect([at(end + 16), at(end - 16), at(RAM.offset)]).toEqual(["run", "fail", "fail"]);
});
