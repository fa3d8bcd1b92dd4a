import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "@jest/globals";
import { Cleanup, concat, hex, RealClock, sleep, utf8 } from "../core/index.ts";
import type { Link } from "./link.ts";
import { isNetworkName, networkPort, openNetworkPort } from "./network.ts";
import { serveTcp } from "./tcp-server.ts";

const clock = new RealClock();
let closing = new Cleanup();
afterEach(async () => {
  await closing[Symbol.asyncDispose]();
  closing = new Cleanup();
});

/** A served port and a client on it. */
async function served(kind: "tcp" | "rfc2217") {
  const device = closing.use("device", await serveTcp({ port: 0, clock, rfc2217: kind === "rfc2217" }));
  const address = { kind, host: "127.0.0.1", port: device.port } as const;
  const host = closing.use("host", await openNetworkPort(address, { baudRate: 115_200, clock }));
  return { device, host, address };
}

async function firstBytes({ chunks }: Pick<Link, "chunks">, count: number): Promise<string> {
  let found = new Uint8Array();
  for await (const { bytes } of chunks) {
    found = Uint8Array.from(concat(found, bytes));
    if (found.length >= count) return hex(found);
  }
  return hex(found);
}

describe.each(["tcp", "rfc2217"] as const)("a UART that is served over %s", (kind) => {
  test("carries every byte both ways", async () => {
    const { device, host } = await served(kind);
    const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    await host.write(all);
    expect(await firstBytes(device, 256)).toBe(hex(all));
    await device.write(all);
    expect(await firstBytes(host, 256)).toBe(hex(all));
  });

  test("takes the next client once the first has gone, and not before", async () => {
    const { device, host, address } = await served(kind);
    await host.write(utf8("a"));
    expect(await firstBytes(device, 1)).toBe("61");
    const second = openNetworkPort(address, { baudRate: 115_200, clock }).then(
      (link) => firstBytes(closing.use("second", link), 1),
      (error: unknown) => error,
    );
    await expect(second.then((end) => (end instanceof Error ? Promise.reject(end) : end))).rejects.toThrow("hung up");
    await host[Symbol.asyncDispose]();
    for (let tries = 0; tries < 50; tries += 1) {
      const third = await openNetworkPort(address, { baudRate: 115_200, clock }).catch(() => undefined);
      if (third === undefined) continue;
      closing.use("third", third);
      await third.write(utf8("b")).catch(() => undefined);
      await device.write(utf8("c"));
      if ((await firstBytes(third, 1).catch(() => "")) === "63") return;
    }
    throw new Error("no later client was taken");
  });
});

/** A client that says and hears bytes as they are, and hears none as long as it is paused. */
async function rawClient(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  closing.add("socket", () => void socket.destroy());
  socket.pause();
  await once(socket, "connect");
  return socket;
}

/** What `socket` hears until it has heard `end`; "" when it is hung up on before. */
function heardUntil(socket: Socket, end: Uint8Array): Promise<Buffer> {
  return new Promise((resolve) => {
    let bytes = Buffer.alloc(0);
    socket.on("data", (piece: Buffer) => {
      bytes = Buffer.concat([bytes, piece]);
      if (bytes.includes(Buffer.from(end))) resolve(bytes);
    });
    socket.on("close", () => resolve(Buffer.alloc(0)));
    socket.resume();
  });
}

const MEBIBYTE = 1_048_576;
/** IAC DO, and an option that no serial port has; IAC WONT is the answer. */
const [DO_TIMING_MARK, WONT_TIMING_MARK] = [Uint8Array.of(255, 253, 6), Uint8Array.of(255, 252, 6)];

describe("a client that never reads", () => {
  test("costs the device no more than a mebibyte and what is on the way; the rest of what it says is lost", async () => {
    const device = closing.use("device", await serveTcp({ port: 0, clock }));
    const client = await rawClient(device.port);
    client.write("a");
    await firstBytes(device, 1);
    const mebibyte = new Uint8Array(MEBIBYTE);
    for (let count = 0; count < 64; count += 1) await device.write(mebibyte);
    const heard = heardUntil(client, utf8("end"));
    const turn = async () => {
      await device.write(utf8("end"));
      await sleep(clock, 1);
      return undefined;
    };
    let all: Buffer | undefined;
    while (all === undefined) all = await Promise.race([turn(), heard]);
    const { length } = all;
    expect(length).toBeGreaterThan(0);
    expect(length).toBeLessThan(16 * MEBIBYTE);
  });

  test("is asked for nothing more while answers to it are unread, and is served once it reads", async () => {
    const device = closing.use("device", await serveTcp({ port: 0, clock, rfc2217: true }));
    const client = await rawClient(device.port);
    const asked = concat(...Array.from({ length: 16_384 }, () => DO_TIMING_MARK));
    const memoryMb = () => process.memoryUsage().external / MEBIBYTE;
    const before = memoryMb();
    for (let count = 0; count < 300; count += 1) client.write(Uint8Array.from(asked));
    client.write("a");
    for (let turn = 0; turn < 100; turn += 1) await sleep(clock, 1);
    // The client's own 14 MB wait in its socket: the server has not taken them all.
    expect(client.writableLength).toBeGreaterThan(0);
    expect(memoryMb() - before).toBeLessThan(100);
    client.resume();
    expect(await firstBytes(device, 1)).toBe("61");
  });
});

test("garbage before any negotiation is bytes for the device, and the negotiation after it is answered", async () => {
  const device = closing.use("device", await serveTcp({ port: 0, clock, rfc2217: true }));
  const client = await rawClient(device.port);
  const [noise, begin, long, end] = [
    Uint8Array.from({ length: 200 }, (_, at) => at),
    Uint8Array.of(255, 250, 44),
    new Uint8Array(MEBIBYTE).fill(0x41),
    Uint8Array.of(255, 240),
  ];
  const answered = heardUntil(client, WONT_TIMING_MARK);
  client.write(Uint8Array.from(concat(noise, begin, long, end, utf8("z"), DO_TIMING_MARK)));
  expect(await firstBytes(device, 201)).toBe(`${hex(noise)}7a`);
  // Of a setting without an end no more than its beginning is kept, and told back.
  expect((await answered).length).toBeLessThan(1_000);
});

test("a port that is taken is a failure of the bench", async () => {
  const { device } = await served("tcp");
  await expect(serveTcp({ port: device.port, clock })).rejects.toMatchObject({ kind: "bench" });
});

test.each([
  ["udp:10.0.0.7", { kind: "udp", host: "10.0.0.7", port: undefined }],
  ["udp:[fe80::1]:1400", { kind: "udp", host: "fe80::1", port: 1400 }],
  ["tcp:bench:3001", { kind: "tcp", host: "bench", port: 3001 }],
  ["rfc2217://bench:3001", { kind: "rfc2217", host: "bench", port: 3001 }],
  ["tcp:bench", undefined],
  ["tcp:bench:70000", undefined],
  ["rfc2217://a/b:1", undefined],
  ["/dev/ttyACM0", undefined],
])("%s names %j", (name, port) => {
  expect(networkPort(name)).toEqual(port);
  expect(isNetworkName(name)).toBe(!name.startsWith("/"));
});
