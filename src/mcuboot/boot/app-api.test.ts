import { describe, expect, test } from "@jest/globals";
import { FlashContent } from "../flash/flash-content.ts";
import { smallBoard } from "../testing/small-board.ts";
import { fieldOffset } from "../trailer/trailer.ts";
import { API_CODE, confirm, eraseSlotByApp, prepareUpload, setPending, uploadSteps } from "./app-api.ts";
import { imageListOf, nextSwapType } from "./image-state.ts";
import { outcomeOf, runSteps } from "./run-boot.ts";

describe("what the application asks of the bootloader", () => {
  test("power lost between magic and image_ok turns a permanent request into a test (U8)", () => {
    const { build, flash } = smallBoard();
    const steps = setPending(flash, build, 0, true);
    const first = steps.next().value;
    if (typeof first !== "object" || first.kind !== "write") throw new Error("the first step is no write");
    flash.apply(first);
    expect(nextSwapType(flash, build, 0)).toBe("test");
  });

  test("a second request changes nothing, also a permanent one after a test", () => {
    const { build, flash } = smallBoard();
    runSteps(setPending(flash, build, 0, false), flash);
    const before = flash.identity();
    expect(runSteps(setPending(flash, build, 0, true), flash)).toBe(API_CODE.done);
    expect(flash.identity()).toBe(before);
  });

  test("a damaged magic refuses requests and confirmation", () => {
    const { build, flash } = smallBoard();
    const [areas] = build.images;
    if (areas === undefined) throw new Error("no image");
    for (const area of [areas.primary, areas.secondary])
      flash.load(fieldOffset(build, area, "magic"), Uint8Array.of(0));
    expect(runSteps(setPending(flash, build, 0, false), flash)).toBe(API_CODE.badImage);
    expect(runSteps(confirm(flash, build, 0), flash)).toBe(API_CODE.badVector);
  });

  test("confirming an image that was merely flashed does nothing and is no error", () => {
    const { build, flash } = smallBoard();
    const before = flash.identity();
    expect(runSteps(confirm(flash, build, 0), flash)).toBe(API_CODE.done);
    expect(flash.identity()).toBe(before);
  });

  test("the image list shows the flags of img_mgmt_state.c through an upgrade's life", () => {
    const { build, flash } = smallBoard();
    const flags = (): string[] =>
      imageListOf(flash, build).map((entry) =>
        [
          entry.version,
          ...(["active", "confirmed", "pending", "permanent"] as const).filter((flag) => entry[flag]),
        ].join(" "),
      );
    expect(flags()).toEqual(["1.0.0 active confirmed", "2.0.0"]);
    runSteps(setPending(flash, build, 0, false), flash);
    expect(flags()).toEqual(["1.0.0 active confirmed", "2.0.0 pending"]);
    const upgraded = outcomeOf(flash, build).flash;
    expect(imageListOf(upgraded, build).map((entry) => `${entry.version} ${entry.active} ${entry.confirmed}`)).toEqual([
      "2.0.0 true false",
      "1.0.0 false true",
    ]);
  });

  test("a slot without header, or whose TLVs are damaged, is not listed", () => {
    const { build, flash } = smallBoard();
    const secondary = build.images[0]?.secondary.offset ?? 0;
    flash.load(secondary + 512 + 30_000, new Uint8Array(600));
    expect(imageListOf(flash, build).map((entry) => entry.slot)).toEqual([0]);
  });

  test("an image number that the build has not is refused", () => {
    const { build, flash } = smallBoard();
    expect(() => runSteps(setPending(flash, build, 1, false), flash)).toThrow("no image 1");
  });
});

describe("what an application's server does to the flash, as measured on Zephyr 3.4.0 and 4.4.0", () => {
  const NRF51 = { sectorBytes: 1_024 };
  const SLOT = { offset: 0x8000, bytes: 104 * 1_024 };
  const dirty = () => {
    const flash = FlashContent.erased(0x40000, 1_024);
    flash.load(SLOT.offset + 50 * 1_024, Uint8Array.of(0));
    return flash;
  };
  const sectors = (steps: Iterable<object>) =>
    [...steps].map((step) => ("offset" in step ? (Number(step.offset) - SLOT.offset) / 1_024 : undefined));

  test("an erase takes all 104 sectors of a slot with one byte in it, and none of a blank one", () => {
    expect(sectors(eraseSlotByApp(dirty(), NRF51, SLOT))).toEqual(Array.from({ length: 104 }, (_, sector) => sector));
    expect(sectors(eraseSlotByApp(FlashContent.erased(0x40000, 1_024), NRF51, SLOT))).toEqual([]);
  });

  test("swap using offset: second sector up, trailer, first sector last; 51 for 49,692 bytes", () => {
    const erased = sectors(prepareUpload(dirty(), NRF51, SLOT, { start: 1_024, bytes: 49_692 }));
    expect(erased).toEqual([...Array.from({ length: 49 }, (_, at) => at + 1), 103, 0]);
  });

  test("the other modes: the image's sectors, then the trailer's; 16 pages for 58 KiB on the nRF5340", () => {
    const flash = FlashContent.erased(0x100000);
    flash.load(0x80000, Uint8Array.of(0));
    const slot = { offset: 0x80000, bytes: 0x40000 };
    const erased = [...prepareUpload(flash, { sectorBytes: 4_096 }, slot, { start: 0, bytes: 59_232 })];
    expect(erased).toHaveLength(16);
    expect(erased.at(-1)).toEqual({ kind: "erase", offset: 0xbf000, bytes: 4_096 });
  });

  test("an upload writes blocks of 512 bytes, the last filled up to whole words", () => {
    const { build, flash } = smallBoard();
    const writes = [...uploadSteps(flash, build, 0, new Uint8Array(1_030))].filter((step) => step.kind === "write");
    expect(writes.map((step) => step.data.length)).toEqual([512, 512, 8]);
    expect([...(writes[2]?.data ?? [])]).toEqual([0, 0, 0, 0, 0, 0, 0xff, 0xff]);
  });
});
