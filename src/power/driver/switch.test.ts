import { describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { BenchError, VirtualClock } from "../../core/index.ts";
import {
  cycle,
  energised,
  openPower,
  type PowerState,
  type PowerSwitch,
  portName,
  powerDriver,
  powerDriverNamed,
} from "../index.ts";

/** A switch that fails as often as it is told, and notes what it was told to do. */
function recorder(clock: VirtualClock, failures: Partial<Record<PowerState, number>> = {}) {
  const told: { state: PowerState; atUs: number }[] = [];
  const left = { on: 0, off: 0, ...failures };
  const power: PowerSwitch = {
    facts: { cuts: "soc", readsBack: false, latency: "ms" },
    async set(state, { signal } = {}) {
      signal?.throwIfAborted();
      told.push({ state, atUs: clock.nowUs() });
      if (left[state]-- > 0) throw new BenchError(`no ${state}.`);
      return { sentAtUs: clock.nowUs() };
    },
    async [Symbol.asyncDispose]() {},
  };
  return { power, states: () => told.map(({ state }) => state), told };
}

describe("a power cycle", () => {
  test("keeps the board dark for the time asked, from the moment the command was taken", async () => {
    const clock = new VirtualClock();
    const { power } = recorder(clock);
    const { offAtUs, onAtUs } = await cycle(power, { clock, offMs: 250.5 });
    expect(onAtUs - offAtUs).toBe(250_500);
  });

  test("ends with power on when it is given up in the dark, before the reason is thrown", async () => {
    const clock = new VirtualClock();
    const { power, told } = recorder(clock);
    const stop = new AbortController();
    clock.at(1000, () => stop.abort(new Error("Ctrl-C")));
    await expect(cycle(power, { clock, offMs: 5000, signal: stop.signal })).rejects.toThrow("Ctrl-C");
    expect(told).toEqual([
      { state: "off", atUs: 0 },
      { state: "on", atUs: 1000 },
    ]);
  });

  test("restores power when the cut itself failed half-way", async () => {
    const clock = new VirtualClock();
    const { power, states } = recorder(clock, { off: 1 });
    await expect(cycle(power, { clock, offMs: 1 })).rejects.toThrow("no off.");
    expect(states()).toEqual(["off", "on"]);
  });

  test("tries a second time to restore power", async () => {
    const clock = new VirtualClock();
    const { power, states } = recorder(clock, { on: 1 });
    await cycle(power, { clock, offMs: 1 });
    expect(states()).toEqual(["off", "on", "on"]);
  });

  test("says that the board is dark when power cannot be restored", async () => {
    const clock = new VirtualClock();
    const { power } = recorder(clock, { on: 2 });
    await expect(cycle(power, { clock, offMs: 1 })).rejects.toMatchObject({
      kind: "bench",
      message: "power was cut and could not be restored: no on.",
      hint: expect.stringContaining("by hand"),
    });
  });
});

test.each([
  ["on", "NO", true],
  ["off", "NO", false],
  ["on", "NC", false],
  ["off", "NC", true],
] as const)("for %s through %s the coil is energised: %s", (state, contact, coil) => {
  expect(energised(state, contact)).toBe(coil);
});

describe("the registry of power drivers", () => {
  const bench = { links: { open: () => Promise.reject(new Error("none")) }, clock: new VirtualClock() };

  test("lists the known drivers, and the nearest, for a name it does not know", () => {
    expect(() => powerDriverNamed("lcuss")).toThrow('no power driver "lcuss".');
    try {
      powerDriverNamed("lcuss");
    } catch (error) {
      expect(error).toMatchObject({
        exitCode: 2,
        hint: expect.stringMatching(/^The drivers are lcus, kmtronic, .*command\. Did you mean "lcus"\?$/),
      });
    }
  });

  test("opens nothing when a driver's options are wrong", () => {
    expect(() => openPower({ driver: "ppk9", options: {} }, bench)).toThrow('no power driver "ppk9".');
    return expect(openPower({ driver: "command", options: { on: [] } }, bench)).rejects.toMatchObject({
      kind: "configuration",
      message: expect.stringContaining('power driver "command": on is a list of 0;'),
    });
  });
});

test("a driver that looks at no signal is not even asked once the signal has aborted", async () => {
  const asked: PowerState[] = [];
  const deaf = powerDriver({
    name: "deaf",
    options: z.strictObject({}),
    facts: () => ({ cuts: "soc", readsBack: false, latency: "ms" }),
    open: async () => ({
      set: async (state) => {
        asked.push(state);
        return { sentAtUs: 0 };
      },
      async [Symbol.asyncDispose]() {},
    }),
  });
  const links = { open: () => Promise.reject(new Error("none")) };
  const power = await deaf.open({}, { links, clock: new VirtualClock() });
  const stop = new AbortController();
  const both = [power.set("on", { signal: stop.signal }), power.set("off", { signal: stop.signal })];
  stop.abort(new Error("Ctrl-C"));
  expect((await Promise.allSettled(both)).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(asked).toEqual([]);
});

test("ports are named for people, J-Link serial numbers without the zeros of USB", () => {
  expect(portName({ path: "/dev/ttyUSB0" })).toBe("/dev/ttyUSB0");
  expect(portName({ jlink: "001050012345", interface: 2 })).toBe("J-Link 1050012345 VCOM1");
  expect(portName({ jlink: "000000000000", interface: 0 })).toBe("J-Link 0 VCOM0");
});
