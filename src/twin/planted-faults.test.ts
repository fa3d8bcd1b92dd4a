import { describe, expect, test } from "@jest/globals";
import { boot, type FlashContent, runSteps } from "../mcuboot/index.ts";
import { requestedBoard } from "../mcuboot/testing/small-board.ts";
import { firmwareSteps } from "./faults.ts";
import { PlantedFaults } from "./planted-faults.ts";

const BOARD = requestedBoard({});

/** One boot of a board that is to upgrade; `flash` is what it leaves. */
function booted(names: readonly string[], damaged = false) {
  const { build } = BOARD;
  const flash = BOARD.flash.snapshot();
  const secondary = build.images[0]?.secondary.offset ?? 0;
  if (damaged) flash.load(secondary + 5_000, Uint8Array.of(0, 0, 0, 0));
  const faults = new PlantedFaults(names, build);
  runSteps(firmwareSteps(faults.hooks, watched(flash), faults.build, boot), flash);
  return { idle: faults.idle, flash };
}

/** A content as a twin's flash. */
function watched(content: FlashContent): FlashContent & { readonly content: FlashContent } {
  return Object.assign(content, { content });
}

describe("a planted fault", () => {
  test("of the bootloader is idle until a step of it is another one", () => {
    expect(booted(["skip-copy-done"]).idle).toEqual([]);
    expect(booted(["forget-resume", "lose-fallback"]).idle).toEqual(["forget-resume", "lose-fallback"]);
  });

  test("that saves the processor work is idle as long as nothing comes of it", () => {
    expect(booted(["swap-unvalidated"]).idle).toEqual(["swap-unvalidated"]);
    expect(booted(["swap-unvalidated"], true).idle).toEqual([]);
  });

  test("that is idle leaves the flash of a board without it", () => {
    expect(booted(["forget-keys"]).flash.identity()).toBe(booted([]).flash.identity());
  });

  test("of the machine is idle until its place is told that it acted, and is the last of two in one place", () => {
    const faults = new PlantedFaults(["dead-after-resume", "boot-loop", "relay-stuck"], BOARD.build);
    faults.hooks.acted?.("afterResume");
    expect(faults.idle).toEqual(["relay-stuck", "boot-loop"]);
  });
});
