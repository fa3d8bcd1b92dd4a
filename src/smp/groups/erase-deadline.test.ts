import { describe, expect, test } from "@jest/globals";
import { sleep } from "../../core/index.ts";
import { ArrayImageStore, plainImage } from "../testing/array-store.ts";
import { smpBench } from "../testing/bench.ts";
import { eraseDeadlineMs } from "./erase-deadline.ts";

const MIB = 1024 * 1024;

test.each([
  ["the nRF5340's 0x40000", 0x40000, 87.5],
  ["6 MiB of an MX25R6435F", 6 * MIB, 48],
  ["8 MiB of an MX25R6435F", 8 * MIB, 48],
])("an erase of %s (%i bytes, %f ms a page) ends before the deadline", (_, bytes, pageMs) => {
  expect(eraseDeadlineMs(bytes)).toBeGreaterThan((bytes / 4096) * pageMs);
});

test("a slow flash that is known gets its own deadline", () => {
  expect(eraseDeadlineMs(6 * MIB, { pageMs: 480 })).toBe(20_000 + 1536 * 480);
});

/** A slot in a flash of 48 ms a page, behind a server with or without slot info. */
function slowBoard(slotBytes: number, slotInfo: boolean) {
  const store = new ArrayImageStore({ slotBytes });
  const eraseMs = (slotBytes / 4096) * 48;
  const erase = store.erase.bind(store);
  const bench = smpBench({ baudRate: 1_000_000, store, image: { slotInfo } });
  store.erase = async (slot) => {
    await sleep(bench.clock, eraseMs);
    await erase(slot);
  };
  return { ...bench, eraseMs };
}

describe.each([
  ["that says how large its slots are", true],
  ["that does not", false],
])("on a server %s", (_, slotInfo) => {
  test("a slot of 6 MiB, which takes 74 s, is erased once and answered for", async () => {
    const { client, clock, store, eraseMs } = slowBoard(6 * MIB, slotInfo);
    store.flash(1, plainImage({ version: [2, 0, 0], payloadBytes: 400 }).file);
    await client.imageErase();
    expect(eraseMs).toBeGreaterThan(70_000);
    expect(clock.nowUs()).toBeGreaterThan(eraseMs * 1000);
    expect(store.log).toEqual(["erase 1"]);
  });
});

test("an upload's first chunk waits for a server that erases a whole slot of 6 MiB for a small image", async () => {
  const { client, clock, store, eraseMs } = slowBoard(6 * MIB, false);
  const { file } = plainImage({ version: [2, 0, 0], payloadBytes: 400 });
  store.flash(1, plainImage({ version: [1, 5, 0], payloadBytes: 300 }).file);
  expect(await client.upload(file)).toMatchObject({ retries: 0, restarts: 0 });
  expect(clock.nowUs()).toBeGreaterThan(eraseMs * 1000);
});

test("an upload's first chunk waits for the erase of a 6 MiB image", async () => {
  const { client, store } = slowBoard(6 * MIB, true);
  const { file } = plainImage({ version: [2, 0, 0], payloadBytes: 400 });
  store.flash(1, file);
  const image = new Uint8Array(6 * MIB - 4096);
  image.set(file);
  const stop = new AbortController();
  const upload = client.upload(image, {
    signal: stop.signal,
    onProgress: () => stop.abort("the first chunk is there"),
  });
  await expect(upload).rejects.toBe("the first chunk is there");
  expect(store.log.filter((line) => line === "erase 1")).toEqual(["erase 1"]);
});
