import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { fromHex, isKind } from "../../core/index.ts";
import { deviceText, readAdvertisement } from "./advertising.ts";
import { advertisingReports, completedPackets, decodeEvent } from "./events.ts";

test("the end of a link, a new link and free buffers are read from their bytes", () => {
  expect(decodeEvent(fromHex("05 04 00 4100 08"))).toEqual({
    name: "disconnected",
    status: 0,
    handle: 0x41,
    reason: 8,
  });
  expect(decodeEvent(fromHex("3e 13 01 00 4000 01 01 0102030405c6 0c00 0000 6400 05"))).toMatchObject({
    ...{ name: "connected", handle: 0x40, role: 1, peerAddressType: 1, interval: 12, supervisionTimeout: 100 },
  });
  const event = decodeEvent(fromHex("13 09 02 4000 0300 4100 0100"));
  expect(event?.name === "completedPackets" && completedPackets(event)).toEqual([
    [0x40, 3],
    [0x41, 1],
  ]);
  expect(decodeEvent(fromHex("ff 01 00"))).toBeUndefined();
});

test("a board's name is read from the old kind of report and from the new one", () => {
  const old = decodeEvent(fromHex("3e 15 02 01 00 01 0102030405c6 09 0809 6c61622d30 3700 c4"));
  const [first] = old === undefined ? [] : advertisingReports(old);
  expect(first).toMatchObject({ addressType: 1, connectable: true, rssi: -60 });
  expect(deviceText(first?.address ?? new Uint8Array())).toBe("C6:05:04:03:02:01");
  const extended = decodeEvent(
    fromHex("3e 22 0d 01 1300 01 0102030405c6 01 00 ff 7f c4 0000 00 000000000000 08 07 09 6c61622d3037"),
  );
  const [second] = extended === undefined ? [] : advertisingReports(extended);
  expect(second).toMatchObject({ addressType: 1, connectable: true, rssi: -60 });
  expect(readAdvertisement(second?.data ?? new Uint8Array())).toEqual({ name: "lab-07", services: [] });
});

test("whatever a controller says is an event, nothing known, or a typed error", () => {
  fc.assert(
    fc.property(fc.constantFrom(0x05, 0x0e, 0x0f, 0x13, 0x3e), fc.uint8Array({ maxLength: 70 }), (code, rest) => {
      try {
        const event = decodeEvent(Uint8Array.of(code, rest.length, ...rest));
        if (event?.name === "completedPackets") completedPackets(event);
        for (const { data } of event ? advertisingReports(event) : []) readAdvertisement(data);
      } catch (error) {
        expect(isKind(error, "protocol")).toBe(true);
      }
    }),
  );
});
