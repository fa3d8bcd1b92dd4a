import { afterEach, expect, jest, test } from "@jest/globals";
import { Cleanup, concat, hex, RealClock, utf8, within } from "../core/index.ts";
import type { Link } from "./link.ts";
import { openSerialPort } from "./port.ts";
import { nodePty, openPty } from "./pty.ts";

const clock = new RealClock();
let cleanup = new Cleanup();
afterEach(async () => {
  await cleanup[Symbol.asyncDispose]();
  cleanup = new Cleanup();
});

async function pair() {
  const { link, path } = await openPty({ clock });
  cleanup.use("pty", link);
  return { device: link, path };
}

async function open(path: string, baudRate = 1_000_000): Promise<Link> {
  return cleanup.use("port", await openSerialPort(path, { baudRate, clock }));
}

/** Reads until `count` bytes are there. */
async function read(link: Link, count: number): Promise<Uint8Array> {
  let bytes = new Uint8Array();
  await within(clock, 5_000, `${count} bytes on ${link.name}`, async () => {
    for await (const chunk of link.chunks) {
      bytes = Uint8Array.from(concat(bytes, chunk.bytes));
      if (bytes.length >= count) return;
    }
  });
  return bytes;
}

const EVERY_BYTE = Uint8Array.from({ length: 256 }, (_, value) => value);

test("every byte value passes untouched from the device to a serial port at 1,000,000 baud", async () => {
  const { device, path } = await pair();
  const port = await open(path);
  await device.write(EVERY_BYTE);
  expect(hex(await read(port, 256))).toBe(hex(EVERY_BYTE));
});

test("every byte value passes untouched from a serial port to the device", async () => {
  const { device, path } = await pair();
  const port = await open(path);
  await port.write(EVERY_BYTE);
  expect(hex(await read(device, 256))).toBe(hex(EVERY_BYTE));
});

test("a reply by reflex gives its processor to whoever carries the bytes, for less than a millisecond; no other write does", async () => {
  const { device, path } = await pair();
  const port = await open(path);
  const sleeps = jest.spyOn(Atomics, "wait");
  try {
    await port.write(utf8("first"));
    expect(sleeps).not.toHaveBeenCalled();
    port.replyTo?.(utf8("answer\n"), utf8("next"));
    await device.write(utf8("answer\n"));
    expect(hex(await read(device, 9))).toBe(hex(utf8("firstnext")));
    expect(sleeps.mock.calls.map(([, , , ms = 1]) => ms < 1)).toEqual([true]);
  } finally {
    sleeps.mockRestore();
  }
});

test("control bytes written before any client has opened the port come back as no echo", async () => {
  const { device, path } = await pair();
  await device.write(Uint8Array.of(0x03, 0x04, 0x0d, 0x11, 0x13));
  const port = await open(path);
  await port.write(utf8("first"));
  expect(hex(await read(device, 5))).toBe(hex(utf8("first")));
});

test("a client that opens late starts with what comes then, and a full line drops, counted", async () => {
  const { device, path } = await pair();
  await device.write(new Uint8Array(200_000));
  expect(device.droppedBytes).toBeGreaterThan(100_000);
  const port = await open(path);
  await device.write(utf8("now"));
  expect(hex(await read(port, 3))).toBe(hex(utf8("now")));
});

test("100,000 bytes reach a client that reads, none dropped and in order", async () => {
  const { device, path } = await pair();
  const port = await open(path);
  const sent = Uint8Array.from({ length: 100_000 }, (_, index) => (index * 7) & 0xff);
  const [, got] = await Promise.all([device.write(sent), read(port, sent.length)]);
  expect(Buffer.compare(got, sent)).toBe(0);
  expect(device.droppedBytes).toBe(0);
});

test("clients come and go on one path", async () => {
  const { device, path } = await pair();
  for (const text of ["one", "two"]) {
    const port = await openSerialPort(path, { baudRate: 115_200, clock });
    await port.write(utf8(text));
    expect(hex(await read(device, 3))).toBe(hex(utf8(text)));
    await port[Symbol.asyncDispose]();
  }
});

test("a second client is told who has the port", async () => {
  const { path } = await pair();
  await open(path);
  await expect(openSerialPort(path, { baudRate: 115_200, clock })).rejects.toMatchObject({
    kind: "bench",
    message: `port ${path} is taken by this program (pid ${process.pid}).`,
  });
});

test("a port whose device goes away throws at its reader, and refuses writes", async () => {
  const { device, path } = await pair();
  const port = await open(path);
  const reading = expect(read(port, 1)).rejects.toMatchObject({
    kind: "bench",
    message: expect.stringContaining("vanished while it was in use"),
  });
  await device[Symbol.asyncDispose]();
  await reading;
  await expect(port.write(utf8("x"))).rejects.toMatchObject({ kind: "bench" });
});

test("closing a port ends its stream and refuses writes", async () => {
  const { path } = await pair();
  const port = await openSerialPort(path, { baudRate: 115_200, clock });
  const reading = read(port, 1);
  await port[Symbol.asyncDispose]();
  expect(await reading).toHaveLength(0);
  await expect(port.write(utf8("x"))).rejects.toThrow("is closed.");
});

test("closing a pseudo-terminal ends its stream and takes its path away", async () => {
  const { link, path } = await openPty({ clock, name: "twin UART0" });
  const reading = read(link, 1);
  await link[Symbol.asyncDispose]();
  expect(await reading).toHaveLength(0);
  await expect(link.write(utf8("x"))).rejects.toThrow("twin UART0 is closed.");
  await expect(openSerialPort(path, { baudRate: 115_200, clock })).rejects.toThrow(`no port ${path}.`);
});

test("where node-pty was not installed, the error says how to, and what does without", async () => {
  await expect(nodePty("@lydell/no-such-pty")).rejects.toMatchObject({
    kind: "bench",
    message: expect.stringMatching(/^pseudo-terminals need the library @lydell\/no-such-pty, which cannot be loaded: /),
    hint: "Run `npm install @lydell/no-such-pty` beside mcuboot-hil, or use a TCP link instead.",
  });
});
