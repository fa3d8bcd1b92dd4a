import { describe, expect, test } from "@jest/globals";
import { API_CODE, confirm, setPending } from "./app-api.ts";
import { imageState, nextSwapType } from "./image-state.ts";
import { outcomeOf, runSteps } from "./run-boot.ts";
import { smallBoard } from "./testing/small-board.ts";
import { fieldOffset } from "./trailer.ts";

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
      imageState(flash, build).map((entry) =>
        [
          entry.version,
          ...(["active", "confirmed", "pending", "permanent"] as const).filter((flag) => entry[flag]),
        ].join(" "),
      );
    expect(flags()).toEqual(["1.0.0 active confirmed", "2.0.0"]);
    runSteps(setPending(flash, build, 0, false), flash);
    expect(flags()).toEqual(["1.0.0 active confirmed", "2.0.0 pending"]);
    const upgraded = outcomeOf(flash, build).flash;
    expect(imageState(upgraded, build).map((entry) => `${entry.version} ${entry.active} ${entry.confirmed}`)).toEqual([
      "2.0.0 true false",
      "1.0.0 false true",
    ]);
  });

  test("a slot without header, or whose TLVs are damaged, is not listed", () => {
    const { build, flash } = smallBoard();
    const secondary = build.images[0]?.secondary.offset ?? 0;
    flash.load(secondary + 512 + 30_000, new Uint8Array(600));
    expect(imageState(flash, build).map((entry) => entry.slot)).toEqual([0]);
  });

  test("an image number that the build has not is refused", () => {
    const { build, flash } = smallBoard();
    expect(() => runSteps(setPending(flash, build, 1, false), flash)).toThrow("no image 1");
  });
});
