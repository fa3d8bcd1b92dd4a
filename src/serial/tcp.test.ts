import { createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { Cleanup, hex, RealClock, textOf, utf8 } from "../core/index.ts";
import { openTcp } from "./tcp.ts";

const clock = new RealClock();
let cleanup = new Cleanup();
let server: Server;
let port = 0;
let peer: Promise<Socket>;
beforeEach(async () => {
  server = createServer();
  peer = new Promise((resolve) => server.once("connection", resolve));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  port = typeof address === "object" && address !== null ? address.port : 0;
  cleanup.add("server", () => server.close());
});
afterEach(async () => {
  await cleanup[Symbol.asyncDispose]();
  cleanup = new Cleanup();
});

test("bytes pass both ways as they are", async () => {
  const link = cleanup.use("link", await openTcp({ host: "127.0.0.1", port, clock }));
  const socket = await peer;
  const bytes = Uint8Array.from({ length: 256 }, (_, value) => value);
  const got = new Promise<Buffer>((resolve) => socket.once("data", resolve));
  await link.write(bytes);
  expect(hex(await got)).toBe(hex(bytes));
  socket.write("hello");
  for await (const chunk of link.chunks) {
    expect(textOf(chunk.bytes)).toBe("hello");
    break;
  }
});

test("a server that hangs up throws at the reader, and writes are refused", async () => {
  const link = cleanup.use("link", await openTcp({ host: "127.0.0.1", port, clock }));
  (await peer).destroy();
  const reading = async () => {
    for await (const chunk of link.chunks) expect(chunk).toBeUndefined();
  };
  await expect(reading()).rejects.toMatchObject({ kind: "bench", message: `tcp:127.0.0.1:${port} hung up.` });
  await expect(link.write(utf8("x"))).rejects.toThrow("hung up.");
});

test("a closed link ends its stream and refuses writes", async () => {
  const link = await openTcp({ host: "127.0.0.1", port, clock });
  await link[Symbol.asyncDispose]();
  for await (const chunk of link.chunks) expect(chunk).toBeUndefined();
  await expect(link.write(utf8("x"))).rejects.toThrow("is closed.");
  await link[Symbol.asyncDispose]();
});

test("nobody at the port is told so", async () => {
  await new Promise((resolve) => server.close(resolve));
  await expect(openTcp({ host: "127.0.0.1", port, clock })).rejects.toMatchObject({
    kind: "bench",
    message: `tcp:127.0.0.1:${port} does not open: nobody listens.`,
  });
});

test("a signal that came before opens nothing", async () => {
  const signal = AbortSignal.abort(new Error("no"));
  await expect(openTcp({ host: "127.0.0.1", port, clock, signal })).rejects.toThrow("no");
});
