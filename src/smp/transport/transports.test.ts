import { createSocket } from "node:dgram";
import { describe, expect, test } from "@jest/globals";
import { Cleanup, concat, equalBytes, hex, RealClock, sleep, VirtualClock } from "../../core/index.ts";
import { memoryLinks, Uart } from "../../serial/index.ts";
import { SmpClient } from "../client/client.ts";
import { SmpSession } from "../client/session.ts";
import { imageHandlers } from "../server/image-server.ts";
import { osHandlers } from "../server/os-server.ts";
import { SmpServer } from "../server/server.ts";
import { ArrayImageStore, plainImage } from "../testing/array-store.ts";
import { M44_FACTS } from "../testing/bench.ts";
import { dumped } from "../testing/dumps.ts";
import { RawTransport } from "./raw-transport.ts";
import { UdpTransport } from "./udp-transport.ts";

const IMAGE = plainImage({ version: [2, 0, 0], payloadBytes: 3_000 });

describe("a UART of its own, without frames", () => {
  function raw() {
    const clock = new VirtualClock();
    const [hostLink, boardLink] = memoryLinks({ clock, baudRate: 115_200, names: ["VCOM1", "board"] });
    const store = new ArrayImageStore({ slotBytes: 16_384 });
    const transport = new RawTransport(Uart.open(boardLink, { clock }), { clock, packetBytesMax: 384 });
    const facts = { ...M44_FACTS, bufferBytes: 384, bufferCount: 4, reset: () => undefined };
    const server = new SmpServer({ transport, handlers: { ...osHandlers(facts), ...imageHandlers(store) } });
    const host = new RawTransport(Uart.open(hostLink, { clock }), { clock });
    const client = new SmpClient(new SmpSession(host, { clock }));
    return { clock, hostLink, boardLink, store, server, transport, host, client };
  }

  test("carries an upload in packets of the whole buffer", async () => {
    const { client, store } = raw();
    const sizes: number[] = [];
    client.session.onExchange((exchange) => exchange.kind === "request" && sizes.push(exchange.packet.length));
    await client.upload(IMAGE.file);
    expect(Math.max(...sizes)).toBe(384);
    expect(equalBytes(store.bytes(1).subarray(0, IMAGE.file.length), IMAGE.file)).toBe(true);
  });

  test("finds packets that come byte by byte, or two at once", async () => {
    const { clock, hostLink, transport } = raw();
    const packets: string[] = [];
    transport.onPacket((packet) => packets.push(hex(packet.bytes)));
    for (const byte of dumped(1, ">")) await hostLink.write(Uint8Array.of(byte));
    await hostLink.write(concat(dumped(3, ">"), dumped(1, ">")));
    await sleep(clock, 10);
    expect(packets).toEqual([hex(dumped(1, ">")), hex(dumped(3, ">")), hex(dumped(1, ">"))]);
  });

  test("passes over bytes that begin no packet", async () => {
    const { client, boardLink, host } = raw();
    await boardLink.write(Uint8Array.of(0xff, 0xff, 0x55));
    expect(await client.echo("x")).toBe("x");
    expect(host.skippedBytes).toBe(3);
  });

  test("waits three seconds after half a packet, and the next request is answered", async () => {
    const { client, clock, hostLink } = raw();
    await hostLink.write(dumped(1, ">").slice(0, 12));
    expect(await client.echo("x")).toBe("x");
    expect(clock.nowUs()).toBeGreaterThan(6_000_000);
  });

  test("says how much of an answer came", async () => {
    const { client, server, boardLink, clock } = raw();
    await server[Symbol.asyncDispose]();
    const refused = expect(client.reset()).rejects.toThrow("6 bytes of an answer came, and no more.");
    await sleep(clock, 50);
    await boardLink.write(dumped(1, "<").slice(0, 6));
    await refused;
  });
});

describe("UDP", () => {
  /** A board that answers each datagram by its function. */
  async function board(answer: (bytes: Uint8Array) => Uint8Array | undefined) {
    const closing = new Cleanup();
    const socket = createSocket("udp4");
    await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
    closing.add("socket", () => new Promise<void>((resolve) => socket.close(() => resolve())));
    socket.on("message", (bytes, from) => {
      const reply = answer(bytes);
      if (reply) socket.send(reply, from.port, from.address);
    });
    const clock = new RealClock();
    const transport = await UdpTransport.open({ host: "127.0.0.1", port: socket.address().port, clock });
    const client = closing.use("client", new SmpClient(new SmpSession(transport, { clock, firstSequence: 0x42 })));
    return { client, transport, socket, closing };
  }

  test("carries one packet a datagram", async () => {
    const { client, closing } = await board((bytes) =>
      equalBytes(bytes, dumped(1, ">")) ? dumped(1, "<") : undefined,
    );
    await using _ = closing;
    expect(await client.echo("hello")).toBe("hello");
  });

  test("is bounded by the MTU, and a closed one refuses", async () => {
    const { client, transport, closing } = await board(() => undefined);
    await using _ = closing;
    expect(transport.packetBytesMax).toBe(1_472);
    await client[Symbol.asyncDispose]();
    await expect(client.echo("x")).rejects.toThrow("is closed.");
    await expect(transport.send(new Uint8Array(8))).rejects.toThrow("is closed.");
  });

  test("says when nobody listens", async () => {
    const { client, socket, closing } = await board(() => undefined);
    await using _ = closing;
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.close();
    await closed;
    socket.close = ((done?: () => void) => done?.()) as never;
    const refused = client.session.request({ ...echoOnce, retries: 1 }, {}, { timeoutMs: 50 });
    await expect(refused).rejects.toThrow("nobody listens on this port");
  });

  test("a host that has no address is told so", async () => {
    const opening = UdpTransport.open({ host: "no-such-host.invalid", clock: new RealClock() });
    await expect(opening).rejects.toThrow("udp:no-such-host.invalid:1337 does not open: no host of this name.");
  });
});

const echoOnce = { name: "echo", group: 0, id: 0, op: "either", request: {}, response: {}, source: "test" } as const;
