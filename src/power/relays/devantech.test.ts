import { describe, expect, test } from "@jest/globals";
import { hex, VirtualClock } from "../../core/index.ts";
import { type Contact, devantech } from "../index.ts";
import type { Fault } from "../testing/coils.ts";
import { powerSwitchContract } from "../testing/contract.ts";
import { devantechPeer } from "../testing/devantech-peer.ts";
import { serialRig } from "../testing/serial-rig.ts";
import { devantechCommand } from "./devantech-frames.ts";

const OPTIONS = { port: { path: "mem" }, module: "rly08", relay: 8, contact: "NO", cuts: "board" } as const;

function rig({ contact = "NO", fault, id = 8 }: { contact?: Contact; fault?: Fault; id?: number } = {}) {
  return serialRig({
    open: (bench) => devantech.open({ ...OPTIONS, contact }, bench),
    peer: devantechPeer(id),
    channel: 8,
    contact,
    fault,
  });
}

powerSwitchContract("devantech", { open: () => rig(), readsBack: true });
powerSwitchContract("devantech, normally closed", { open: () => rig({ contact: "NC" }), readsBack: true });

describe("the devantech driver", () => {
  test("asks for the module, then switches by single bytes and asks for the states", async () => {
    await using bench = await rig();
    await bench.power.set("on");
    await bench.power.set("off");
    expect(bench.wire.map(({ bytes }) => bytes)).toEqual(["5a", "6c", "5b", "76", "5b"]);
  });

  test.each([
    ["on", 1, "65"],
    ["on", 8, "6c"],
    ["off", 1, "6f"],
    ["off", 8, "76"],
    ["states", 0, "5b"],
  ] as const)("%s for relay %i is the golden byte %s", (name, relay, byte) => {
    expect(hex(devantechCommand(name, relay))).toBe(byte);
  });

  test("does not switch a module that calls itself another one", async () => {
    await expect(rig({ id: 9 })).rejects.toMatchObject({
      kind: "bench",
      message: "mem is no Devantech rly08: it gives its number as 9 (rly16), not 8.",
    });
  });

  test("refuses a relay that the module does not have", async () => {
    const bench = { links: { open: () => Promise.reject(new Error("opened")) }, clock: new VirtualClock() };
    const opened = devantech.open({ ...OPTIONS, module: "rly02" }, bench);
    await expect(opened).rejects.toMatchObject({ kind: "configuration", hint: "It has 2 relays." });
  });
});
