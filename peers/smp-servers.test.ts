import { readFileSync } from "node:fs";
import { afterEach, describe, expect, test } from "@jest/globals";
import { Cleanup, concat, fromHex, hex, RealClock, sleep } from "../src/core/index.ts";
import { openSerialPort, openTcp, Uart } from "../src/serial/index.ts";
import {
  type CborMap,
  ConsoleTransport,
  downloadFile,
  encodeHeader,
  encodeMap,
  osHandlers,
  RawTransport,
  SmpClient,
  SmpServer,
  SmpSession,
  type SmpTransport,
  shell,
  statisticsList,
  UdpTransport,
  uploadFile,
} from "../src/smp/index.ts";
import { M44_FACTS, smpBench } from "../src/smp/testing/bench.ts";
import { emulatedServer, missingFor, nativeServer } from "./smp-servers.ts";

const required = process.env["HIL_PEERS_SERVERS"] === "required";
const clock = new RealClock();
let closing = new Cleanup();
afterEach(async () => {
  await closing[Symbol.asyncDispose]();
  closing = new Cleanup();
});

/** A test that needs real servers; where they are missing the skip says what to do. */
function serverTest(kind: "native" | "qemu", name: string, body: () => Promise<void>): void {
  const missing = missingFor(kind);
  if (missing === undefined || required) test(name, body, 120_000);
  else test.skip(`${name}: ${missing}`, body);
}

function clientOn(transport: SmpTransport): SmpClient {
  return closing.use("client", new SmpClient(new SmpSession(transport, { clock, timeoutMs: 500 })));
}

async function native(build: string, carry: "console" | "raw" = "console"): Promise<SmpClient> {
  const { path } = closing.use("server", await nativeServer(build, clock));
  const link = await openSerialPort(path, { baudRate: 115_200, clock });
  const uart = closing.use("uart", Uart.open(link, { clock }));
  return clientOn(carry === "raw" ? new RawTransport(uart, { clock }) : new ConsoleTransport(uart, { clock }));
}

describe("our client against Zephyr 4.4 itself", () => {
  serverTest("native", "a UART with large line buffers takes the largest packet there is", async () => {
    const client = await native("serial_bigrx");
    expect(await client.params()).toEqual({ bufferBytes: 384, bufferCount: 4, known: true });
    // 380 bytes of packet, and an answer of one byte more.
    const text = "x".repeat(380 - 8 - 1 - 2 - 3);
    expect(await client.echo(text)).toBe(text);
    expect(await client.osInfo("sv")).toBe("Zephyr 4.4.0");
  });

  serverTest("native", "a UART of two line buffers is found out and paced", async () => {
    const client = await native("serial");
    const text = "y".repeat(300);
    expect(await client.echo(text)).toBe(text);
    expect(await client.echo(text)).toBe(text);
    expect(await client.echo(text)).toBe(text);
  });

  serverTest("native", "buffers of 96 and of 2048 bytes", async () => {
    for (const [build, bufferBytes] of [
      ["serial_buf96", 96],
      ["serial_buf2048", 2_048],
    ] as const) {
      const client = await native(build);
      expect((await client.params()).bufferBytes).toBe(bufferBytes);
      const text = "z".repeat(bufferBytes - 24);
      expect(await client.echo(text)).toBe(text);
    }
  });

  serverTest("native", "a build without parameters", async () => {
    const client = await native("serial_noparams");
    expect(await client.params()).toEqual({ bufferBytes: 256, bufferCount: 1, known: false });
  });

  serverTest("native", "a shell on the same UART, also after a stray half of a marker", async () => {
    const client = await native("shell");
    expect(await client.echo("hello")).toBe("hello");
    await (client.session.transport as ConsoleTransport).resynchronise(1);
    expect(await client.echo("again")).toBe("again");
  });

  serverTest("native", "packets without frames", async () => {
    const client = await native("serial_raw", "raw");
    expect(await client.echo("hello")).toBe("hello");
    expect(await client.session.request(shell, { argv: ["kernel version"] })).toMatchObject({ ret: 0 });
  });

  serverTest("native", "UDP", async () => {
    closing.use("server", await nativeServer("udp", clock));
    const client = clientOn(await UdpTransport.open({ host: "127.0.0.1", clock }));
    expect((await client.params()).bufferBytes).toBe(2_048);
    expect((await client.session.request(statisticsList, {})).stat_list).toContain("smp_svr_stats");
  });

  serverTest("native", "a file there and back", async () => {
    const client = await native("serial_fs");
    const bytes = Uint8Array.from({ length: 5_000 }, (_, index) => (index * 7) & 0xff);
    await uploadFile(client.session, "/lfs1/f", bytes, 1_020);
    expect(hex(await downloadFile(client.session, "/lfs1/f"))).toBe(hex(bytes));
    await expect(downloadFile(client.session, "/lfs1/none")).rejects.toMatchObject({
      refusal: { name: "FILE_NOT_FOUND" },
    });
  });

  serverTest("qemu", "an upload to Zephyr over MCUboot, then MCUboot's serial recovery", async () => {
    const { path, port } = closing.use("server", await emulatedServer("buf1024", clock));
    await sleep(clock, 3_000);
    const uart = closing.use("uart", Uart.open(await openTcp({ host: "127.0.0.1", port, clock }), { clock }));
    const client = closing.use("client", SmpClient.onUart(uart, { clock }));
    const image = Uint8Array.from(readFileSync(path));
    const before = await client.imageState();
    expect(before.images).toMatchObject([{ slot: 0, active: true, confirmed: true }]);
    expect(await client.upload(image)).toMatchObject({ totalBytes: image.length, restarts: 0, retries: 0 });
    const after = await client.imageState();
    expect(after.images.map((entry) => entry.hash && hex(entry.hash))).toEqual(
      Array.from({ length: 2 }, () => hex(before.images[0]?.hash ?? new Uint8Array())),
    );
    await client.reset({ bootMode: 1 });
    await sleep(clock, 3_000);
    await expect(client.imageErase()).rejects.toMatchObject({ refusal: { name: "ENOTSUP" } });
    // Recovery is built without flags here, and lists what passes the full check: the copy in slot 1 too.
    expect((await client.imageState()).images).toMatchObject([
      { slot: 0, active: false },
      { slot: 1, active: false },
    ]);
  });
});

