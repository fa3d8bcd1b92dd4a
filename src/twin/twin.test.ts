import { describe, expect, test } from "@jest/globals";
import { isKind, Random, sleep, VirtualClock } from "../core/index.ts";
import { type FlashOperation, INTERNAL_FLASH_BYTES } from "../mcuboot/index.ts";
import { smallBuild, smallImage } from "../mcuboot/testing/small-board.ts";
import { memoryLinks, Uart } from "../serial/index.ts";
import { type RelayLatency, Twin } from "./twin.ts";

/** LCUS frames: start, channel, coil, sum modulo 256. */
const COIL_ON = Uint8Array.of(0xa0, 1, 1, 0xa2);
const COIL_OFF = Uint8Array.of(0xa0, 1, 0, 0xa1);
const OTHER_COIL_ON = Uint8Array.of(0xa0, 2, 1, 0xa3);

const SLOT_BYTES = 16 * 4096;
const factory = smallImage("0.1.0", 20_000, false).plain;

function bench(
  options: {
    contact?: "NO" | "NC";
    faults?: readonly string[];
    factoryImage?: Uint8Array;
    relayLatency?: RelayLatency;
  } = {},
) {
  const clock = new VirtualClock();
  const [host, app] = memoryLinks({ clock });
  const [relayHost, relay] = memoryLinks({ clock, baudRate: 9600 });
  const twin = new Twin({
    clock,
    random: Random.fromSeed(1),
    links: { app, relay },
    build: smallBuild({ encrypted: false }),
    factoryImage: options.factoryImage ?? factory,
    wiring: { channel: 1, contact: options.contact ?? "NC" },
    relayLatency: options.relayLatency,
    baudRate: 115_200,
    smp: { bufferBytes: 1024, bufferCount: 4 },
    faults: options.faults ?? [],
  });
  const uart = Uart.open(host, { clock });
  const lines: string[] = [];
  uart.onLine((line) => lines.push(line.text));
  return {
    clock,
    twin,
    lines,
    relay: async (bytes: Uint8Array) => {
      await relayHost.write(bytes);
      await sleep(clock, 1);
    },
    pass: (ms: number) => sleep(clock, ms),
    [Symbol.asyncDispose]: () => twin[Symbol.asyncDispose](),
  };
}

describe("the twin's relay", () => {
  test("with its coil released feeds a board on the normally closed contact, and not one on the open", async () => {
    await using closed = bench({ contact: "NC" });
    await using open = bench({ contact: "NO" });
    expect([closed.twin.machine.powered, open.twin.machine.powered]).toEqual([true, false]);
  });

  test("cuts a board on NC when its coil pulls, and feeds it again when it falls", async () => {
    await using bed = bench({ contact: "NC" });
    await bed.relay(COIL_ON);
    expect(bed.twin.machine.powered).toBe(false);
    await bed.relay(COIL_OFF);
    expect(bed.twin.machine.powered).toBe(true);
  });

  test("feeds a board on NO when its coil pulls, and cuts it when it falls", async () => {
    await using bed = bench({ contact: "NO" });
    await bed.relay(COIL_ON);
    expect(bed.twin.machine.powered).toBe(true);
    await bed.relay(COIL_OFF);
    expect(bed.twin.machine.powered).toBe(false);
  });

  test("does not touch the board when another channel switches, or a frame is damaged", async () => {
    await using bed = bench({ contact: "NC" });
    await bed.relay(OTHER_COIL_ON);
    await bed.relay(Uint8Array.of(0xa0, 1, 1, 0xa3));
    expect(bed.twin.machine.powered).toBe(true);
  });

  test("with a latency switches that much later, and a newer command replaces one that is under way", async () => {
    await using bed = bench({ relayLatency: { offUs: 8000, onUs: 12_000, spreadUs: 0 } });
    await bed.relay(COIL_ON);
    await bed.pass(6);
    expect(bed.twin.machine.powered).toBe(true);
    await bed.pass(2);
    expect(bed.twin.machine.powered).toBe(false);
    await bed.relay(COIL_OFF);
    await bed.pass(5);
    await bed.relay(COIL_ON);
    await bed.pass(50);
    expect(bed.twin.machine.powered).toBe(false);
  });

  test("understands a frame that comes in pieces", async () => {
    await using bed = bench({ contact: "NC" });
    await bed.relay(COIL_ON.subarray(0, 1));
    await bed.relay(COIL_ON.subarray(1, 3));
    expect(bed.twin.machine.powered).toBe(true);
    await bed.relay(COIL_ON.subarray(3));
    expect(bed.twin.machine.powered).toBe(false);
  });

  test.each(["NC", "NO"] as const)("that is stuck keeps power on whatever it is told, on %s", async (contact) => {
    await using bed = bench({ contact, faults: ["relay-stuck"] });
    expect(bed.twin.machine.powered).toBe(true);
    for (const frame of [COIL_OFF, COIL_ON, COIL_OFF]) {
      await bed.relay(frame);
      expect(bed.twin.machine.powered).toBe(true);
    }
  });
});

