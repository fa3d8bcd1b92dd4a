import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { concat, sleep, utf8, VirtualClock } from "../../core/index.ts";
import { type CutOrder, cutter } from "../index.ts";
import { powerSwitchContract } from "../testing/contract.ts";
import { cutterRig } from "../testing/cutter/rig.ts";
import { CutterClock } from "./clock.ts";
import { CUTTER_MESSAGES, decodeCutterMessage, encodeCutterMessage, MESSAGE_BYTES_MAX } from "./messages.ts";
import { SlipPackets, slipFrame } from "./slip.ts";

powerSwitchContract("cutter, with its real program", { open: () => cutterRig(), readsBack: true });

const ORDER: CutOrder = {
  when: { pattern: utf8("Starting swap"), toLineEnd: false },
  delayUs: 12_000,
  offMsMax: 5000,
  limitMs: 10_000,
};

test.each([{ pin: 0 }, { pin: 1 }, { pin: 4, uart: 1, rx_pin: 5 }])(
  "the drive pin is none of the UART's: %j",
  async (pins) => {
    const links = { open: () => Promise.reject(new Error("opened")) };
    const settings = { port: { path: "mem" }, on_level: 1, cuts: "soc", ...pins };
    await expect(cutter.openFrom(settings, { links, clock: new VirtualClock() })).rejects.toMatchObject({
      kind: "configuration",
      message: expect.stringContaining("belongs to the Pico's UART"),
    });
  },
);

describe("a cut that the cutter makes by itself", () => {
  test("comes at its delay after the pattern, and is told in the bench's time", async () => {
    await using rig = await cutterRig({ firstTicks: 2 ** 30 - 5_000 });
    const armed = await rig.power.arm?.(ORDER);
    await sleep(rig.clock, 30);
    const sentUs = rig.clock.nowUs();
    rig.bench.fromBoard(utf8("I: Starting swap using move\r\n"));
    const made = await armed?.made;
    expect(await rig.supply()).toBe("off");
    expect((made?.cutUs ?? 0) - (made?.matchUs ?? 0)).toBe(12_000);
    // The line came at once: its bytes count as sent before.
    expect(Math.abs((made?.matchUs ?? 0) - sentUs)).toBeLessThan(2500);
    expect(made?.lateUs).toBe(0);
    await rig.power.set("on");
    expect(await rig.history()).toEqual(["off", "on"]);
  });

  test("comes at a moment of the bench's clock", async () => {
    await using rig = await cutterRig();
    const atUs = rig.clock.nowUs() + 40_000;
    const armed = await rig.power.arm?.({ ...ORDER, when: { atUs }, delayUs: 500 });
    const made = await armed?.made;
    expect(Math.abs((made?.cutUs ?? 0) - atUs - 500)).toBeLessThanOrEqual((made?.uncertaintyUs ?? 0) + 100);
    expect(made?.matchUs).toBeUndefined();
  });

  test("lasts at most its off time when nobody says on", async () => {
    await using rig = await cutterRig();
    const armed = await rig.power.arm?.({ ...ORDER, offMsMax: 300 });
    rig.bench.fromBoard(utf8("Starting swap"));
    await armed?.made;
    await sleep(rig.clock, 280);
    expect(await rig.supply()).toBe("off");
    await sleep(rig.clock, 40);
    expect(await rig.supply()).toBe("on");
  });

  test("lasts as long as is wanted: the driver speaks up for the watchdog", async () => {
    await using rig = await cutterRig({ watchdogMs: 500 });
    await rig.power.set("off");
    await sleep(rig.clock, 20_000);
    expect(await rig.supply()).toBe("off");
  });

  test("is over when the host's program is gone", async () => {
    const rig = await cutterRig({ watchdogMs: 500 });
    await rig.power.set("off");
    rig.unplug();
    await sleep(rig.clock, 600);
    expect(await rig.supply()).toBe("on");
    await rig[Symbol.asyncDispose]();
  });

  test("is called off by disarm, and by any set", async () => {
    await using rig = await cutterRig();
    for (const how of ["disarm", "set"]) {
      const armed = await rig.power.arm?.(ORDER);
      await (how === "disarm" ? armed?.disarm() : rig.power.set("on"));
      rig.bench.fromBoard(utf8("Starting swap"));
      await sleep(rig.clock, 100);
    }
    expect(await rig.history()).toEqual([]);
  });

  test.each([
    [{ limitMs: 50 }, "what it waits for did not come (0 bytes heard)"],
    [{}, "vanished"],
  ])("that never came is an error of the bench: %j", async (more, said) => {
    await using rig = await cutterRig();
    const armed = await rig.power.arm?.({ ...ORDER, ...more });
    if (said === "vanished") rig.unplug();
    await expect(armed?.made).rejects.toMatchObject({ kind: "bench", message: expect.stringContaining(said) });
  });

  test("is refused when its pattern or delay is beyond what a Pico holds", async () => {
    await using rig = await cutterRig();
    const pattern = new Uint8Array(97).fill(65);
    const long = rig.power.arm?.({ ...ORDER, when: { pattern, toLineEnd: false } });
    await expect(long).rejects.toMatchObject({ exitCode: 2 });
    await expect(rig.power.arm?.({ ...ORDER, delayUs: 600_000_000 })).rejects.toMatchObject({ exitCode: 2 });
  });
});

