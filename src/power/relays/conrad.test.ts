import { describe, expect, test } from "@jest/globals";
import { fromHex, hex } from "../../core/index.ts";
import { type Contact, conrad } from "../index.ts";
import type { Fault } from "../testing/coils.ts";
import { conradPeer } from "../testing/conrad-peer.ts";
import { powerSwitchContract } from "../testing/contract.ts";
import { serialRig } from "../testing/serial-rig.ts";
import { conradAnswer, conradFrame } from "./conrad-frames.ts";

function rig({ contact = "NO", fault, setUp }: { contact?: Contact; fault?: Fault; setUp?: boolean } = {}) {
  return serialRig({
    open: (bench) => conrad.open({ port: { path: "mem" }, relay: 1, contact, cuts: "soc" }, bench),
    peer: () => conradPeer(setUp === undefined ? {} : { setUp }),
    baudRate: 19_200,
    channel: 1,
    contact,
    fault,
  });
}

powerSwitchContract("conrad", { open: () => rig(), readsBack: true });
powerSwitchContract("conrad, normally closed", { open: () => rig({ contact: "NC" }), readsBack: true });

describe("the conrad driver", () => {
  test.each([
    ["setup", 1, 0, "01010000"],
    ["on", 1, 1, "06010106"],
    ["off", 1, 1, "07010107"],
    ["get", 1, 0, "02010003"],
  ] as const)("%s to card %i with data %i is the golden frame %s", (name, card, data, golden) => {
    expect(hex(conradFrame(name, card, data))).toBe(golden);
  });

  test("reads the golden answer: relays 1, 5 and 6 are on", () => {
    expect(conradAnswer("get", 1, fromHex("fd0131cd"))).toEqual({ kind: "states", bits: 0x31 });
    expect(conradAnswer("get", 1, fromHex("fd0131cc"))).toBeUndefined();
    expect(conradAnswer("get", 1, fromHex("fd0131"))).toBeUndefined();
  });

  test("sets up a card that is fresh from power-up, and no other", async () => {
    await using fresh = await rig({ setUp: false });
    expect(fresh.wire.map(({ bytes }) => bytes)).toContain("01010000");
    await using running = await rig({ setUp: true });
    expect(running.wire.map(({ bytes }) => bytes)).toEqual(["02010003"]);
  });

  test("says that the card refused", async () => {
    await using bench = await rig({ fault: "refuses", setUp: true });
    await expect(bench.power.set("on")).rejects.toMatchObject({
      kind: "bench",
      message: 'the Conrad card 1 on mem refused "on".',
    });
  });
});
