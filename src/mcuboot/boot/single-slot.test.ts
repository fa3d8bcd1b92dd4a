import { describe, expect, test } from "@jest/globals";
import { FLAG } from "../../image/index.ts";
import { FlashContent } from "../flash/flash-content.ts";
import { isOperation } from "../steps/steps.ts";
import { type SmallBoardOptions, smallBuild, smallImage } from "../testing/small-board.ts";
import { statusOffset } from "../trailer/trailer.ts";
import { recoveryList, recoveryUploadSteps } from "./recovery.ts";
import { outcomeOf, runSteps } from "./run-boot.ts";

const SECTOR_BYTES = 4096;
const SLOT_BYTES = 16 * SECTOR_BYTES;
const AREAS = { primary: { offset: 0, bytes: SLOT_BYTES }, secondary: { offset: SLOT_BYTES, bytes: 0 } };

const buildOf = (options: SmallBoardOptions = {}) =>
  smallBuild({ encrypted: false, mode: "single", images: [AREAS], ...options });
const { plain } = smallImage("1.0.0", 20_000, false);
/** The header's little-endian flags are at byte 16. */
const flagged = (flag: number) => plain.with(16, (plain[16] ?? 0) | flag);

function flashWith(image: Uint8Array): FlashContent {
  const flash = FlashContent.erased(SLOT_BYTES, SECTOR_BYTES);
  flash.load(0, image);
  return flash;
}

/** What a boot of this image comes to: its result, and its lines. */
function booted(image: Uint8Array, options: SmallBoardOptions = {}) {
  const { result, log } = outcomeOf(flashWith(image), buildOf(options));
  return [result.kind, log.map(({ text }) => text).join("; ")];
}

/** A signature may be a byte or two shorter each time: drawn until the whole has this length. */
function imageOfBytes(bytes: number): Uint8Array {
  const extra = plain.length - 20_000;
  for (;;) {
    const image = smallImage("1.0.0", bytes - extra, false).plain;
    if (image.length === bytes) return image;
  }
}

const lateBit = plain.with(10_000, (plain[10_000] ?? 0) ^ 1);

describe("a boot with a single slot", () => {
  test.each([
    ["runs an image that is valid, and prints nothing of it", plain, {}, ["run", ""]],
    ["starts nothing whose hash is another", lateBit, {}, ["fail", ""]],
    ["starts what it is not told to look at", lateBit, { validatePrimarySlot: false }, ["run", ""]],
    ["starts nothing from a blank slot", new Uint8Array(64).fill(0xff), {}, ["fail", "Bad image magic 0xffffffff"]],
    [
      "starts nothing without a magic, looked at or not",
      plain.with(0, 0),
      { validatePrimarySlot: false },
      ["fail", "Bad image magic 0x96f3b800"],
    ],
    ["starts nothing that is not bootable", flagged(FLAG.NON_BOOTABLE), {}, ["fail", "Image not bootable"]],
    [
      "starts what it has not checked, with that fault",
      lateBit,
      { defects: new Set(["swap-unvalidated"]) },
      ["run", ""],
    ],
  ] as const)("%s", (_, image, options, shown) => {
    expect(booted(image, options as SmallBoardOptions)).toEqual(shown);
  });

  test("passes over the flag of an image that was decrypted in place, and not over its ciphertext", () => {
    const encrypted = smallImage("1.0.0", 20_000);
    expect(booted(encrypted.plain, { encrypted: true })[0]).toBe("run");
    expect(booted(encrypted.file, { encrypted: true })[0]).toBe("fail");
  });

  test.each([
    ["that ends right before the trailer's status runs", 0, "run"],
    ["that ends a byte later does not", 1, "fail"],
  ] as const)("an image %s", (_, beyond, kind) => {
    const build = buildOf();
    expect(outcomeOf(flashWith(imageOfBytes(statusOffset(build, AREAS.primary) + beyond)), build).result.kind).toBe(
      kind,
    );
  });

  test("says from 2.3 on that an image is too long for its slot", () => {
    const tooLong = plain.slice();
    new DataView(tooLong.buffer).setUint32(12, SLOT_BYTES, true);
    expect(booted(tooLong, { generation: "2.3.0" })).toEqual([
      "fail",
      `Image size bigger than designated area: ${SLOT_BYTES + 512} > ${SLOT_BYTES}`,
    ]);
    expect(booted(tooLong, { generation: "2.1.0" })).toEqual(["fail", ""]);
  });
});

describe("a build that validates once", () => {
  const once = buildOf({ validatePrimarySlot: false, validatesOnce: true });

  test("marks an image that it finds valid, and does not look at it again", () => {
    const first = outcomeOf(flashWith(plain), once);
    expect([first.result.kind, first.operations]).toEqual(["run", 2]);
    const later = outcomeOf(first.flash, once);
    expect([later.result.kind, later.operations]).toEqual(["run", 0]);
  });

  test("starts nothing that it has not marked", () => {
    expect(outcomeOf(flashWith(lateBit), once).result.kind).toBe("fail");
  });

  // Serial recovery erases no trailer of a single slot: the mark of the image before vouches for half of the next.
  test("starts half an upload over a marked image", () => {
    const { flash } = outcomeOf(flashWith(plain), once);
    let writes = 0;
    for (const step of recoveryUploadSteps(flash, once, smallImage("2.0.0", 21_000, false).plain)) {
      if (isOperation(step)) flash.apply(step);
      if (isOperation(step) && step.kind === "write" && (writes += 1) === 2) break;
    }
    expect(outcomeOf(flash, once).result.kind).toBe("run");
    expect(runSteps(recoveryList(flash, once), flash).map(({ found }) => found)).toEqual([undefined]);
    expect(outcomeOf(flash, buildOf()).result.kind).toBe("fail");
  });
});

test("serial recovery lists one slot where there is one", () => {
  const flash = flashWith(plain);
  expect(runSteps(recoveryList(flash, buildOf()), flash)).toMatchObject([
    { image: 0, slot: 0, active: true, confirmed: true, found: { version: "1.0.0" } },
  ]);
});
