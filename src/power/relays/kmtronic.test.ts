import { describe, expect, test } from "@jest/globals";
import { fromHex, VirtualClock } from "../../core/index.ts";
import { type Contact, kmtronic } from "../index.ts";
import type { Fault } from "../testing/coils.ts";
import { powerSwitchContract } from "../testing/contract.ts";
import { kmtronicPeer } from "../testing/kmtronic-peer.ts";
import { serialRig } from "../testing/serial-rig.ts";
import { kmtronicAnswer } from "./kmtronic-frames.ts";

function rig(options: { channels?: 2 | 8; contact?: Contact; fault?: Fault } = {}) {
  const { channels = 8, contact = "NO", fault } = options;
  const channel = channels === 2 ? 2 : 3;
  return serialRig({
    open: (bench) => kmtronic.open({ port: { path: "mem" }, channels, channel, contact, cuts: "soc" }, bench),
    peer: kmtronicPeer(channels),
    baudRate: 9600,
    channel,
    contact,
    fault,
  });
}

powerSwitchContract("kmtronic, 8 channels", { open: () => rig(), readsBack: true });
powerSwitchContract("kmtronic, 2 channels, normally closed", {
  open: () => rig({ channels: 2, contact: "NC" }),
  readsBack: true,
});

describe("the kmtronic driver", () => {
  test("sends the bytes of the vendor's page at 9600 baud, and asks after each", async () => {
    await using bench = await rig();
    await bench.power.set("on");
    await bench.power.set("off");
    expect(bench.wire.map(({ bytes }) => bytes)).toEqual(["ff0301", "ff0900", "ff0300", "ff0900"]);
    expect(bench.opened).toEqual([{ port: { path: "mem" }, baudRate: 9600 }]);
  });

  test("asks a small board for one channel", async () => {
    await using bench = await rig({ channels: 2 });
    await bench.power.read?.();
    expect(bench.wire.map(({ bytes }) => bytes)).toEqual(["ff0203"]);
  });

  test("fails when the board says that its relay did not move", async () => {
    await using bench = await rig({ fault: "refuses" });
    await expect(bench.power.set("on")).rejects.toMatchObject({
      kind: "bench",
      message: 'the power switch "kmtronic" was told "on" and says "off".',
    });
  });

  test("refuses a channel that the board does not have", async () => {
    const links = { open: () => Promise.reject(new Error("opened")) };
    const options = { port: { path: "x" }, channels: 2, channel: 3, contact: "NO", cuts: "soc" } as const;
    await expect(kmtronic.open(options, { links, clock: new VirtualClock() })).rejects.toThrow("channel 3");
  });

  test.each([
    [8, 3, "0000010000000000", true],
    [8, 3, "0000010000000002", undefined],
    [8, 3, "00000100000000", undefined],
    [4, 1, "00010101", false],
    [2, 1, "ff0101", true],
    [2, 1, "ff0201", undefined],
    [2, 1, "ff01", undefined],
  ] as const)("of %i channels, channel %i of the answer %s is %s", (channels, channel, bytes, on) => {
    expect(kmtronicAnswer(channels, channel, fromHex(bytes))).toBe(on);
  });
});