function request(
  fields: { op?: number; version?: number; group?: number; id?: number; length?: number },
  body: CborMap | string,
) {
  const payload = typeof body === "string" ? fromHex(body) : encodeMap(body);
  const { op = 2, version = 1, group = 0, id = 0, length = payload.length } = fields;
  return concat(encodeHeader({ op, version, reserved: 0, flags: 0, length, group, sequence: 7, id }), payload);
}

/**
 * Requests of every odd kind: both servers answer each alike, or both keep silent. Known to differ and left out: text
 * that is not UTF-8, which Zephyr echoes as it is and we with replacement characters.
 */
const BATTERY: readonly (readonly [string, Uint8Array])[] = [
  ...[0, 1, 2, 3].flatMap((version) =>
    Array.from(
      { length: 8 },
      (_, op) => [`op ${op}, version ${version}`, request({ op, version }, { d: "x" })] as const,
    ),
  ),
  ...[0, 1].flatMap((version) => [
    [`an unknown group, version ${version}`, request({ version, group: 77 }, {})] as const,
    [`an unknown command, version ${version}`, request({ version, id: 99 }, {})] as const,
    [`info of a bad letter, version ${version}`, request({ op: 0, version, id: 7 }, { format: "Z" })] as const,
    [`info of all, version ${version}`, request({ op: 0, version, id: 7 }, { format: "snrvmpio" })] as const,
    [`parameters as a write, version ${version}`, request({ version, id: 6 }, {})] as const,
    [`console echo, version ${version}`, request({ version, id: 1 }, { echo: 0 })] as const,
  ]),
  ["no payload for parameters", request({ op: 0, id: 6 }, "")],
  ["no payload for info", request({ op: 0, id: 7 }, "")],
  ["no payload for an echo", request({}, "")],
  ["an echo without text", request({}, {})],
  ["an echo of bytes", request({}, { d: Uint8Array.of(1) })],
  ["an echo of null", request({}, { d: null })],
  ["an echo of a number", request({}, { d: 5 })],
  ["an indefinite map", request({}, "bf61646178ff")],
  ["an indefinite text", request({}, "a161647f6178ff")],
  ["a key twice", request({}, "a26164617861646179")],
  ["unknown keys before and after", request({}, "a3617801616461786179820102")],
  ["a nested unknown value", request({}, "a2617aa1616282030461646178")],
  ["bytes after the map", request({}, "a161646178ffff")],
  ["a map cut off", request({}, "a1616463")],
  ["no map", request({}, "05")],
  ["a list", request({}, "816164")],
  ["a header that promises more", request({ length: 60 }, { d: "x" })],
  ["a header that promises less", request({ length: 2 }, { d: "x" })],
  ["two messages in one packet", concat(request({}, { d: "a" }), request({}, { d: "b" }))],
  ["reserved bits and flags", concat(fromHex("eaff"), request({}, { d: "x" }).slice(2))],
  ["a text beyond ASCII", request({}, { d: "grüße ✓ 😀" })],
  ["an empty text", request({}, { d: "" })],
];

describe("our server against Zephyr 4.4 itself", () => {
  serverTest("native", `answers ${BATTERY.length} odd requests byte for byte as Zephyr does`, async () => {
    const { path } = closing.use("server", await nativeServer("serial_bigrx", clock));
    const link = await openSerialPort(path, { baudRate: 115_200, clock });
    const theirs = new ConsoleTransport(closing.use("uart", Uart.open(link, { clock })), { clock });
    const bench = smpBench({ clock, baudRate: 1_000_000 });
    closing.use("ours", bench.server);
    const facts = { ...M44_FACTS, bufferBytes: 384, bufferCount: 4, reset: () => undefined };
    const { bootloaderInfo: _, ...handlers } = osHandlers(facts);
    await bench.server[Symbol.asyncDispose]();
    closing.use("ours", new SmpServer({ transport: bench.transport, handlers }));
    const answers = async (transport: SmpTransport, packet: Uint8Array) => {
      const found: string[] = [];
      const stop = transport.onPacket(({ bytes }) => found.push(hex(bytes)));
      await transport.send(packet);
      await sleep(clock, 40);
      stop();
      return found;
    };
    const differences: string[] = [];
    for (const [name, packet] of BATTERY) {
      const [zephyr, we] = [await answers(theirs, packet), await answers(bench.session.transport, packet)];
      if (zephyr.join() !== we.join())
        differences.push(`${name}: ${hex(packet)}\n  Zephyr ${zephyr.join()}\n  we     ${we.join()}`);
    }
    expect(differences).toEqual([]);
  });
});
