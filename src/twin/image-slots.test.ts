import { describe, expect, test } from "@jest/globals";
import { Random, VirtualClock } from "../core/index.ts";
import { type FlashOperation, NRF5340_INTERNAL, operationBytes } from "../mcuboot/index.ts";
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
  test("keeps the bytes around a piece that begins and ends inside a word", async () => {
    const { slots, flash, done } = bench();
    await slots.write(1, 0, Uint8Array.of(1, 2, 3, 4, 5));
    await slots.write(1, 5, Uint8Array.of(6, 7));
    await slots.write(1, 7, Uint8Array.of(8, 9));
    expect([...flash.read(SLOT, 10)]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 0xff]);
    expect(done.every((operation) => operation.offset % 4 === 0 && operationBytes(operation) % 4 === 0)).toBe(true);
  });

  test("puts an image there whatever the pieces it comes in, and the slot then lists it", async () => {
    const { slots } = bench();
    const { file } = smallImage("2.0.0", 30_000, false);
    for (let at = 0; at < file.length; at += 333) await slots.write(1, at, file.subarray(at, at + 333));
    const [, second] = await slots.slots();
    expect(second?.image?.version).toBe("2.0.0");
    expect(second?.slotBytes).toBe(SLOT);
  });

  test("erases nothing first where the slot is blank", async () => {
    const { slots, clock, done } = bench();
    await slots.prepare(1, 30_000);
    expect(done).toEqual([]);
    expect(clock.nowUs()).toBe(0);
  });

  test("first erases the pages that the image needs and the trailer's, and of those only what is not blank", async () => {
    const { slots, flash, clock, done } = bench();
    const dirty = Uint8Array.of(0, 0, 0, 0);
    for (const page of [0, 2, 3, 9, SLOT_PAGES - 1]) flash.program(SLOT + page * PAGE, dirty);
    await slots.prepare(1, 2 * PAGE + 1);
    expect(erased(done)).toEqual([0, 2, SLOT_PAGES - 1]);
    expect(clock.nowUs()).toBe(3 * 87_500);
  });

  test("erases no page twice when the image reaches into the trailer's page", async () => {
    const { slots, flash, done } = bench();
    flash.program(SLOT + (SLOT_PAGES - 1) * PAGE, Uint8Array.of(0, 0, 0, 0));
    await slots.prepare(1, SLOT - 1);
    expect(erased(done)).toEqual([SLOT_PAGES - 1]);
  });

  test("that loses power while the slot is erased ends there, and nothing more is done without power", async () => {
    const { slots, flash, clock, power, done } = bench({ auto: false });
    for (const page of [0, 1]) flash.program(SLOT + page * PAGE, new Uint8Array(PAGE));
    const prepared = slots.prepare(1, 2 * PAGE).catch(String);
    await clock.advance(100);
    power.abort("power lost");
    expect(await prepared).toBe("power lost");
    await expect(slots.write(1, 0, Uint8Array.of(1, 2, 3, 4))).rejects.toBe("power lost");
    expect(erased(done)).toEqual([0, 1]);
    expect(flash.read(SLOT, PAGE).every((byte) => byte === 0xff)).toBe(true);
    expect(flash.read(SLOT + PAGE, PAGE).some((byte) => byte === 0)).toBe(true);
  });

  test("that loses power while a piece is written keeps its first words", async () => {
    const { slots, flash, clock, power } = bench({ auto: false });
    const written = slots.write(1, 0, new Uint8Array(16)).catch(String);
    await clock.advance(0.1);
    power.abort("power lost");
    expect(await written).toBe("power lost");
    expect([...flash.read(SLOT, 16)]).toEqual([...new Uint8Array(8), ...new Uint8Array(8).fill(0xff)]);
  });

  test("goes one sector up for swap using offset, where the bootloader looks for it", async () => {
    const { slots, flash } = bench({ mode: "offset" });
    await slots.write(1, 0, smallImage("2.0.0", 30_000, false).file);
    expect(flash.read(SLOT, PAGE).every((byte) => byte === 0xff)).toBe(true);
    expect((await slots.slots())[1]?.image?.version).toBe("2.0.0");
  });

  test("for swap using offset also clears the sector below it, where a fallback may lie", async () => {
    const { slots, flash, done } = bench({ mode: "offset" });
    for (const page of [0, 1, 2, 3]) flash.program(SLOT + page * PAGE, Uint8Array.of(0, 0, 0, 0));
    await slots.prepare(1, PAGE + 1);
    expect(erased(done)).toEqual([0, 1, 2]);
  });
});

describe("requests to the twin's slots", () => {
  test("show in the list: pending, for good, confirmed", async () => {
    const { slots } = bench();
    const { file } = smallImage("2.0.0", 30_000, false);
    await slots.write(1, 0, file);
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

  test("to erase clear the whole slot and leave the other alone", async () => {
    const { slots, flash } = bench();
    const running = flash.identity(0, SLOT);
    await slots.write(1, 0, Uint8Array.of(1, 2, 3, 4));
    await slots.write(1, SLOT - 4, Uint8Array.of(1, 2, 3, 4));
    await slots.erase(1);
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
