import { describe, expect, test } from "@jest/globals";
import { concat, hex, VirtualClock } from "../../core/index.ts";
import { ppk2 } from "../index.ts";
import type { Fault } from "../testing/coils.ts";
import { powerSwitchContract } from "../testing/contract.ts";
import { ppk2Peer } from "../testing/ppk2-peer.ts";
import { type SerialPeer, serialRig } from "../testing/serial-rig.ts";
import { ppk2Command, ppk2Metadata, ppk2Voltage } from "./frames.ts";

const SOURCE = { port: { path: "mem" }, mode: "source", voltage_mv: 3000, cuts: "soc" } as const;

function rig(options: { fault?: Fault; ampere?: boolean; peer?: () => SerialPeer } = {}) {
  const { voltage_mv: _, ...rest } = SOURCE;
  return serialRig({
    open: (bench) => ppk2.open(options.ampere ? { ...rest, mode: "ampere" } : SOURCE, bench),
    peer: options.peer ?? ppk2Peer,
    coils: 1,
    channel: 1,
    fault: options.fault,
  });
}

powerSwitchContract("ppk2 as a source", { open: () => rig(), readsBack: false });
powerSwitchContract("ppk2 as an ampere meter", { open: () => rig({ ampere: true }), readsBack: false });

describe("the ppk2 driver", () => {
  test("sets mode and voltage with the first on only, in golden bytes", async () => {
    await using bench = await rig();
    for (const state of ["on", "off", "on"] as const) await bench.power.set(state);
    expect(bench.wire.map(({ bytes }) => bytes)).toEqual(["07", "19", "1102", "0d0bb8", "0c01", "0c00", "0c01"]);
  });

  test.each([
    [3000, "0d0bb8"],
    [3300, "0d0ce4"],
    [5000, "0d1388"],
    [800, "0d0320"],
  ])("%i mV is %s", (millivolts, golden) => {
    expect(hex(ppk2Voltage(millivolts))).toBe(golden);
  });

  test("leaves the kit alone when it is closed: a reset would cut the board", async () => {
    const bench = await rig();
    await bench.power.set("on");
    await bench.power[Symbol.asyncDispose]();
    expect(bench.wire.at(-1)?.bytes).toBe(hex(ppk2Command("on")));
    expect(await bench.supply()).toBe("on");
    await bench[Symbol.asyncDispose]();
  });

  test("opens although a stream of samples was left on", async () => {
    const streaming = () => {
      const well = ppk2Peer();
      const samples = Uint8Array.from({ length: 3000 }, (_, index) => index & 0xff);
      return (bytes: Uint8Array, coils: Parameters<SerialPeer>[1]) =>
        bytes[0] === 0x07 ? samples : concat(well(bytes, coils));
    };
    await using bench = await rig({ peer: streaming });
    await bench.power.set("on");
    expect(await bench.supply()).toBe("on");
  });

  test.each([
    [{ ...SOURCE, voltage_mv: undefined }, /needs voltage_mv/],
    [{ ...SOURCE, mode: "ampere" }, /has no voltage_mv/],
    [{ ...SOURCE, voltage_mv: 5001 }, /voltage_mv/],
  ])("refuses %j", async (options, text) => {
    const bench = { links: { open: () => Promise.reject(new Error("opened")) }, clock: new VirtualClock() };
    await expect(ppk2.openFrom(options, bench)).rejects.toMatchObject({
      kind: "configuration",
      message: expect.stringMatching(text),
    });
  });

  test("reads the metadata by key, whatever the values, once END has come", () => {
    const text = "Calibrated: 0\nI4: -nan\nVDD: 3000\nHW: 9173\nmode: 2\n";
    expect(ppk2Metadata(text)).toBeUndefined();
    expect(ppk2Metadata(`${text}END`)?.get("vdd")).toBe("3000");
    expect(ppk2Metadata(`${text}END\n`)?.get("i4")).toBe("-nan");
  });
});
