import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { fromHex, hex } from "../core/index.ts";
import { answerSignal } from "./signalling.ts";

const hexOrNone = (bytes: Uint8Array | undefined) => bytes && hex(bytes);

test("a possible wish for connection parameters is granted and passed on, an impossible one is refused", () => {
  const granted = answerSignal(fromHex("12 07 0800 1800 2800 0000 2a00"));
  expect(hexOrNone(granted.answer)).toBe("130702000000");
  expect(granted.update).toMatchObject({ intervalMin: 24, intervalMax: 40, latency: 0, supervisionTimeout: 42 });
  // A time-out shorter than two intervals.
  const refused = answerSignal(fromHex("12 08 0800 1800 800c 0000 0a00"));
  expect(hexOrNone(refused.answer)).toBe("130802000100");
  expect(refused.update).toBeUndefined();
});

test("another request is rejected by its number, and an answer is not answered", () => {
  expect(hexOrNone(answerSignal(fromHex("0a 05 0200 0200")).answer)).toBe("010502000000");
  expect(answerSignal(fromHex("13 01 0200 0000"))).toEqual({});
});

test("any bytes are taken without an error", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 20 }), (bytes) => expect(answerSignal(bytes)).toBeDefined()));
});
