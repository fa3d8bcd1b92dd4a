import { describe, expect, test } from "@jest/globals";
import { hex, utf8 } from "../../core/index.ts";
import { type Contact, denkovi } from "../index.ts";
import type { Fault } from "../testing/coils.ts";
import { powerSwitchContract } from "../testing/contract.ts";
import { denkoviPeer } from "../testing/denkovi-peer.ts";
import { serialRig } from "../testing/serial-rig.ts";
import { denkoviCommand } from "./denkovi.ts";

function rig({ contact = "NO", fault }: { contact?: Contact; fault?: Fault } = {}) {
  return serialRig({
    open: (bench) => denkovi.open({ port: { path: "mem" }, relay: 16, contact, cuts: "soc" }, bench),
    peer: denkoviPeer,
    baudRate: 9600,
    coils: 16,
    channel: 16,
    contact,
    fault,
  });
}

powerSwitchContract("denkovi", { open: () => rig(), readsBack: false });
powerSwitchContract("denkovi, normally closed", { open: () => rig({ contact: "NC" }), readsBack: false });

describe("the denkovi driver", () => {
  test("sends the golden bytes", () => {
    expect(hex(utf8(denkoviCommand(1, true)))).toBe("30312b2f2f");
    expect(hex(utf8(denkoviCommand(16, false)))).toBe("31362d2f2f");
  });

  test("fails when the board does not echo what it was told", async () => {
    await using bench = await rig({ fault: "refuses" });
    await expect(bench.power.set("on")).rejects.toMatchObject({
      kind: "bench",
      message: "the Denkovi board on mem did not answer.",
    });
  });
});
