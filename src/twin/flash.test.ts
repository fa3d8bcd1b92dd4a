import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { hex, Random, VirtualClock } from "../core/index.ts";
import { type FlashOperation, MX25R6435F, NRF5340_INTERNAL } from "../mcuboot/index.ts";
import { type FlashEvent, TwinFlash } from "./flash.ts";

const PAGE = 4096;
const ON = new AbortController().signal;

function flash(options: { auto?: boolean; seed?: number } = {}) {
  const clock = new VirtualClock({ auto: options.auto ?? true });
  const random = Random.fromSeed(options.seed ?? 1);
  const device = new TwinFlash({ clock, random, timing: NRF5340_INTERNAL, flashBytes: 4 * PAGE, pageBytes: PAGE });
  return { clock, device };
}

const write = (offset: number, ...data: number[]): FlashOperation => ({
  kind: "write",
  offset,
  data: Uint8Array.from(data),
});
const erase = (offset: number, bytes = PAGE): FlashOperation => ({ kind: "erase", offset, bytes });

/** Starts an operation, takes power away after `afterMs`, and returns what the operation came to. */
async function cut(bench: ReturnType<typeof flash>, operation: FlashOperation, afterMs: number): Promise<string> {
  const power = new AbortController();
  const act = bench.device.perform(operation, power.signal).then(
    () => "done",
    (error: unknown) => String(error),
  );
  await bench.clock.advance(afterMs);
  power.abort("power lost");
  return act;
}

describe("an operation on the twin's flash", () => {
  test("takes 43 us a word and 87.5 ms a page", async () => {
    const { clock, device } = flash();
    await device.perform(write(0, ...new Uint8Array(12)), ON);
    expect(clock.nowUs()).toBe(3 * 43);
    await device.perform(erase(0, 2 * PAGE), ON);
    expect(clock.nowUs()).toBe(3 * 43 + 2 * 87_500);
  });

  test("waits for the one before it: the controller does one thing at a time", async () => {
    const { clock, device } = flash();
    const ends: number[] = [];
    const both = [write(0, 1, 2, 3, 4), write(4, 5, 6, 7, 8)].map((operation) =>
      device.perform(operation, ON).then(() => ends.push(clock.nowUs())),
    );
    await Promise.all(both);
    expect(ends).toEqual([43, 86]);
  });

  test("shows in the content only once its time is over", async () => {
    const { clock, device } = flash({ auto: false });
    void device.perform(write(0, 1, 2, 3, 4), ON);
    await clock.advance(0.042);
    expect([...device.read(0, 4)]).toEqual([255, 255, 255, 255]);
    await clock.advance(0.001);
    expect([...device.read(0, 4)]).toEqual([1, 2, 3, 4]);
  });

  test("clears bits when it programs and sets them when it erases", async () => {
    const { device } = flash();
    await device.perform(write(0, 0xf0, 0xff, 0xff, 0xff), ON);
    await device.perform(write(0, 0x30, 0xff, 0xff, 0x00), ON);
    expect([...device.read(0, 4)]).toEqual([0x30, 0xff, 0xff, 0x00]);
    await device.perform(erase(0), ON);
    expect([...device.read(0, 4)]).toEqual([255, 255, 255, 255]);
  });

  test.each([
    ["a write across no whole word", write(2, 1, 2, 3, 4)],
    ["a write of half a word", write(0, 1, 2)],
    ["an erase of half a page", erase(0, PAGE / 2)],
    ["an erase that starts inside a page", erase(4, PAGE)],
  ])("that breaks a rule of the flash throws and changes nothing: %s", async (_, operation) => {
    const { device } = flash();
    const before = device.identity(0, 4 * PAGE);
    await expect(device.perform(operation, ON)).rejects.toThrow("the firmware broke a rule of the flash");
    expect(device.identity(0, 4 * PAGE)).toBe(before);
    expect([...device.wear]).toEqual([0, 0, 0, 0]);
  });

  test("that would have to set a bit loses it in silence, as real flash does, and is remembered", async () => {
    const { device } = flash();
    await device.perform(write(0, 0, 0, 0, 0), ON);
    await device.perform(write(0, 0, 1, 0, 0), ON);
    expect([...device.read(0, 4)]).toEqual([0, 0, 0, 0]);
    expect(device.brokenRules).toEqual(["write of 4 bytes at 0x0 would have to set a bit at 0x1"]);
  });

  test("that programs a word for the third time since its page was erased is remembered", async () => {
    const { device } = flash();
    await device.perform(write(8, 0xff, 0xff, 0xff, 0x7f), ON);
    await device.perform(write(8, 0xff, 0xff, 0xff, 0x3f), ON);
    expect(device.brokenRules).toEqual([]);
    await device.perform(write(8, 0xff, 0xff, 0xff, 0x1f), ON);
    await device.perform(write(8, 0xff, 0xff, 0xff, 0x0f), ON);
    expect(device.brokenRules).toEqual(["word at 0x8 programmed 3 times without an erase; the flash allows 2"]);
    await device.perform(erase(0, PAGE), ON);
    await device.perform(write(8, 0xff, 0xff, 0xff, 0x7f), ON);
    expect(device.brokenRules).toHaveLength(1);
  });

  test("goes on after one that broke a rule", async () => {
    const { device } = flash();
    const wrong = device.perform(write(1, 0), ON);
    const right = device.perform(write(0, 7, 7, 7, 7), ON);
    await expect(wrong).rejects.toThrow(RangeError);
    await right;
    expect([...device.read(0, 4)]).toEqual([7, 7, 7, 7]);
  });

  test("does not begin without power, also when it waited its turn", async () => {
    const { clock, device } = flash({ auto: false });
    const power = new AbortController();
    const ends = Promise.allSettled([
      device.perform(erase(0), power.signal),
      device.perform(write(PAGE, 0, 0, 0, 0), power.signal),
    ]);
    await clock.advance(1);
    power.abort("power lost");
    expect((await ends).map((end) => end.status)).toEqual(["rejected", "rejected"]);
    expect([...device.read(PAGE, 4)]).toEqual([255, 255, 255, 255]);
  });
});

