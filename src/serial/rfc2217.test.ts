import { createServer, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { Cleanup, concat, hex, RealClock } from "../core/index.ts";
import { openRfc2217 } from "./rfc2217.ts";
import { COMMAND, OPTION, TelnetDecoder, type TelnetEvent, telnetEscape, telnetNegotiation } from "./telnet.ts";

const clock = new RealClock();
let closing = new Cleanup();
afterEach(async () => {
  await closing[Symbol.asyncDispose]();
  closing = new Cleanup();
});

/** A server of RFC 2217 on loopback that writes down what it is told. @param script its answers. */
async function terminalServer(script: { comPort?: boolean; baudRate?: number } = {}) {
  const told: string[] = [];
  const sockets: Socket[] = [];
  let received = new Uint8Array();
  const server = createServer((socket) => {
    sockets.push(socket);
    const decoder = new TelnetDecoder();
    socket.on("error", () => undefined);
    const answer = (event: TelnetEvent) => {
      if (event.kind === "negotiation") {
        const verb = script.comPort === false ? COMMAND.dont : COMMAND.do;
        if (event.verb === COMMAND.will) socket.write(Uint8Array.of(COMMAND.iac, verb, event.option));
        else if (event.verb !== COMMAND.do) told.push(`verb ${event.verb} ${event.option}`);
        return;
      }
      told.push(hex(event.value));
      const [command = 0, ...value] = event.value;
      const rate = new Uint8Array(4);
      new DataView(rate.buffer).setUint32(0, script.baudRate ?? 0);
      const said = command === 1 && script.baudRate !== undefined ? [...rate] : value;
      socket.write(telnetNegotiation(OPTION.comPort, Uint8Array.of(command + 100, ...said)));
    };
    socket.on("data", (bytes: Uint8Array) => {
      const { data, events } = decoder.feed(bytes);
      received = Uint8Array.from(concat(received, data));
      for (const event of events) answer(event);
      if (data.length > 0) socket.write(telnetEscape(data));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.add("server", async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  return { port, told, sockets, received: () => received };
}

describe("a port behind RFC 2217", () => {
  test("is set to its baud rate, 8N1, flow control and control lines", async () => {
    const { port, told } = await terminalServer();
    const lines = { dtr: true, rts: false, hardwareFlowControl: true };
    const link = await openRfc2217({ host: "127.0.0.1", port, baudRate: 1_000_000, clock, ...lines });
    await link.write(Uint8Array.of(1));
    await link.chunks[Symbol.asyncIterator]().next();
    await link[Symbol.asyncDispose]();
    expect(told).toEqual(["01000f4240", "0208", "0301", "0401", "0503", "0508", "050c"]);
  });

  test("carries every byte both ways, 255 and line ends among them", async () => {
    const { port, received } = await terminalServer();
    const link = await openRfc2217({ host: "127.0.0.1", port, baudRate: 115_200, clock });
    closing.use("link", link);
    const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    await link.write(all);
    let back = new Uint8Array();
    for await (const { bytes } of link.chunks) {
      back = Uint8Array.from(concat(back, bytes));
      if (back.length >= 256) break;
    }
    expect([hex(back), hex(received())]).toEqual([hex(all), hex(all)]);
  });

  test("refuses what a server offers besides", async () => {
    const { port, told, sockets } = await terminalServer();
    const link = await openRfc2217({ host: "127.0.0.1", port, baudRate: 115_200, clock });
    closing.use("link", link);
    sockets[0]?.write(Uint8Array.of(COMMAND.iac, COMMAND.will, 1, COMMAND.iac, COMMAND.do, 24, 0x41));
    await link.chunks[Symbol.asyncIterator]().next();
    await link.write(Uint8Array.of(2));
    await link.chunks[Symbol.asyncIterator]().next();
    expect(told.slice(-2)).toEqual([`verb ${COMMAND.dont} 1`, `verb ${COMMAND.wont} 24`]);
  });

  test("that works at another baud rate is not taken", async () => {
    const { port } = await terminalServer({ baudRate: 9_600 });
    const opening = openRfc2217({ host: "127.0.0.1", port, baudRate: 1_000_000, clock });
    await expect(opening).rejects.toMatchObject({ kind: "bench", message: /works at 9600 baud, not at 1000000/ });
  });

  test("of a server that knows no control of ports is named as such", async () => {
    const { port } = await terminalServer({ comPort: false });
    const opening = openRfc2217({ host: "127.0.0.1", port, baudRate: 115_200, clock });
    await expect(opening).rejects.toMatchObject({ kind: "bench", message: /does not speak RFC 2217/ });
  });

  test("that hangs up ends with an error", async () => {
    const { port, sockets } = await terminalServer();
    const link = await openRfc2217({ host: "127.0.0.1", port, baudRate: 115_200, clock });
    closing.use("link", link);
    sockets[0]?.destroy();
    await expect(link.chunks[Symbol.asyncIterator]().next()).rejects.toMatchObject({ kind: "bench" });
  });
});

test("any bytes come back out of telnet, in pieces of any size, and so does what is negotiated between them", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.uint8Array({ maxLength: 40 }), fc.nat(12), (data, value, cut) => {
      const stream = concat(telnetEscape(data), telnetNegotiation(OPTION.comPort, value), telnetEscape(data));
      const decoder = new TelnetDecoder();
      let out = new Uint8Array();
      const events: TelnetEvent[] = [];
      for (let at = 0; at < stream.length; at += cut + 1) {
        const fed = decoder.feed(stream.subarray(at, at + cut + 1));
        out = Uint8Array.from(concat(out, fed.data));
        events.push(...fed.events);
      }
      expect(hex(out)).toBe(hex(concat(data, data)));
      expect(events).toEqual([{ kind: "subnegotiation", option: OPTION.comPort, value }]);
    }),
  );
});
