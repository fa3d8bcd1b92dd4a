import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { fromHex, hex, isKind, VirtualClock } from "../../core/index.ts";
import { PLACE } from "../testing/bench.ts";
import { AttClient } from "./client.ts";
import { discover } from "./gatt.ts";
import { decodeAtt, encodeAtt } from "./pdus.ts";
import { AttServer } from "./server.ts";

test("the requests of a discovery have the bytes of the specification", () => {
  expect(hex(encodeAtt("mtuRequest", { mtu: 517 }))).toBe("020502");
  expect(hex(encodeAtt("findInformation", { first: 7, last: 0xffff }))).toBe("040700ffff");
  expect(hex(encodeAtt("write", { handle: 0x13, value: Uint8Array.of(1, 0) }))).toBe("1213000100");
  expect(decodeAtt(fromHex("01 08 0a00 0a"))).toEqual({ name: "error", request: 8, handle: 10, code: 10 });
});

test("any bytes are a PDU, nothing known, or a typed error", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      try {
        decodeAtt(bytes);
      } catch (error) {
        expect(isKind(error, "protocol")).toBe(true);
      }
    }),
  );
});

/** A client whose questions are answered by `answer`. */
function clientOf(answer: (pdu: Uint8Array) => Uint8Array | undefined) {
  const clock = new VirtualClock();
  const client: AttClient = new AttClient({
    clock,
    name: "board",
    send: async (pdu) => {
      const reply = answer(pdu);
      if (reply) client.received(clock.nowUs(), reply);
    },
  });
  return client;
}

const server = (more: { wantsPairing?: boolean; mtu?: number } = {}) =>
  new AttServer({ name: "board", ...PLACE, onWritten: () => undefined, onSubscribed: () => undefined, ...more });

test("a client finds our server's characteristic, and agrees on the smaller MTU", async () => {
  const served = server({ mtu: 498 });
  const client = clientOf((pdu) => served.received(pdu));
  await expect(client.exchangeMtu(517)).resolves.toBe(498);
  expect(served.mtu).toBe(498);
  await expect(discover(client, "board", PLACE)).resolves.toEqual({ valueHandle: 6, configurationHandle: 7 });
});

test("a server whose handles never grow is not asked for ever", async () => {
  const client = clientOf((pdu) => {
    if (pdu[0] === 0x06) return fromHex("07 0100 ffff");
    return fromHex(`09 15 0100 14 0200 ${"11".repeat(16)}`);
  });
  await expect(discover(client, "board", PLACE)).rejects.toThrow(
    "board tells its attributes out of order, at handle 1.",
  );
});

test("errors 5 and 15 are named: this build wants pairing", async () => {
  const served = server({ wantsPairing: true });
  const client = clientOf((pdu) => served.received(pdu));
  const asked = client.request("write", { handle: 7, value: Uint8Array.of(1, 0) }, "written", { what: "subscribing" });
  await expect(asked).rejects.toThrow("subscribing: this build wants pairing (ATT 0x0f).");
  const authentication = clientOf(() => fromHex("01 12 0700 05"));
  const other = authentication.request("write", { handle: 7, value: Uint8Array.of(1, 0) }, "written");
  await expect(other).rejects.toThrow("this build wants pairing (ATT 0x05)");
});

test("whatever a server answers ends a discovery in a result or a typed error", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 30 }), { maxLength: 6 }), async (answers) => {
      const left = [...answers];
      const client = clientOf((pdu) => left.shift() ?? Uint8Array.of(1, pdu[0] ?? 0, 0, 0, 10));
      const found = await discover(client, "board", PLACE).catch((error: unknown) => error);
      const isTyped = isKind(found, "protocol") || isKind(found, "timeout");
      expect(isTyped || (typeof found === "object" && found !== null && "valueHandle" in found)).toBe(true);
    }),
  );
});

test("whatever a client asks is answered by one PDU that makes sense, or by nothing", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 30 }), { maxLength: 10 }), (asked) => {
      const served = server();
      for (const pdu of asked) {
        const answer = served.received(pdu);
        if (answer) expect(decodeAtt(answer)).toBeDefined();
        expect((answer?.length ?? 0) <= served.mtu).toBe(true);
      }
    }),
  );
});