describe("a power cut inside an operation", () => {
  test("leaves the words of a write that were programmed by then, whole, and none of the others", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 8 * 43 + 20 }), async (afterUs) => {
        const bench = flash({ auto: false });
        const data = Array.from({ length: 32 }, (_, index) => index);
        const told = await cut(bench, write(64, ...data), afterUs / 1000);
        // A word reads as programmed from the middle of its time on.
        const words = Math.min(8, Math.round(afterUs / 43));
        const onEdge = Math.abs((afterUs % 43) - 21.5) < 0.05 * 43 ? Math.floor(afterUs / 43) : -1;
        const expected = data.map((byte, index) => (index < 4 * words ? byte : 0xff));
        const settled = (bytes: readonly number[]) => bytes.filter((_, index) => Math.floor(index / 4) !== onEdge);
        expect(settled([...bench.device.read(64, 32)])).toEqual(settled(expected));
        expect(told).toBe(afterUs >= 8 * 43 ? "done" : "power lost");
      }),
    );
  });

  test("leaves a page that was being erased as a mixture of old and erased bits", async () => {
    const bench = flash({ auto: false });
    const old = Uint8Array.from({ length: PAGE }, (_, index) => index & 0xff);
    bench.device.program(0, old);
    expect(await cut(bench, erase(0), 40)).toBe("power lost");
    const left = bench.device.read(0, PAGE);
    expect(left.every((byte, index) => (byte & (old[index] ?? 0)) === old[index])).toBe(true);
    expect(left).not.toEqual(old);
    expect(left.some((byte) => byte !== 0xff)).toBe(true);
  });

  test("leaves the same mixture for the same seed and another one for another", async () => {
    const left: string[] = [];
    for (const seed of [1, 1, 2]) {
      const bench = flash({ auto: false, seed });
      bench.device.program(0, new Uint8Array(PAGE));
      await cut(bench, erase(0), 40);
      left.push(bench.device.content.sha256(0, PAGE));
    }
    expect(left[0]).toBe(left[1]);
    expect(left[2]).not.toBe(left[0]);
  });

  test("leaves bits that read differently some reads later, none of them in doubt before, until the page is erased", async () => {
    const bench = flash({ auto: false });
    const old = Uint8Array.from({ length: PAGE }, (_, index) => index & 0xff);
    bench.device.program(0, old);
    await cut(bench, erase(0), 40);
    const reads = Array.from({ length: 20 }, () => bench.device.read(0, PAGE));
    const readings = new Set(reads.map((bytes) => hex(bytes)));
    expect(readings.size).toBe(2);
    for (const bytes of reads) expect(bytes.every((byte, at) => (byte & (old[at] ?? 0)) === old[at])).toBe(true);
    const changes = reads.filter((bytes, at) => at > 0 && hex(bytes) !== hex(reads[at - 1] ?? bytes));
    expect(changes).toHaveLength(1);
    void bench.device.perform(erase(0), ON);
    await bench.clock.advance(100);
    expect(bench.device.read(0, PAGE)).toEqual(new Uint8Array(PAGE).fill(0xff));
  });

  test("in the middle of a word leaves that word alone in doubt, and programming it again settles it", async () => {
    const bench = flash({ auto: false });
    await cut(bench, write(0, 0, 0, 0, 0, 1, 2, 3, 4), 0.0645);
    expect([...bench.device.read(0, 4)]).toEqual([0, 0, 0, 0]);
    expect(bench.device.content.doubt(0, 4)).toBeUndefined();
    expect(bench.device.content.doubt(4, 4)).toBeDefined();
    void bench.device.perform(write(4, 1, 2, 3, 4), ON);
    await bench.clock.advance(1);
    expect([...bench.device.read(4, 4)]).toEqual([1, 2, 3, 4]);
    expect(bench.device.content.isDoubtful()).toBe(false);
  });

  test("before the first microsecond of an erase changes nothing and wears nothing", async () => {
    const bench = flash({ auto: false });
    bench.device.program(0, new Uint8Array(PAGE));
    const [wornBefore] = bench.device.wear;
    await cut(bench, erase(0), 0);
    expect(bench.device.read(0, PAGE)).toEqual(new Uint8Array(PAGE));
    expect(bench.device.wear[0]).toBe(wornBefore);
  });

  test("is told to those who watch: what was in work, and that it was not done", async () => {
    const bench = flash({ auto: false });
    const seen: FlashEvent[] = [];
    bench.device.onOperation((event) => seen.push(event));
    await cut(bench, write(0, 1, 2, 3, 4), 0.043);
    await cut(bench, erase(PAGE), 1);
    expect(seen.map(({ atUs, operation, done }) => [atUs, operation.kind, done])).toEqual([
      [43, "write", true],
      [1043, "erase", false],
    ]);
  });
});

