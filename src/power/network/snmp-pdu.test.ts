import { describe, expect, test } from "@jest/globals";
import { snmpPdu } from "../index.ts";
import type { Fault } from "../testing/coils.ts";
import { powerSwitchContract } from "../testing/contract.ts";
import { type SnmpPeer, snmpRig } from "../testing/snmp-rig.ts";
import type { SNMP_MODELS } from "./snmp-models.ts";

/** As labgrid, pdudaemon and the PowerNet MIB have them; written out once more, not taken from our table. */
const RPDU: SnmpPeer = { command: "318.1.1.12.3.3.1.1.4", status: "318.1.1.12.3.5.1.1.4", says: { on: 1, off: 2 } };
const RPDU2: SnmpPeer = { command: "318.1.1.26.9.2.4.1.5", status: "318.1.1.26.9.2.3.1.5", says: { on: 2, off: 1 } };

function rig(
  options: { peer?: SnmpPeer; model?: (typeof SNMP_MODELS)[number]["name"]; outlet?: number; fault?: Fault } = {},
) {
  const { peer = RPDU, model = "apc-rpdu", outlet = 3, fault } = options;
  return snmpRig({
    open: (udp_port, bench) =>
      snmpPdu.open({ host: "127.0.0.1", udp_port, model, outlet, timeout_ms: 200, tries: 2, cuts: "board" }, bench),
    peer,
    outlet: 3,
    fault,
  });
}

powerSwitchContract("snmp-pdu, APC rPDU", { open: () => rig(), readsBack: true });
powerSwitchContract("snmp-pdu, APC rPDU2, whose status counts the other way round", {
  open: () => rig({ peer: RPDU2, model: "apc-rpdu2" }),
  readsBack: true,
});
powerSwitchContract("snmp-pdu, version 2c with its own community", {
  open: () =>
    snmpRig({
      open: (udp_port, bench) =>
        snmpPdu.open(
          {
            host: "127.0.0.1",
            udp_port,
            model: "apc-rpdu",
            outlet: 1,
            version: "2c",
            community_env: "C",
            cuts: "board",
          },
          bench,
        ),
      peer: { ...RPDU, community: "bench" },
      env: { C: "bench" },
      outlet: 1,
    }),
  readsBack: true,
});

describe("the snmp-pdu driver", () => {
  test("names the agent's refusal", async () => {
    await using bench = await rig({ outlet: 9 });
    await expect(bench.power.set("on")).rejects.toMatchObject({
      kind: "bench",
      message: "the PDU 127.0.0.1 refused: noSuchName (no such outlet) (2).",
    });
  });

  test("says that silence may be a wrong community, and does not print it", async () => {
    await using bench = await rig({ peer: { ...RPDU, community: "hunter2" } });
    await expect(bench.power.set("on")).rejects.toMatchObject({
      message: "the PDU 127.0.0.1 did not answer 2 times, 200 ms each.",
      hint: expect.stringContaining("community"),
    });
  });
});
