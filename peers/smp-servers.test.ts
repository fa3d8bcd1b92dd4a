import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterEach, describe, expect, test } from "@jest/globals";
import { Cleanup, concat, fromHex, hex, RealClock, sleep } from "../src/core/index.ts";
import { parseImage, tlvsOf } from "../src/image/index.ts";
import { openSerialPort, openTcp, Uart } from "../src/serial/index.ts";
import {
  type CborMap,
  ConsoleTransport,
  downloadFile,
  imageHandlers,
  osHandlers,
  RawTransport,
  SmpClient,
  SmpSession,
  type SmpTransport,
  shell,
  statisticsList,
  UdpTransport,
  uploadFile,
} from "../src/smp/index.ts";
import { ArrayImageStore } from "../src/smp/testing/array-store.ts";
import { M44_FACTS, smpBench } from "../src/smp/testing/bench.ts";
import { compare, ODD_VALUES, request } from "./smp-compare.ts";
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
    const { path, port } = closing.use("server", await emulatedServer("mps2 direct XIP", clock));
    await sleep(clock, 3_000);
    const uart = closing.use("uart", Uart.open(await openTcp({ host: "127.0.0.1", port, clock }), { clock }));
    const client = closing.use("client", SmpClient.onUart(uart, { clock }));
    const image = Uint8Array.from(readFileSync(path));
    const before = await client.imageState();
    expect(before.images).toMatchObject([{ slot: 0, active: true, confirmed: true }]);
    // No word of retries: an emulator that gets no processor time answers late.
    expect(await client.upload(image)).toMatchObject({ totalBytes: image.length, restarts: 0 });
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
  ...ODD_VALUES.map(([name, value]) => [`an unknown key with ${name}`, request({}, `a26178${value}61646178`)] as const),
  ["an unknown key twice", request({}, "a361780161780261646178")],
  ["a number for a key", request({}, "a2010261646178")],
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

/** Requests of the image group, in an order that matters: one server's state follows the other's. */
function imageBattery(image: Uint8Array): readonly (readonly [string, Uint8Array])[] {
  const bytes = (from: number, count: number) => image.subarray(from, from + count);
  const sha = createHash("sha256").update(image).digest();
  const both = (name: string, fields: object, body: CborMap | string) =>
    [0, 1].map(
      (version) => [`${name}, version ${version + 1}`, request({ group: 1, ...fields, version }, body)] as const,
    );
  const list = both("list", { op: 0, id: 0 }, {});
  const upload = (name: string, body: CborMap) => both(`upload: ${name}`, { id: 1 }, body);
  const state = (name: string, body: CborMap) => both(`state: ${name}`, { id: 0 }, body);
  const begin = { off: 0, len: image.length, sha: Uint8Array.from(sha) };
  const hash = hashTlv(image);
  return [
    ...list,
    ...upload("nothing", {}),
    ...upload("no offset", { data: bytes(0, 64), len: 100 }),
    ...upload("no length", { off: 0, data: bytes(0, 64) }),
    ...upload("31 bytes", { ...begin, data: bytes(0, 31) }),
    ...upload("no data", begin),
    ...upload("no magic", { ...begin, data: new Uint8Array(64) }),
    ...upload("a hash of 33 bytes", { ...begin, sha: new Uint8Array(33), data: bytes(0, 64) }),
    ...upload("too large", { ...begin, len: 600_000, data: bytes(0, 64) }),
    ...upload("an upgrade to what runs", { ...begin, upgrade: true, data: bytes(0, 64) }),
    ...upload("in the middle of nothing", { off: 64, data: bytes(64, 64) }),
    ...upload("data past the end", { off: 0, len: 40, data: bytes(0, 64) }),
    ...upload("the beginning", { ...begin, data: bytes(0, 64) }),
    ...upload("the same beginning", { ...begin, data: bytes(0, 32) }),
    ...upload("the same with another length", { ...begin, len: 7_777, data: bytes(0, 32) }),
    ...upload("too early", { off: 500, data: bytes(0, 16) }),
    ...upload("again", { off: 0, data: bytes(0, 64), len: image.length, sha: begin.sha, image: 1 }),
    ...upload("no bytes", { off: 64, data: new Uint8Array() }),
    ...upload("no data at all", { off: 64 }),
    ...upload("the next", { off: 64, data: bytes(64, 100) }),
    ...upload("text as data", { off: 164, data: "text" }),
    ...upload("after a body of nonsense", { off: 164, data: bytes(164, 10) }),
    ...upload("beyond the end", { off: 174, data: bytes(0, 300), len: 5 }),
    ...upload("a short one", { off: 0, len: 100, data: bytes(0, 64) }),
    ...upload("more than that", { off: 64, data: bytes(64, 100) }),
    ...upload("a new one without a hash", { off: 0, len: 1_000, data: bytes(0, 200) }),
    ...upload("another hash", { ...begin, sha: new Uint8Array(32), data: bytes(0, 50) }),
    ...list,
    ...both("erase slot 0", { id: 5 }, { slot: 0 }),
    ...both("erase slot 9", { id: 5 }, { slot: 9 }),
    ...both("erase slot 1", { id: 5 }, { slot: 1 }),
    ...both("erase", { id: 5 }, {}),
    ...upload("after an erase", { off: 50, data: bytes(0, 10) }),
    ...state("nothing", {}),
    ...state("confirm false", { confirm: false }),
    ...state("confirm", { confirm: true }),
    ...state("empty hash", { hash: new Uint8Array(), confirm: true }),
    ...state("null hash", { hash: null, confirm: true }),
    ...[1, 16, 31, 33, 48, 64].flatMap((count) =>
      state(`a hash of ${count}`, { hash: new Uint8Array(count), confirm: true }),
    ),
    ...state("an unknown hash", { hash: new Uint8Array(32), confirm: false }),
    ...state("test of what runs", { hash, confirm: false }),
    ...state("confirm of what runs", { hash, confirm: true }),
    ...state("confirm as a number", { hash, confirm: 1 }),
    ...both("slot info", { op: 0, id: 6 }, {}),
    ...both("core list", { op: 0, id: 3 }, {}),
    ...both("file", { op: 2, id: 2 }, {}),
    ...both("list as a payload of nothing", { op: 0, id: 0 }, ""),
  ];
}