describe("wear", () => {
  test("is counted for each page that was erased, whole or interrupted, and not for writes", async () => {
    const bench = flash({ auto: false });
    await cut(bench, erase(PAGE, 2 * PAGE), 200);
    await cut(bench, erase(PAGE), 10);
    await cut(bench, write(3 * PAGE, 0, 0, 0, 0), 1);
    expect([...bench.device.wear]).toEqual([0, 2, 1, 0]);
  });

  test("grows by one on each page that a debugger programs", () => {
    const { device } = flash();
    device.program(PAGE + 8, new Uint8Array(PAGE));
    expect([...device.wear]).toEqual([0, 1, 1, 0]);
    expect(device.read(PAGE, 8)).toEqual(new Uint8Array(8).fill(0xff));
  });
});

describe("flash that keeps its power when the board loses it", () => {
  function external() {
    const clock = new VirtualClock({ auto: false });
    const timing = { ...MX25R6435F, keepsPower: true };
    const device = new TwinFlash({ clock, random: Random.fromSeed(1), timing, flashBytes: 4 * PAGE, pageBytes: PAGE });
    return { clock, device };
  }

  test("ends the erase that it was told", async () => {
    const bench = external();
    bench.device.program(0, new Uint8Array(PAGE));
    expect(await cut(bench, erase(0), 1)).toBe("power lost");
    expect(bench.device.read(0, PAGE)).toEqual(new Uint8Array(PAGE).fill(0xff));
    expect(bench.device.content.isDoubtful()).toBe(false);
  });

  test("ends the page that it was told to program, and never hears of the next", async () => {
    const bench = external();
    await cut(bench, write(0, ...new Uint8Array(1024)), 1);
    const left = bench.device.read(0, 1024);
    expect(left.subarray(0, 512).every((byte) => byte === 0)).toBe(true);
    expect(left.subarray(512).every((byte) => byte === 0xff)).toBe(true);
  });

  test("sets no limit to how often a word is programmed", async () => {
    const bench = external();
    for (const value of [0xfe, 0xfc, 0xf8, 0xf0]) {
      void bench.device.perform(write(0, value, 0xff, 0xff, 0xff), ON);
      await bench.clock.advance(1);
    }
    expect(bench.device.brokenRules).toEqual([]);
  });
});
