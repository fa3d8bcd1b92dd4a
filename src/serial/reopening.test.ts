import { expect, test } from "@jest/globals";
import { BenchError, sleep, VirtualClock } from "../core/index.ts";
import { type MemoryLink, memoryLinks } from "./memory.ts";
import { ReopeningLink } from "./reopening.ts";

/** A port that is there or not, under a new path every time. */
async function bench(options: { readonly unaskedMs?: number } = {}) {
  const clock = new VirtualClock();
  const opened: MemoryLink[] = [];
  let away = false;
  const link = await ReopeningLink.open(
    async () => {
      if (away) throw new BenchError("no interface 2 of J-Link 1050611489.");
      const [host, device] = memoryLinks({ clock, names: [`/dev/ttyACM${opened.length}`, "board"] });
      opened.push(host);
      void device;
      return host;
    },
    { clock, ...options },
  );
  const text: string[] = [];
  const reading = (async () => {
    for await (const { bytes } of link.chunks) text.push(Buffer.from(bytes).toString());
  })();
  reading.catch(() => undefined);
  const setAway = (value: boolean) => {
    away = value;
  };
  return { clock, opened, link, text, reading, setAway };
}

test("a port that was to vanish is opened again under its new path, and reading goes on", async () => {
  const { clock, opened, link, text, setAway } = await bench();
  await opened[0]?.peer?.write(Buffer.from("before"));
  link.expectGone();
  setAway(true);
  opened[0]?.vanish();
  await sleep(clock, 10);
  await expect(link.write(Uint8Array.of(1))).rejects.toThrow("is away");
  const back = link.reopen(5_000);
  await sleep(clock, 450);
  setAway(false);
  await back;
  await opened[1]?.peer?.write(Buffer.from("after"));
  await sleep(clock, 10);
  expect(text).toEqual(["before", "after"]);
  await link.write(Uint8Array.of(1));
});

test("a port that vanishes unasked ends the link with its error, for good", async () => {
  const { clock, opened, link, reading } = await bench();
  opened[0]?.vanish();
  await expect(reading).rejects.toThrow("/dev/ttyACM0 vanished");
  await sleep(clock, 10);
  await expect(link.write(Uint8Array.of(1))).rejects.toThrow("vanished");
  await expect(link.reopen(1_000)).rejects.toThrow("vanished");
});

test("one that came back and vanishes again, unasked, ends it too", async () => {
  const { clock, opened, link, reading } = await bench();
  link.expectGone();
  opened[0]?.vanish();
  await sleep(clock, 10);
  await link.reopen(1_000);
  opened[1]?.vanish();
  await expect(reading).rejects.toThrow("/dev/ttyACM1 vanished");
});

test("a port that stays away is told with what was found last", async () => {
  const { clock, opened, link, setAway } = await bench();
  link.expectGone();
  setAway(true);
  opened[0]?.vanish();
  await sleep(clock, 10);
  await expect(link.reopen(1_000)).rejects.toThrow("waited 1000 ms for /dev/ttyACM0 to come back. no interface 2");
});

test("a port that never went is not opened twice", async () => {
  const { link, opened } = await bench();
  link.expectGone();
  await link.reopen(1_000);
  expect(opened).toHaveLength(1);
});

test("with a wait for it, a port that vanishes unasked is opened again, and writing waits for it", async () => {
  const { clock, opened, link, text, setAway } = await bench({ unaskedMs: 5_000 });
  setAway(true);
  opened[0]?.vanish();
  await sleep(clock, 10);
  let isReady = false;
  const writing = link.write(Buffer.from("more")).then(() => {
    isReady = true;
  });
  await sleep(clock, 1_000);
  expect([isReady, link.backAtUs]).toEqual([false, undefined]);
  setAway(false);
  await writing;
  expect(link.backAtUs).toBeGreaterThan(1_000_000);
  await opened[1]?.peer?.write(Buffer.from("after"));
  await sleep(clock, 10);
  expect(text).toEqual(["after"]);
});

test("with a wait for it, one that stays away ends the link with what was found last", async () => {
  const { clock, opened, link, reading, setAway } = await bench({ unaskedMs: 2_000 });
  setAway(true);
  opened[0]?.vanish();
  await sleep(clock, 10);
  const ready = expect(link.ready()).rejects.toThrow("vanished: waited 2000 ms");
  await expect(reading).rejects.toThrow("no interface 2 of J-Link");
  await ready;
  expect(link.hasEnded).toBe(true);
});

test("closing while it is waited for ends the wait", async () => {
  const { clock, opened, link, setAway } = await bench({ unaskedMs: 60_000 });
  setAway(true);
  opened[0]?.vanish();
  await sleep(clock, 10);
  await link[Symbol.asyncDispose]();
  await expect(link.write(Uint8Array.of(1))).rejects.toThrow("is closed");
});