function hashTlv(image: Uint8Array): Uint8Array {
  const found = tlvsOf(parseImage(image)).find((entry) => entry.type === 0x10);
  return found?.data ?? new Uint8Array();
}

describe("our server against Zephyr 4.4 itself", () => {
  serverTest("native", `answers ${BATTERY.length} odd requests byte for byte as Zephyr does`, async () => {
    const { path } = closing.use("server", await nativeServer("serial_bigrx", clock));
    const link = await openSerialPort(path, { baudRate: 115_200, clock });
    const theirs = new ConsoleTransport(closing.use("uart", Uart.open(link, { clock })), { clock });
    const facts = { ...M44_FACTS, bufferBytes: 384, bufferCount: 4, reset: () => undefined };
    const { bootloaderInfo: _, ...handlers } = osHandlers(facts);
    const bench = smpBench({ clock, baudRate: 1_000_000, server: { handlers } });
    closing.use("ours", bench.server);
    expect(await compare(BATTERY, theirs, bench.session.transport, 60)).toEqual([]);
  });

  for (const [board, bufferBytes, slotBytes] of [
    ["mps2 direct XIP", 1_024, 0x80000],
    ["microbit swap", 384, 0x1a000],
  ] as const) {
    serverTest("qemu", `answers requests of the image group byte for byte as Zephyr does (${board})`, async () => {
      const { theirs, ours, image } = await pair(board, bufferBytes, slotBytes);
      expect(await compare(imageBattery(image), theirs, ours, 4_000)).toEqual([]);
    });
  }

  serverTest("qemu", "follows Zephyr through test, confirm, upload and erase of a pending image", async () => {
    const { theirs, ours, image } = await pair("microbit swap", 384, 0x1a000);
    const second = otherImage(image);
    for (const transport of [theirs, ours]) await new SmpClient(new SmpSession(transport, { clock })).upload(second);
    expect(await compare(pendingBattery(image, second), theirs, ours, 4_000)).toEqual([]);
  });
});

/** A real server on an emulated board, and ours with the same image in its first slot. */
async function pair(board: "mps2 direct XIP" | "microbit swap", bufferBytes: number, slotBytes: number) {
  const { path, port } = closing.use("server", await emulatedServer(board, clock));
  await sleep(clock, 3_000);
  const uart = closing.use("uart", Uart.open(await openTcp({ host: "127.0.0.1", port, clock }), { clock }));
  const theirs = new ConsoleTransport(uart, { clock });
  const image = Uint8Array.from(readFileSync(path));
  const store = new ArrayImageStore({ slotBytes });
  store.flash(0, image);
  // Direct XIP has no state to write.
  const { setImageState, ...rest } = imageHandlers(store, { slotInfo: true });
  const handlers = board === "mps2 direct XIP" || !setImageState ? rest : { ...rest, setImageState };
  const facts = { ...M44_FACTS, bufferBytes, bufferCount: 4, reset: () => undefined };
  const server = { handlers: { ...osHandlers(facts), ...handlers }, bufferBytes, verboseErrors: true };
  const bench = smpBench({ clock, baudRate: 1_000_000, server });
  closing.use("ours", bench.server);
  return { theirs, ours: bench.session.transport, image };
}

/** The image under another version and hash: Zephyr's list believes the TLV. */
function otherImage(image: Uint8Array): Uint8Array {
  const other = image.slice();
  other.set([9, 1, 2, 0, 4, 0, 0, 0], 20);
  const tlv = tlvsOf(parseImage(image)).find((entry) => entry.type === 0x10);
  if (tlv) other[tlv.offset + 4] = (other[tlv.offset + 4] ?? 0) ^ 0xff;
  return other;
}

/** With the other image whole in slot 1. */
function pendingBattery(image: Uint8Array, second: Uint8Array): readonly (readonly [string, Uint8Array])[] {
  const both = (name: string, id: number, body: CborMap) =>
    [0, 1].map((version) => [`${name}, version ${version + 1}`, request({ group: 1, id, version }, body)] as const);
  const list = [["list", request({ op: 0, group: 1 }, {})] as const];
  const [first, other] = [hashTlv(image), hashTlv(second)];
  const begin = { off: 0, len: second.length, data: second.subarray(0, 64) };
  return [
    ...list,
    ...both("test what runs", 0, { hash: first, confirm: false }),
    ...both("test the other", 0, { hash: other, confirm: false }),
    ...both("confirm the other while it is to be tested", 0, { hash: other, confirm: true }),
    ...both("confirm what runs while the other is to be tested", 0, { confirm: true }),
    ...both("confirm what runs by its hash", 0, { hash: first, confirm: true }),
    ...both("test what runs while the other is to be tested", 0, { hash: first, confirm: false }),
    ...both("erase slot 0", 5, { slot: 0 }),
    ...list,
    ...both("erase what is to be tested", 5, {}),
    ...list,
    ...both("test what was erased", 0, { hash: other, confirm: false }),
    ...both("upload the beginning", 1, begin),
    ...list,
  ];
}
