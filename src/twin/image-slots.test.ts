import { describe, expect, test } from "@jest/globals";
import { Random, VirtualClock } from "../core/index.ts";
import { type FlashOperation, NRF5340_INTERNAL } from "../mcuboot/index.ts";
import { type SmallBoardOptions, smallBuild, smallImage } from "../mcuboot/testing/small-board.ts";
import { TwinFlash } from "./flash.ts";
import { TwinImageSlots } from "./image-slots.ts";

const PAGE = 4096;
const SLOT_PAGES = 16;
const SLOT = SLOT_PAGES * PAGE;

/** 1.0.0 in the primary slot, an empty secondary slot, and everything that is done to the flash. */
function bench(options: SmallBoardOptions & { auto?: boolean } = {}) {
  const { auto = true, ...rest } = options;
  const build = smallBuild({ encrypted: false, ...rest });
  const clock = new VirtualClock({ auto });
  const flash = new TwinFlash({
    clock,
    random: Random.fromSeed(1),
    timing: NRF5340_INTERNAL,
    flashBytes: 2 * SLOT,
    pageBytes: PAGE,
  });
  flash.program(0, smallImage("1.0.0", 20_000, false).plain);
  const done: FlashOperation[] = [];
  flash.onOperation((event) => done.push(event.operation));
  const power = new AbortController();
  return { clock, flash, build, power, done, slots: new TwinImageSlots({ flash, build, power: power.signal }) };
}

const erased = (done: readonly FlashOperation[]) =>
  done.filter((operation) => operation.kind === "erase").map((operation) => (operation.offset - SLOT) / PAGE);

describe("an upload into the twin's slot", () => {
  test("reaches the flash in blocks of 512 bytes, each word once; the rest is in RAM until the end", async () => {
    const { slots, flash, done } = bench();
    const { file } = smallImage("2.0.0", 3_000, false);
    const writes = () =>
      done.flatMap((step) => (step.kind === "write" ? [[step.offset - SLOT, step.data.length]] : []));
    await slots.write(1, 0, file.subarray(0, 511));
    expect(writes()).toEqual([]);
    await slots.write(1, 511, file.subarray(511, 1_100));
    expect(writes()).toEqual([
      [0, 512],
      [512, 512],
    ]);
    expect([...flash.read(SLOT + 1_024, 76)].every((byte) => byte === 0xff)).toBe(true);
    await slots.write(1, 1_100, file.subarray(1_100));
    await slots.finish(1);
    expect(writes().at(-1)).toEqual([3_584, Math.ceil((file.length - 3_584) / 4) * 4]);
    expect(new Set(writes().map(([at]) => at)).size).toBe(writes().length);
    expect([...flash.read(SLOT, file.length)]).toEqual([...file]);
  });

  test("puts an image there whatever the pieces it comes in, and the slot then lists it", async () => {
    const { slots } = bench();
    const { file } = smallImage("2.0.0", 30_000, false);
    for (let at = 0; at < file.length; at += 333) await slots.write(1, at, file.subarray(at, at + 333));
    expect((await slots.slots())[1]?.image).toBeUndefined();
    await slots.finish(1);
    const [, second] = await slots.slots();
    expect(second?.image?.version).toBe("2.0.0");
    expect(second?.slotBytes).toBe(SLOT);
  });

  test("that begins anew forgets what an earlier one left in RAM", async () => {
    const { slots, flash } = bench();
    await slots.write(1, 0, new Uint8Array(100));
    await slots.prepare(1, 30_000);
    await slots.write(1, 0, new Uint8Array(600).fill(0x11));
    await slots.finish(1);
    expect([...flash.read(SLOT, 600)].every((byte) => byte === 0x11)).toBe(true);
  });

  test("ends with the slot", async () => {
    const { slots } = bench();
    await expect(slots.write(1, SLOT - 256, new Uint8Array(512))).rejects.toMatchObject({ group: 1, code: 12 });
  });

  test("erases nothing first where the slot is blank", async () => {
    const { slots, clock, done } = bench();
    await slots.prepare(1, 30_000);
    expect(done).toEqual([]);
    expect(clock.nowUs()).toBe(0);
  });

  test("first erases the pages that the image needs and the trailer's, blank or not, where the slot is not", async () => {
    const { slots, flash, clock, done } = bench();
    const dirty = Uint8Array.of(0, 0, 0, 0);
    flash.program(SLOT + 9 * PAGE, dirty);
    await slots.prepare(1, 2 * PAGE + 1);
    expect(erased(done)).toEqual([0, 1, 2, SLOT_PAGES - 1]);
    expect(clock.nowUs()).toBe(4 * 87_500);
  });

  test("erases no page twice when the image reaches into the trailer's page", async () => {
    const { slots, flash, done } = bench();
    flash.program(SLOT + (SLOT_PAGES - 1) * PAGE, Uint8Array.of(0, 0, 0, 0));
    await slots.prepare(1, SLOT - 1);
    expect(erased(done)).toEqual(Array.from({ length: SLOT_PAGES }, (_, page) => page));
  });

  test("that loses power while the slot is erased ends there, and nothing more is done without power", async () => {
    const { slots, flash, clock, power, done } = bench({ auto: false });
    for (const page of [0, 1]) flash.program(SLOT + page * PAGE, new Uint8Array(PAGE));
    const prepared = slots.prepare(1, 2 * PAGE).catch(String);
    await clock.advance(100);
    power.abort("power lost");
    expect(await prepared).toBe("power lost");
    await expect(slots.write(1, 0, new Uint8Array(512))).rejects.toBe("power lost");
    expect(erased(done)).toEqual([0, 1]);
    expect(flash.read(SLOT, PAGE).every((byte) => byte === 0xff)).toBe(true);
    expect(flash.read(SLOT + PAGE, PAGE).some((byte) => byte === 0)).toBe(true);
  });

  test("that loses power while a piece is written keeps its first words", async () => {
    const { slots, flash, clock, power } = bench({ auto: false });
    const written = slots.write(1, 0, new Uint8Array(512)).catch(String);
    await clock.advance(0.1);
    power.abort("power lost");
    expect(await written).toBe("power lost");
    expect([...flash.read(SLOT, 16)]).toEqual([...new Uint8Array(8), ...new Uint8Array(8).fill(0xff)]);
  });

  test("goes one sector up for swap using offset, where the bootloader looks for it", async () => {
    const { slots, flash } = bench({ mode: "offset" });
    await slots.write(1, 0, smallImage("2.0.0", 30_000, false).file);
    await slots.finish(1);
    expect(flash.read(SLOT, PAGE).every((byte) => byte === 0xff)).toBe(true);
    expect((await slots.slots())[1]?.image?.version).toBe("2.0.0");
  });

  test("for swap using offset clears the sector below it last, where a fallback may lie", async () => {
    const { slots, flash, done } = bench({ mode: "offset" });
    for (const page of [0, 1, 2, 3]) flash.program(SLOT + page * PAGE, Uint8Array.of(0, 0, 0, 0));
    await slots.prepare(1, PAGE + 1);
    expect(erased(done)).toEqual([1, 2, SLOT_PAGES - 1, 0]);
  });
});

