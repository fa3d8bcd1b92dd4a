import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { PLACE } from "../testing/bench.ts";
import { advertisement, readAdvertisement, uuidBytes, uuidText } from "./advertising.ts";

test("a board's service and name are found in what it advertises; a long name is whole in the scan response alone", () => {
  const short = advertisement("lab-07", PLACE.service);
  expect(readAdvertisement(short.data)).toEqual({ name: "lab-07", services: [PLACE.service] });
  const long = advertisement("nRF5340 of lab 7", PLACE.service);
  expect(long.data.length).toBeLessThanOrEqual(31);
  expect(readAdvertisement(long.data)).toEqual({ name: "nRF5340 ", isShort: true, services: [PLACE.service] });
  expect(readAdvertisement(long.response).name).toBe("nRF5340 of lab 7");
});

test("a UUID keeps its spelling over the order of the air, and nothing else is one", () => {
  expect(uuidText(uuidBytes(PLACE.service.toUpperCase()))).toBe(PLACE.service);
  expect(() => uuidBytes("1800")).toThrow(RangeError);
});

test("whatever is in the air is read without an error, and a structure that is cut short ends it", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (data) => expect(readAdvertisement(data)).toBeDefined()));
  expect(readAdvertisement(Uint8Array.of(2, 9, 0x41, 9, 9, 0x42))).toEqual({ name: "A", services: [] });
});
