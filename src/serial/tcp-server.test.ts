import { afterEach, describe, expect, test } from "@jest/globals";
import { Cleanup, concat, hex, RealClock, utf8 } from "../core/index.ts";
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