describe("requests to the twin's slots", () => {
  test("show in the list: pending, for good, confirmed", async () => {
    const { slots } = bench();
    const { file } = smallImage("2.0.0", 30_000, false);
    await slots.write(1, 0, file);
    await slots.finish(1);
    const flags = async () =>
      (await slots.slots()).map(({ active, confirmed, pending, permanent }) =>
        Object.entries({ active, confirmed, pending, permanent })
          .flatMap(([name, set]) => (set ? name : []))
          .join(" "),
      );
    expect(await flags()).toEqual(["active confirmed", ""]);
    await slots.setPending(1, false);
    expect(await flags()).toEqual(["active confirmed", "pending"]);
    await slots.erase(1);
    await slots.write(1, 0, file);
    await slots.finish(1);
    await slots.setPending(1, true);
    expect(await flags()).toEqual(["active confirmed", "pending permanent"]);
  });

  test("are refused where the trailer holds something else than a magic, and change nothing", async () => {
    const { slots, flash, done } = bench();
    flash.program(2 * SLOT - PAGE, new Uint8Array(PAGE));
    await expect(slots.setPending(1, false)).rejects.toMatchObject({ group: 1, code: 12 });
    expect(done).toEqual([]);
  });

  test("to confirm an image that no swap brought change nothing", async () => {
    const { slots, done } = bench();
    await slots.confirm(0);
    expect(done).toEqual([]);
  });

  test("take the flash's time, so that a cut may fall into them", async () => {
    const { slots, clock, power, flash } = bench({ auto: false });
    const asked = slots.setPending(1, false).catch(String);
    await clock.advance(0.1);
    power.abort("power lost");
    expect(await asked).toBe("power lost");
    const magic = flash.read(2 * SLOT - 16, 16);
    expect([...magic.subarray(0, 8)]).not.toEqual([...new Uint8Array(8).fill(0xff)]);
    expect([...magic.subarray(8)]).toEqual([...new Uint8Array(8).fill(0xff)]);
  });

  test("to erase take every page of a slot that is not blank, and leave the other alone", async () => {
    const { slots, flash, clock, done } = bench();
    const running = flash.identity(0, SLOT);
    await slots.erase(1);
    expect(done).toEqual([]);
    flash.program(SLOT + 3 * PAGE, Uint8Array.of(1, 2, 3, 4));
    await slots.erase(1);
    expect(erased(done)).toEqual(Array.from({ length: SLOT_PAGES }, (_, page) => page));
    expect(clock.nowUs()).toBe(SLOT_PAGES * 87_500);
    expect(flash.read(SLOT, SLOT).every((byte) => byte === 0xff)).toBe(true);
    expect(flash.identity(0, SLOT)).toBe(running);
  });

  test("for a slot that the board does not have throw", async () => {
    const { slots } = bench();
    await expect(slots.erase(2)).rejects.toThrow("this board has no slot 2");
  });

  test("list an empty slot with its size and no image", async () => {
    const { slots } = bench();
    const [first, second] = await slots.slots();
    expect([first?.slot, first?.image?.version]).toEqual([0, "1.0.0"]);
    expect(second).toMatchObject({ slot: 1, slotBytes: SLOT, image: undefined });
  });
});
