import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { isKind } from "../core/index.ts";
import type { FlashOperation } from "../mcuboot/index.ts";
import { smallImage } from "../mcuboot/testing/small-board.ts";
import { type OperationGoing, TwinFlash } from "./flash.ts";
import { smallMachine } from "./testing/small-machine.ts";

/** Longer than a boot without a swap; longer than one with a swap. */
const BOOT_MS = 1500;
const SWAP_MS = 8000;

/** A flash with a defect of the simulation: it throws when it is told to. */
class FaultyFlash extends TwinFlash {
  faulty = false;

  override begin(operation: FlashOperation): OperationGoing {
    if (this.faulty) throw new RangeError("a defect of the simulation");
    return super.begin(operation);
  }
}

describe("the simulated board", () => {
  test("boots into its application, which says who it is and answers", async () => {
    await using bed = smallMachine();
    bed.machine.powerOn();
    await bed.pass(BOOT_MS);
    const texts = bed.lines.map((line) => line.text);
    const places = [
      "Starting bootloader",
      "Jumping to the first image slot",
      "*** Booting Zephyr OS",
      "application 1.0.0",
    ];
    const order = places.map((place) => texts.findIndex((text) => text.includes(place)));
    expect(order).not.toContain(-1);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(await bed.smp.echo("there")).toBe("there");
    expect(await bed.listed()).toEqual(["1.0.0 active confirmed", "2.0.0"]);
  });

  test("is silent for 20 ms after power, and starts once however often power is switched on", async () => {
    await using bed = smallMachine();
    bed.machine.powerOn();
    bed.machine.powerOn();
    await bed.pass(BOOT_MS);
    expect(bed.count("Starting bootloader")).toBe(1);
    expect(bed.lines[0]?.atUs).toBeGreaterThan(20_000);
  });

  test("resets 250 ms after it has answered the command, and boots again", async () => {
    await using bed = smallMachine();
    bed.machine.powerOn();
    await bed.pass(BOOT_MS);
    await bed.smp.reset();
    const answeredUs = bed.clock.nowUs();
    await bed.pass(BOOT_MS);
    expect(bed.count("Starting bootloader")).toBe(2);
    const again = bed.lines.find((line) => line.atUs > answeredUs);
    expect((again?.atUs ?? 0) - answeredUs).toBeGreaterThan(270_000);
    expect((again?.atUs ?? 0) - answeredUs).toBeLessThan(280_000);
  });

  test("swaps a requested image in, keeps the old one as a fallback, and reverts when nobody confirms", async () => {
    await using bed = smallMachine();
    bed.machine.powerOn();
    await bed.pass(BOOT_MS);
    await bed.requestAndReset();
    await bed.pass(SWAP_MS);
    expect(await bed.listed()).toEqual(["2.0.0 active", "1.0.0 confirmed"]);
    await bed.smp.reset();
    await bed.pass(SWAP_MS);
    expect(await bed.listed()).toEqual(["1.0.0 active confirmed", "2.0.0"]);
    expect(bed.machine.broken).toBeUndefined();
  });

  test("takes an upload into its flash, byte for byte", async () => {
    await using bed = smallMachine({ uploaded: false });
    bed.machine.powerOn();
    await bed.pass(BOOT_MS);
    const file = smallMachine().flash.read(16 * 4096, 31_000);
    await bed.smp.upload(file);
    expect(bed.flash.read(16 * 4096, file.length)).toEqual(file);
  });

  test("without an image says so and then waits for power to be cycled", async () => {
    await using bed = smallMachine({ primary: new Uint8Array(512).fill(0xff), uploaded: false });
    bed.machine.powerOn();
    await bed.pass(BOOT_MS);
    expect(bed.lines.at(-1)?.text).toContain("Unable to find bootable image");
    await bed.pass(60_000);
    expect(bed.count("Starting bootloader")).toBe(1);
    const asked = await bed.smp.echo("there").catch((error: unknown) => error);
    expect(isKind(asked, "timeout")).toBe(true);
    bed.machine.powerOff();
    bed.machine.powerOn();
    await bed.pass(BOOT_MS);
    expect(bed.count("Starting bootloader")).toBe(2);
  });
});

