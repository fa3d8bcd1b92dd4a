import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { aclHandle, aclPackets, L2capReader } from "./l2cap.ts";

test("a message comes out as it went in, however short the controller's buffers are", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 600 }),
      fc.integer({ min: 27, max: 300 }),
      fc.constantFrom(4, 5, 6, 0x40),
      (payload, aclBytes, channel) => {
        const reader = new L2capReader();
        const packets = aclPackets(0x123, channel, payload, aclBytes);
        expect(packets.every((packet) => packet.length <= aclBytes + 4 && aclHandle(packet) === 0x123)).toBe(true);
        const came = packets.map((packet) => reader.push(packet));
        expect(came.slice(0, -1).every((message) => message === undefined)).toBe(true);
        expect(came.at(-1)).toEqual({ channel, payload });
        expect(reader.lost).toBe(0);
      },
    ),
  );
});

test("a message that is begun anew, and a piece of nothing, cost one message each and are counted", () => {
  const reader = new L2capReader();
  const [first = new Uint8Array(), second = new Uint8Array()] = aclPackets(1, 4, new Uint8Array(40).fill(7), 27);
  expect(reader.push(second)).toBeUndefined();
  expect(reader.push(first)).toBeUndefined();
  expect(reader.push(first)).toBeUndefined();
  expect(reader.push(second)).toEqual({ channel: 4, payload: new Uint8Array(40).fill(7) });
  expect(reader.lost).toBe(2);
});

test("any packets are taken without an error", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (packets) => {
      const reader = new L2capReader();
      for (const packet of packets) expect(reader.push(packet)?.payload.length ?? 0).toBeLessThanOrEqual(0xffff);
    }),
  );
});