describe("a new twin", () => {
  test("runs its factory image", async () => {
    await using bed = bench();
    await bed.pass(1500);
    expect(bed.lines.join("\n")).toContain("application 0.1.0+0 is up");
  });

  test("has the flash of an nRF5340: the image at the start of its slot, all else erased", async () => {
    await using bed = bench();
    const { flash } = bed.twin;
    expect(flash.read(0, factory.length)).toEqual(factory);
    const rest = flash.read(factory.length, INTERNAL_FLASH_BYTES - factory.length);
    expect(rest.every((byte) => byte === 0xff)).toBe(true);
  });

  test("has erased no page more than once", async () => {
    await using bed = bench();
    expect(Math.max(...bed.twin.flash.wear)).toBe(1);
  });

  test("whose bootloader has a fault is still judged by the normal one: the build it was given is not changed", async () => {
    const build = smallBuild({ encrypted: false });
    await using bed = bench({ faults: ["no-revert"] });
    expect([...build.defects]).toEqual([]);
    expect(bed.twin.machine.powered).toBe(true);
  });
});

describe("a debugger at the twin", () => {
  test("replaces the image and erases both slots around it", async () => {
    await using bed = bench();
    const { flash } = bed.twin;
    flash.program(SLOT_BYTES, new Uint8Array(4096));
    flash.program(SLOT_BYTES - 4096, new Uint8Array(4096));
    const next = smallImage("1.0.0", 30_000, false).plain;
    bed.twin.programPrimary(next);
    expect(flash.read(0, next.length)).toEqual(next);
    const rest = flash.read(next.length, 2 * SLOT_BYTES - next.length);
    expect(rest.every((byte) => byte === 0xff)).toBe(true);
  });

  test("can fill the slot to its last byte", async () => {
    await using bed = bench();
    bed.twin.programPrimary(new Uint8Array(SLOT_BYTES));
    expect(bed.twin.flash.read(0, SLOT_BYTES)).toEqual(new Uint8Array(SLOT_BYTES));
    expect(bed.twin.flash.read(SLOT_BYTES, 1)[0]).toBe(0xff);
  });
});

describe("a twin that broke", () => {
  test("says that it is hil's defect and not the board's, with the cause", async () => {
    await using bed = bench();
    bed.twin.check();
    const reason = new RangeError("nobody thought of that");
    bed.twin.machine.broken = reason;
    let told: unknown;
    try {
      bed.twin.check();
    } catch (error) {
      told = error;
    }
    expect(isKind(told, "bench")).toBe(true);
    expect(told).toMatchObject({ message: "the twin broke.", cause: reason });
    expect((told as { hint: string }).hint).toContain("report it");
  });

  test("by a write that breaks the flash's rules is one of them", async () => {
    await using bed = bench();
    const operation: FlashOperation = { kind: "erase", offset: 1, bytes: 4096 };
    await expect(bed.twin.flash.perform(operation, new AbortController().signal)).rejects.toThrow("broke a rule");
  });
});
