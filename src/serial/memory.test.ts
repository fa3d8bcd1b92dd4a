import { expect, test } from "@jest/globals";
import { textOf, utf8, VirtualClock } from "../core/index.ts";
import type { Link } from "./link.ts";
import { lineTimeUs, memoryLinks } from "./memory.ts";

async function collect(link: Link, into: string[]): Promise<void> {
  for await (const chunk of link.chunks) into.push(`${textOf(chunk.bytes)}@${chunk.atUs}`);
}

test("a byte takes ten bit times, rounded up", () => {
  expect([lineTimeUs(1, 115_200), lineTimeUs(100, 1_000_000)]).toEqual([87, 1000]);
});

test("writes at once queue on the line, in order, at the speed of the line", async () => {
  const clock = new VirtualClock({ auto: false });
  const [host, device] = memoryLinks({ clock, baudRate: 1_000_000 });
  const seen: string[] = [];
  void collect(device, seen);
  void host.write(utf8("aa"));
  void host.write(utf8("bbb"));
  await clock.advance(1);
  expect(seen).toEqual(["aa@20", "bbb@50"]);
});

test("both directions run at once", async () => {
  const clock = new VirtualClock({ auto: false });
  const [host, device] = memoryLinks({ clock, baudRate: 1_000_000 });
  const seen: string[] = [];
  void collect(device, seen);
  void collect(host, seen);
  void host.write(utf8("a"));
  void device.write(utf8("b"));
  await clock.advance(1);
  expect(seen.sort()).toEqual(["a@10", "b@10"]);
});

test("bytes changed after the write do not change what was sent", async () => {
  const clock = new VirtualClock({ auto: false });
  const [host, device] = memoryLinks({ clock });
  const seen: string[] = [];
  void collect(device, seen);
  const bytes = utf8("abc");
  void host.write(bytes);
  bytes.fill(0x7a);
  await clock.advance(1);
  expect(seen).toEqual(["abc@0"]);
});

test("giving up a write takes back the wait and not the bytes", async () => {
  const clock = new VirtualClock({ auto: false });
  const [host, device] = memoryLinks({ clock, baudRate: 10_000 });
  const seen: string[] = [];
  void collect(device, seen);
  const stop = new AbortController();
  const refused = expect(host.write(utf8("abc"), stop.signal)).rejects.toThrow("enough");
  stop.abort(new Error("enough"));
  await refused;
  await clock.advance(10);
  expect(seen).toEqual(["abc@3000"]);
});

test("a closed end takes no more writes and ends its stream", async () => {
  const clock = new VirtualClock({ auto: false });
  const [host] = memoryLinks({ clock, names: ["VCOM1", "board"] });
  const reading = collect(host, []);
  await host[Symbol.asyncDispose]();
  await reading;
  await expect(host.write(utf8("x"))).rejects.toThrow("VCOM1 is closed.");
});

test("an end that vanishes throws at its reader", async () => {
  const clock = new VirtualClock({ auto: false });
  const [host] = memoryLinks({ clock });
  const reading = collect(host, []);
  host.vanish();
  await expect(reading).rejects.toThrow("host vanished.");
});