const numberOf = (max: number) =>
  fc.oneof(
    fc.nat(Math.min(max, 300)),
    fc.maxSafeNat().filter((value) => value <= max),
  );

describe("the cutter's messages", () => {
  test.each(CUTTER_MESSAGES)("$name survives the way there and back, whatever its fields", ({ name, fields }) => {
    const kinds = {
      uint: numberOf,
      text: (max: number) => fc.string({ maxLength: Math.floor(max / 4) }),
      bytes,
    } as const;
    const values = Object.fromEntries(fields.map((field) => [field.name, kinds[field.kind](field.max)]));
    fc.assert(
      fc.property(fc.record(values), fc.nat(0xffff), (made, number) => {
        const packets = new SlipPackets(MESSAGE_BYTES_MAX);
        const [packet] = packets.feed(slipFrame(encodeCutterMessage({ name, number, fields: made })));
        const back = decodeCutterMessage(packet ?? new Uint8Array());
        expect(plain(back)).toEqual(plain({ name, number, fields: made }));
      }),
    );
  });

  test("whatever bytes come in, nothing throws and no unknown message comes out", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (noise) => {
        for (const packet of new SlipPackets(MESSAGE_BYTES_MAX).feed(noise)) decodeCutterMessage(packet);
      }),
    );
    expect(decodeCutterMessage(Uint8Array.of(0x83, 0x18, 99, 1, 1))).toBeUndefined();
  });

  test("packets come out whole, however the line cuts them", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 6 }),
        fc.nat(30),
        (sent, at) => {
          const line = concat(...sent.map(slipFrame));
          const packets = new SlipPackets(40);
          const got = [...packets.feed(line.subarray(0, at)), ...packets.feed(line.subarray(at))];
          expect(got.map((packet) => [...packet])).toEqual(sent.map((packet) => [...packet]));
        },
      ),
    );
  });

  test("a frame without an end is not kept, and the next one is understood", () => {
    const packets = new SlipPackets(40);
    for (let piece = 0; piece < 1000; piece += 1) expect(packets.feed(new Uint8Array(100).fill(1))).toEqual([]);
    expect(packets.feed(Uint8Array.of(0xc0, 7, 0xc0))).toEqual([Uint8Array.of(7)]);
    expect(packets.feed(Uint8Array.of(1, 0xdb, 1, 0xc0, 8, 0xc0))).toEqual([Uint8Array.of(8)]);
    expect(packets.dropped).toBe(2);
  });

  test("a field beyond its row is the caller's mistake", () => {
    expect(() => encodeCutterMessage({ name: "set", number: 1, fields: { on: 2 } })).toThrow("set: on is 2");
    expect(() => encodeCutterMessage({ name: "nonsense", number: 1, fields: {} })).toThrow(RangeError);
  });
});

describe("the cutter's clock", () => {
  test("is known to half of the shortest round trip", () => {
    const clock = new CutterClock();
    clock.add({ askedUs: 1000, answeredUs: 5000, cutterUs: 103_000 });
    clock.add({ askedUs: 6000, answeredUs: 6400, cutterUs: 106_250 });
    expect(clock.toBench(106_250)).toEqual({ atUs: 6200, uncertaintyUs: 200 });
    expect(clock.toBench(1_106_250).uncertaintyUs).toBe(300);
  });

  test("both ways agree, whatever the offset", () => {
    fc.assert(
      fc.property(fc.nat(1e9), fc.nat(1e9), fc.nat(1e6), (hostUs, cutterUs, laterUs) => {
        const clock = new CutterClock();
        clock.add({ askedUs: hostUs, answeredUs: hostUs + 300, cutterUs });
        expect(Math.abs(clock.toBench(clock.toCutter(hostUs + laterUs)).atUs - hostUs - laterUs)).toBeLessThanOrEqual(
          200,
        );
      }),
    );
  });
});

function bytes(max: number) {
  return fc.uint8Array({ maxLength: max });
}

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_, item: unknown) => (item instanceof Uint8Array ? [...item] : item)));
}
