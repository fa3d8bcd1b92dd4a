import { expect, test } from "@jest/globals";
import { concat, hex } from "../../core/index.ts";
import { smpBench } from "../testing/bench.ts";
import { BurstGuard } from "./burst-guard.ts";

test("a timeout makes the next packet slow, and an answer to it makes the one after fast again", () => {
  const guard = new BurstGuard();
  expect(guard.pauseMs).toBe(0);
  guard.timedOut(5);
  expect(guard.pauseMs).toBe(20);
  guard.answered(5);
  expect(guard.pauseMs).toBe(0);
});

test("pauses that helped twice in a row stay", () => {
  const guard = new BurstGuard();
  for (let time = 0; time < 2; time += 1) {
    guard.timedOut(5);
    guard.answered(5);
  }
  for (let time = 0; time < 50; time += 1) guard.answered(5);
  expect(guard.pauseMs).toBe(20);
});

test("a bad line now and then is not taken for a board that loses bursts", () => {
  const guard = new BurstGuard();
  for (let time = 0; time < 10; time += 1) {
    guard.timedOut(5);
    guard.answered(5);
    for (let good = 0; good < 16; good += 1) guard.answered(5);
  }
  expect(guard.pauseMs).toBe(0);
});

test("a board that has taken a burst gets its second chance in a burst, too", () => {
  const guard = new BurstGuard();
  guard.answered(5);
  guard.timedOut(5);
  expect(guard.pauseMs).toBe(0);
  guard.timedOut(5);
  expect(guard.pauseMs).toBe(20);
});

test("answers to packets of one line say nothing", () => {
  const guard = new BurstGuard();
  guard.timedOut(5);
  guard.answered(1);
  expect(guard.pauseMs).toBe(20);
});

test("a board that is asked in vain while it boots is not taken for one that loses bursts", () => {
  const guard = new BurstGuard();
  for (let boot = 0; boot < 3; boot += 1) {
    for (let asked = 0; asked < 4; asked += 1) guard.timedOut(1);
    guard.answered(1);
    expect(guard.pauseMs).toBe(0);
    guard.answered(5);
  }
  expect(guard.pauseMs).toBe(0);
});

test("an upload to a board that takes two lines at once is whole, and goes on with pauses", async () => {
  const { client, boardLink, clock, store } = smpBench({ baudRate: 1_000_000 });
  const deliver = boardLink.deliver.bind(boardLink);
  let lastUs = 0;
  let lines = 0;
  boardLink.deliver = (bytes) => {
    const all = Buffer.from(bytes)
      .toString("latin1")
      .split(/(?<=\n)/);
    if (clock.nowUs() - lastUs > 10_000) lines = 0;
    lastUs = clock.nowUs();
    const kept = all.filter(() => ++lines <= 2).map((line) => Uint8Array.from(Buffer.from(line, "latin1")));
    if (kept.length > 0) deliver(concat(...kept));
  };
  const image = Uint8Array.from({ length: 4_000 }, (_, index) =>
    index < 4 ? ([0x3d, 0xb8, 0xf3, 0x96][index] ?? 0) : index & 0xff,
  );
  const result = await client.upload(image, { firstChunkMs: 1_000 });
  expect(result.retries).toBe(2);
  expect(hex(store.bytes(1).subarray(0, image.length))).toBe(hex(image));
});