describe("a power cut", () => {
  test("in mid-boot silences the board until power is back", async () => {
    await using bed = smallMachine();
    bed.machine.powerOn();
    await bed.pass(30);
    bed.machine.powerOff();
    const cutUs = bed.clock.nowUs();
    expect(bed.machine.powered).toBe(false);
    await bed.pass(60_000);
    expect(bed.lines.filter((line) => line.atUs > cutUs + 1000)).toEqual([]);
    bed.machine.powerOn();
    await bed.pass(BOOT_MS);
    expect(await bed.smp.echo("back")).toBe("back");
  });

  test("that ends in the instant it began leaves one life, not two, and the swap is resumed", async () => {
    await using bed = smallMachine();
    bed.machine.powerOn();
    await bed.pass(BOOT_MS);
    await bed.requestAndReset();
    await bed.pass(2500);
    const boots = bed.count("Starting bootloader");
    bed.machine.powerOff();
    bed.machine.powerOn();
    await bed.pass(SWAP_MS);
    expect(bed.count("Starting bootloader")).toBe(boots + 1);
    expect(bed.count("Boot source: primary slot")).toBe(1);
    expect(await bed.listed()).toEqual(["2.0.0 active", "1.0.0 confirmed"]);
    expect(bed.machine.broken).toBeUndefined();
  });

  test("at any instant of an upgrade ends in one of the two images, with the other beside it, and breaks nothing", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 6000 }), fc.integer({ min: 0, max: 800 }), async (atMs, offMs) => {
        await using bed = smallMachine();
        bed.machine.powerOn();
        await bed.pass(BOOT_MS);
        await bed.requestAndReset();
        await bed.pass(atMs);
        bed.machine.powerOff();
        await bed.pass(offMs);
        bed.machine.powerOn();
        await bed.pass(2 * SWAP_MS);
        expect(bed.machine.broken).toBeUndefined();
        const slots = await bed.listed();
        expect(new Set(slots.map((text) => text.split(" ")[0]))).toEqual(new Set(["1.0.0", "2.0.0"]));
        expect(slots[0]).toContain("active");
      }),
      { numRuns: 15 },
    );
  });

  test("while an application serves a request does not answer it, and is no defect of the simulation", async () => {
    await using bed = smallMachine();
    bed.machine.powerOn();
    await bed.pass(BOOT_MS);
    const erased = bed.smp.imageErase().catch((error: unknown) => error);
    await bed.pass(100);
    bed.machine.powerOff();
    expect(isKind(await erased, "timeout")).toBe(true);
    expect(bed.machine.broken).toBeUndefined();
  });

  test("by closing the machine ends its life before closing returns", async () => {
    await using bed = smallMachine();
    bed.machine.powerOn();
    await bed.pass(30);
    await bed.machine[Symbol.asyncDispose]();
    expect(bed.machine.powered).toBe(false);
    const printed = bed.lines.length;
    await bed.pass(BOOT_MS);
    expect(bed.lines.length).toBe(printed);
  });
});

describe("a defect of the simulation itself", () => {
  test("in a boot is kept in `broken`; a later power cycle does not hide it", async () => {
    await using bed = smallMachine({ flash: FaultyFlash });
    bed.machine.powerOn();
    await bed.pass(BOOT_MS);
    await bed.requestAndReset();
    (bed.flash as FaultyFlash).faulty = true;
    await bed.pass(SWAP_MS);
    expect(String(bed.machine.broken)).toContain("a defect of the simulation");
    (bed.flash as FaultyFlash).faulty = false;
    bed.machine.powerOff();
    bed.machine.powerOn();
    await bed.pass(SWAP_MS);
    expect(String(bed.machine.broken)).toContain("a defect of the simulation");
  });

  test("in a request is kept in `broken`, although the client only sees a refusal", async () => {
    await using bed = smallMachine({ flash: FaultyFlash });
    bed.machine.powerOn();
    await bed.pass(BOOT_MS);
    (bed.flash as FaultyFlash).faulty = true;
    const erased = await bed.smp.imageErase().catch((error: unknown) => error);
    expect(erased).toBeInstanceOf(Error);
    await bed.pass(1);
    expect(String(bed.machine.broken)).toContain("a defect of the simulation");
  });

  test("is not what a request for a slot that is not there is: that is refused, and the board runs on", async () => {
    await using bed = smallMachine();
    bed.machine.powerOn();
    await bed.pass(BOOT_MS);
    await expect(bed.smp.imageErase({ slot: 7 })).rejects.toThrow("refused");
    await bed.pass(10);
    expect(bed.machine.broken).toBeUndefined();
    expect(await bed.smp.echo("on")).toBe("on");
  });
});

describe("an image that a bootloader takes and a processor cannot run", () => {
  test.each([
    ["another core's reset vector", 4, 0x0100_8c01],
    ["a stack pointer outside of RAM", 0, 0x2008_0004],
    ["garbage instead of a vector table", 0, 0x96f3_b83d],
  ])("stays silent after the bootloader's last line: %s", async (_, at, word) => {
    const primary = smallImage("1.0.0", 20_000, false).plain.slice();
    new DataView(primary.buffer).setUint32(512 + at, word, true);
    // The hash is wrong then: this bootloader does not look at slot 0 before it starts it.
    await using bed = smallMachine({ encrypted: false, primary, uploaded: false, validatePrimarySlot: false });
    bed.machine.powerOn();
    await bed.pass(5_000);
    expect(bed.lines.at(-1)?.text).toContain("Jumping to the first image slot");
    await expect(bed.smp.echo("there")).rejects.toThrow(/waited/);
  });
});
