import { describe, expect, test } from "@jest/globals";
import {
  type BootloaderBuild,
  FlashContent,
  generation,
  NRF5340_INTERNAL,
  runSteps,
  setPending,
  timeline,
  uploadedFlash,
} from "../../mcuboot/index.ts";
import { smallBuild, smallImage } from "../../mcuboot/testing/small-board.ts";
import { bootDifference, type FirmwareBoot, wholeLog } from "./boot-difference.ts";
import { explainDifference, type WitnessedBoot } from "./explain-difference.ts";

const timing = NRF5340_INTERNAL;
const old = smallImage("1.0.0", 3_000, true).plain;
const next = smallImage("2.0.0", 4_000, true).file;

/** An upgrade and its revert as a bootloader built like this does them, for a board that a profile describes as `told`. */
function boots(built: BootloaderBuild, told: BootloaderBuild): readonly WitnessedBoot[] {
  const { flash } = uploadedFlash({ build: told, old, next });
  runSteps(setPending(flash, told, 0, false), flash);
  // The device is larger than the slots: a scratch area that the profile does not know lies behind them.
  const device = FlashContent.erased(flash.bytes + 16 * 4096, 4096);
  device.load(0, flash.read(0, flash.bytes));
  const upgrade = booted(device, built);
  return [upgrade, booted(upgrade.boot.flash, built)];
}

function booted(content: WitnessedBoot["content"], built: BootloaderBuild): WitnessedBoot {
  const model = timeline(content, built, timing);
  const { operations, flash } = model;
  const boot: FirmwareBoot = {
    operations: operations.map(({ operation }) => operation),
    log: [...wholeLog(model, built).map(({ level, text }) => (level === "" ? text : `${level}: ${text}`)), "up"],
    isUp: true,
    faults: [],
    flash,
    us: 1,
  };
  return { content: content.snapshot(), boot };
}

function explained(built: BootloaderBuild, told: BootloaderBuild): readonly string[] {
  const found = explainDifference(boots(built, told), { build: told, timing, looksAtLog: true });
  return found.map(({ field, value, agrees, of }) => `${field}: ${value} (${agrees} of ${of})`);
}

const build = (options: Parameters<typeof smallBuild>[0] = {}) => smallBuild({ slotSectors: 8, ...options });
const scratch = { mode: "scratch", scratch: { offset: 16 * 4096, bytes: 2 * 4096 } } as const;

describe("explainDifference", () => {
  test("has nothing to say of a bootloader that does what the profile says", () => {
    expect(explained(build(), build())).toEqual([]);
    const [upgrade] = boots(build(), build());
    const rules = { build: build(), timing, looksAtLog: true };
    expect(upgrade && bootDifference(upgrade.boot, upgrade.content, rules)).toBeUndefined();
  });

  test.each([
    ["another mode", build({ mode: "offset" }), build(), "bootloader.mode: swap-offset (2 of 2)"],
    ["a mode without a way back", build({ mode: "overwrite" }), build(), "bootloader.mode: overwrite-only (2 of 2)"],
    [
      "a scratch area that the profile does not know",
      build(scratch),
      build(),
      "bootloader.mode: swap-scratch (2 of 2)",
    ],
    ["another BOOT_MAX_ALIGN", build({ maxAlign: 16 }), build(), "bootloader.max_align: 16 (2 of 2)"],
    ["another sector size", build({ sectorBytes: 8192 }), build(), "slots.sector_bytes: 8192 (2 of 2)"],
    ["another room for sectors", build({ maxImgSectors: 256 }), build(), "bootloader.max_image_sectors: 256 (2 of 2)"],
  ])("names the field of the profile that is wrong: %s", (_, built, told, expected) => {
    expect(explained(built, told)).toContain(expected);
  });

  test("names the release by what only its log shows", () => {
    const of = (name: string) => build({ generation: name, encrypted: false });
    const told = of("2.2.0");
    const found = explained(of("1.10.0"), told);
    expect(found).toContain("bootloader.generation: 1.10.0 (2 of 2)");
    expect(found).not.toContain(`bootloader.generation: ${generation("2.2.0").name} (2 of 2)`);
  });

  test("says nothing where no field explains it", () => {
    const [upgrade, revert] = boots(build(), build());
    if (upgrade === undefined || revert === undefined) throw new RangeError("two boots");
    const [first, second, ...rest] = upgrade.boot.operations;
    if (first === undefined || second === undefined) throw new RangeError("two operations");
    const swapped = { ...upgrade, boot: { ...upgrade.boot, operations: [second, first, ...rest] } };
    expect(explainDifference([swapped, revert], { build: build(), timing, looksAtLog: true })).toEqual([]);
    const rules = { build: build(), timing, looksAtLog: true };
    expect(bootDifference(swapped.boot, swapped.content, rules)).toMatchObject({ kind: "operations", operation: 0 });
  });

  test("a log line that is not the model's is a difference, where the log is looked at", () => {
    const [upgrade] = boots(build(), build());
    if (upgrade === undefined) throw new RangeError("a boot");
    const log = upgrade.boot.log.map((line) => line.replace("Swap type: test", "Swap type: perm"));
    const boot = { ...upgrade.boot, log };
    const differs = (looksAtLog: boolean) =>
      bootDifference(boot, upgrade.content, { build: build(), timing, looksAtLog });
    expect(differs(false)).toBeUndefined();
    expect(differs(true)?.what).toMatch(/^log line \d+ is ".*Swap type: perm"; the model's is ".*Swap type: test"$/u);
  });
});
