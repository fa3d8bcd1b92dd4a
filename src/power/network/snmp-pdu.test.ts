import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { fromHex, hex } from "../../core/index.ts";
import { snmpPdu } from "../index.ts";
import type { Fault } from "../testing/coils.ts";
import { powerSwitchContract } from "../testing/contract.ts";
import { type SnmpPeer, snmpRig } from "../testing/snmp-rig.ts";
import { elementsOf, integer, integerOf, oid } from "./snmp-ber.ts";
import { snmpRequest, snmpResponse } from "./snmp-message.ts";
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

/** Number 1, no error, INTEGER 5. */
const ANSWER = "302702010004067075626c6963a21a020101020100020100300f300d06082b06010201010100020105";

describe("SNMP messages", () => {
  const sysDescr = "302602010004067075626c6963a019020101020100020100300e300c06082b060102010101000500";

  test("are the bytes that RFC 1157's grammar gives for the best-known question", () => {
    expect(hex(snmpRequest({ version: "1", community: "public", id: 1, oid: "1.3.6.1.2.1.1.1.0" }))).toBe(sysDescr);
  });

  test("set an integer at a long identifier", () => {
    const message = snmpRequest({
      version: "2c",
      community: "private",
      id: 256,
      oid: "1.3.6.1.4.1.318.1.1.12.3.3.1.1.4.3",
      value: 2,
    });
    expect(hex(message)).toBe(
      "3031020101040770726976617465a323020201000201000201003017301506102b06010401823e01010c030301010403020102",
    );
  });

  test("of an answer give number, error and value", () => {
    const answer = fromHex(ANSWER);
    expect(snmpResponse(answer)).toEqual({ id: 1, error: 0, value: 5 });
    expect(snmpResponse(fromHex(sysDescr))).toBeUndefined();
  });

  test("cut short anywhere are no answer, and any bytes are none or one", () => {
    const answer = fromHex(ANSWER);
    for (let length = 0; length < answer.length; length++) {
      expect(snmpResponse(answer.subarray(0, length))).toBeUndefined();
    }
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => void snmpResponse(bytes)));
  });

  test("bring any integer and identifier back", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 31 - 1 }), (value) => {
        expect(integerOf(elementsOf(integer(value))?.[0])).toBe(value);
      }),
    );
    expect(hex(oid("1.3.6.1.4.1.3808.1"))).toBe("06082b060104019d6001");
  });
});
