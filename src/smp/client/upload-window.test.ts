import { expect, test } from "@jest/globals";
import { encodeMap } from "../packet/cbor.ts";
import { offsetIn, RoundTrips, UploadWindow, withOffset } from "./upload-window.ts";

const times = (count: number, act: () => void) => {
  for (let time = 0; time < count; time += 1) act();
};

test("a window shrinks to one after four drops, and opens again after a clean run", () => {
  const window = new UploadWindow(3);
  times(3, () => window.dropped());
  expect(window.size).toBe(3);
  window.dropped();
  expect(window.size).toBe(1);
  times(15, () => window.answered());
  expect(window.size).toBe(1);
  window.answered();
  expect(window.size).toBe(3);
});

test("a window that shrank before waits twice as long", () => {
  const window = new UploadWindow(3);
  times(4, () => window.dropped());
  times(16, () => window.answered());
  times(4, () => window.dropped());
  times(31, () => window.answered());
  expect(window.size).toBe(1);
  window.answered();
  expect(window.size).toBe(3);
});

test("drops with clean runs between do not shrink a window", () => {
  const window = new UploadWindow(3);
  times(20, () => {
    window.dropped();
    times(16, () => window.answered());
  });
  expect(window.size).toBe(3);
});

test("a deadline is the allowance while no answer has come, then three times the slowest of the last answers", () => {
  const trips = new RoundTrips();
  expect(trips.deadlineMs(1, 5_000)).toBe(5_000);
  trips.took(400_000);
  times(10, () => trips.took(10_000));
  expect(trips.deadlineMs(1, 5_000)).toBe(1_200);
  expect(trips.deadlineMs(2, 5_000)).toBe(4_800);
  expect(trips.deadlineMs(3, 5_000)).toBe(5_000);
  times(16, () => trips.took(10_000));
  expect(trips.deadlineMs(1, 5_000)).toBe(500);
});

test.each([
  [{ off: 23 }, 24],
  [{ rc: 0, off: 255 }, 256],
  [{ off: 65_535, rc: 0, match: true }, 65_536],
  [{ off: 70_000 }, 300],
])("an answer %j becomes one that asks for %i, and nothing else of it changes", (answer, off) => {
  for (const form of ["definite", "indefinite"] as const) {
    const changed = withOffset(encodeMap(answer, form), off);
    expect(changed).toEqual(encodeMap({ ...answer, off }, form));
    expect(changed && offsetIn(changed)).toBe(off);
  }
});

test.each([
  ["no offset", encodeMap({ rc: 3 })],
  ["the key twice", encodeMap({ off: 5, x: "coff" })],
  ["an offset that is not written as short as it can be", Uint8Array.of(0xa1, 0x63, 0x6f, 0x66, 0x66, 0x19, 0, 5)],
  ["nonsense", Uint8Array.of(0xa1, 0x63, 0x6f, 0x66, 0x66)],
])("of an answer with %s nobody says what the next one will be", (_, answer) => {
  expect(withOffset(answer, 9)).toBeUndefined();
});
