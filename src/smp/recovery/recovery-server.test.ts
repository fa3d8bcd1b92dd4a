import { describe, expect, test } from "@jest/globals";
import { equalBytes, hex, VirtualClock } from "../../core/index.ts";
import { memoryLinks, Uart } from "../../serial/index.ts";
import { SmpClient } from "../client/client.ts";
import { type CborMap, decodeMap, encodeMap } from "../packet/cbor.ts";
import { encodeSmpHeader, OP } from "../packet/header.ts";
import { ArrayRecovery } from "../testing/array-recovery.ts";
import { ArrayImageStore, plainImage } from "../testing/array-store.ts";
import { smpBench } from "../testing/bench.ts";
import { dumped } from "../testing/dumps.ts";
import { ConsoleTransport } from "../transport/console-transport.ts";
import { type RecoveryOptions, RecoveryServer } from "./recovery-server.ts";

const OLD = plainImage({ version: [0, 0, 0], payloadBytes: 400 });
const NEW = plainImage({ version: [2, 0, 0], payloadBytes: 5_001 });

/** A client and MCUboot's server at the two ends of a line. */
function bench(options: Partial<RecoveryOptions> = {}) {
  const clock = new VirtualClock();
  const store = new ArrayImageStore({ slotBytes: 64 * 1024 });
  store.flash(0, OLD.file);
  const [hostLink, boardLink] = memoryLinks({ clock, baudRate: 115_200 });
  const transport = new ConsoleTransport(Uart.open(boardLink, { clock }), { clock });
  let resets = 0;
  const recovery = new ArrayRecovery(store);
  const server = new RecoveryServer({ transport, store: recovery, reset: () => (resets += 1), ...options });
  const client = SmpClient.onUart(Uart.open(hostLink, { clock }), { clock, timeoutMs: 100 });
  return { clock, store, recovery, server, client, resets: () => resets };
}

/** The answer to one packet, as hex digits; undefined when none came. */
async function asked(packet: Uint8Array, options: Partial<RecoveryOptions> = {}): Promise<string | undefined> {
  const clock = new VirtualClock();
  const [hostLink, boardLink] = memoryLinks({ clock, baudRate: 115_200 });
  const store = new ArrayImageStore({ slotBytes: 64 * 1024 });
  store.flash(0, OLD.file);
  const board = new ConsoleTransport(Uart.open(boardLink, { clock }), { clock });
  const recovery = new ArrayRecovery(store);
  await using _server = new RecoveryServer({ transport: board, store: recovery, reset: () => {}, ...options });
  const host = new ConsoleTransport(Uart.open(hostLink, { clock }), { clock });
  return await new Promise((resolve) => {
    host.onPacket(({ bytes }) => resolve(hex(bytes)));
    clock.at(1_000_000, () => resolve(undefined));
    void host.send(packet);
  });
}

test("console echo and reset are answered as MCUboot was measured to", async () => {
  expect(await asked(dumped(18, ">"))).toBe(hex(dumped(18, "<", 3)));
  expect(await asked(dumped(17, ">"))).toBe(hex(dumped(18, "<", 4)));
});

test("an echo is Zephyr's where it is built in, and refused where not", async () => {
  expect(await asked(dumped(1, ">"), { echo: true })).toBe(hex(dumped(1, "<")));
  expect(await asked(dumped(1, ">"))).toMatch(/bf62726308ff$/);
});

test("what is no request, or has more bytes than its header says, gets no answer", async () => {
  const header = { op: OP.read, version: 1, reserved: 0, flags: 0, length: 0, group: 0, sequence: 1, id: 1 };
  expect(await asked(encodeSmpHeader({ ...header, op: OP.readResponse }))).toBeUndefined();
  expect(await asked(encodeSmpHeader({ ...header, op: 5 }))).toBeUndefined();
  expect(await asked(Uint8Array.from([...dumped(18, ">"), 0]))).toBeUndefined();
  expect(await asked(encodeSmpHeader({ ...header, op: OP.write, version: 2 }))).toMatch(/^13/);
});

test("lists slot, hash and version, in this order, and no flags", async () => {
  const { client } = bench();
  const { images, splitStatus } = await client.imageState();
  expect(images).toEqual([expect.objectContaining({ slot: 0, version: "0.0.0", active: false, confirmed: false })]);
  expect(splitStatus).toBeUndefined();
  const answer = await asked(dumped(8, ">"));
  expect(answer).toMatch(/^090000[0-9a-f]{2}00010900bf66696d616765739fbf64736c6f7400646861736858 ?20/);
});

test("an upload goes to the primary slot, whatever chunks do not fit the flash's words", async () => {
  const { client, store } = bench({ params: true });
  const result = await client.upload(NEW.file, { chunkBytesMax: 333, window: 3 });
  expect(equalBytes(store.bytes(0).subarray(0, NEW.file.length), NEW.file)).toBe(true);
  expect(result.restarts).toBe(0);
});

test("a state write is refused unless it is built in; then the hash only picks the pair", async () => {
  const { client } = bench();
  const refused = client.setImageState({ confirm: true });
  await expect(refused).rejects.toMatchObject({ refusal: { name: "ENOTSUP" } });
  const built = bench({ imageState: true });
  built.store.flash(1, NEW.file);
  const { images } = await built.client.setImageState({
    hash: new Uint8Array(Buffer.from(OLD.name, "hex")),
    confirm: false,
  });
  expect(images.map(({ slot, pending }) => [slot, pending])).toEqual([
    [0, false],
    [1, true],
  ]);
});

test("the client tells recovery from an application", async () => {
  expect(await bench().client.dialect()).toBe("mcuboot recovery");
  expect(await smpBench().client.dialect()).toBe("application");
});

test("a reset is told once its answer is out", async () => {
  const { client, resets } = bench();
  await client.reset();
  expect(resets()).toBe(1);
});

/** Bodies of requests, one after the other, to one bootloader. */
function asking(options: Partial<RecoveryOptions> & { readonly images?: number } = {}) {
  const clock = new VirtualClock();
  const [hostLink, boardLink] = memoryLinks({ clock, baudRate: 1_000_000 });
  const slots = new ArrayImageStore({ slotBytes: 16 * 1024, images: options.images ?? 1 });
  slots.flash(0, OLD.file);
  const store = new ArrayRecovery(slots);
  const transport = new ConsoleTransport(Uart.open(boardLink, { clock }), { clock });
  const server = new RecoveryServer({ transport, store, bufferBytes: 8_192, reset: () => {}, ...options });
  const host = new ConsoleTransport(Uart.open(hostLink, { clock }), { clock });
  const ask = (fields: { op?: number; group?: number; id: number }, body: CborMap) =>
    new Promise<CborMap>((resolve) => {
      const stop = host.onPacket(({ bytes }) => {
        stop();
        resolve(decodeMap(bytes.subarray(8)));
      });
      const payload = encodeMap(body);
      const header = { op: OP.write, version: 1, reserved: 0, flags: 0, length: payload.length, group: 1, sequence: 1 };
      void host.send(Uint8Array.from([...encodeSmpHeader({ ...header, ...fields }), ...payload]));
    });
  const upload = (body: CborMap) => ask({ id: 1 }, body);
  return { ask, upload, slots, store, server };
}

const piece = (bytes: number) => NEW.file.subarray(0, bytes);

describe("erasing", () => {
  test("goes sector by sector with the chunks, and ends with the sector of the trailer", async () => {
    const { upload, store } = asking();
    await upload({ off: 0, len: 5_000, data: piece(4_000) });
    expect(store.log).toEqual(["erase 0 0+4096"]);
    await upload({ off: 4_000, data: piece(96) });
    expect(store.log).toHaveLength(1);
    await upload({ off: 4_096, data: piece(904) });
    expect(store.log).toEqual(["erase 0 0+4096", "erase 0 4096+4096", "erase 0 12288+4096"]);
  });

  test("takes the whole slot at once where it is built so", async () => {
    const { upload, store } = asking({ progressiveErase: false });
    await upload({ off: 0, len: 5_000, data: piece(64) });
    await upload({ off: 64, data: piece(4_936) });
    expect(store.log).toEqual(["erase 0 0+16384"]);
  });

  test("begins again with every offset 0, whatever hash is named", async () => {
    const { upload, store } = asking();
    const sha = new Uint8Array(32).fill(1);
    await upload({ off: 0, len: 5_000, sha, data: piece(64) });
    expect(await upload({ off: 0, len: 5_000, sha, data: piece(32) })).toEqual({ rc: 0, off: 32 });
    expect(store.log).toEqual(["erase 0 0+4096", "erase 0 0+4096"]);
  });
});

describe("which slot an upload goes to", () => {
  const landed = async (image: number | undefined, options: { directUpload?: boolean; images?: number }) => {
    const { upload, slots } = asking(options);
    const answer = await upload({ off: 0, len: 64, data: piece(64), ...(image === undefined ? {} : { image }) });
    if (answer["rc"] !== 0) return `rc ${JSON.stringify(answer["rc"])}`;
    return slots.log.filter((line) => line.startsWith("write")).join();
  };

  test.each([
    [undefined, {}, "write 0 0+64"],
    [0, {}, "write 0 0+64"],
    [1, {}, "rc 3"],
    [1, { images: 2 }, "write 2 0+64"],
    [2, { images: 2 }, "rc 3"],
    [0, { directUpload: true }, "write 0 0+64"],
    [1, { directUpload: true }, "write 0 0+64"],
    [2, { directUpload: true }, "write 1 0+64"],
    [3, { directUpload: true }, "rc 3"],
    [3, { directUpload: true, images: 2 }, "write 2 0+64"],
    [4, { directUpload: true, images: 2 }, "write 3 0+64"],
    [5, { directUpload: true, images: 2 }, "rc 3"],
  ] as const)("image %p of a bootloader with %j", async (image, options, expected) => {
    expect(await landed(image, options)).toBe(expected);
  });

  test("is that of offset 0: later chunks name none, or are not listened to", async () => {
    const { upload, slots } = asking({ directUpload: true });
    await upload({ off: 0, len: 128, data: piece(64), image: 2 });
    await upload({ off: 64, data: piece(64), image: 1 });
    expect(slots.log.filter((line) => line.startsWith("write"))).toEqual(["write 1 0+64", "write 1 64+64"]);
  });
});

describe("an upload to another slot than the first", () => {
  const uploaded = async (options: Partial<RecoveryOptions>) => {
    const { client, store, server } = bench({ directUpload: true, ...options });
    await client.upload(NEW.file, { image: 2, packetBytesMax: 512 });
    await server[Symbol.asyncDispose]();
    const holds = (slot: number, file: Uint8Array) => equalBytes(store.bytes(slot).subarray(0, file.length), file);
    return { old: holds(0, OLD.file), new: holds(1, NEW.file) };
  };

  test.each([false, true])("leaves the running image alone; each chunk must name its image: %p", async (each) => {
    expect(await uploaded({ imageInEachChunk: each })).toEqual({ old: true, new: true });
  });

  test("writes over the running image in a bootloader before 2.0 when later chunks name none", async () => {
    const { upload, slots } = asking({ directUpload: true, imageInEachChunk: true });
    await upload({ off: 0, len: 128, data: piece(64), image: 2 });
    await upload({ off: 64, data: piece(64) });
    expect(slots.log.filter((line) => line.startsWith("write"))).toEqual(["write 1 0+64", "write 0 64+64"]);
  });
});

describe("slot info", () => {
  const slot = (number: number, id?: number) => ({
    slot: number,
    size: 16_384,
    ...(id === undefined ? {} : { upload_image_id: id }),
  });

  test.each([
    [{}, { rc: 8 }],
    [{ slotInfo: true }, { images: [{ image: 0, slots: [slot(0), slot(1, 0)] }] }],
    [{ slotInfo: true, directUpload: true }, { images: [{ image: 0, slots: [slot(0, 1), slot(1, 2)] }] }],
    [
      { images: 2 },
      {
        images: [
          { image: 0, slots: [slot(0), slot(1, 0)] },
          { image: 1, slots: [slot(0), slot(1, 1)] },
        ],
      },
    ],
  ] as const)("of a bootloader with %j", async (options, expected) => {
    expect(await asking(options).ask({ op: OP.read, id: 6 }, {})).toEqual(expected);
  });
});

describe("a state write", () => {
  const hash = OLD.hash;

  test.each([
    ["no hash where there is one image", { imageState: true }, {}, undefined],
    ["no hash where there are two", { imageState: true, images: 2 }, {}, 3],
    ["a hash of 16 bytes", { imageState: true }, { hash: new Uint8Array(16) }, 3],
    ["an unknown hash", { imageState: true }, { hash: new Uint8Array(32) }, 5],
    ["text for a hash", { imageState: true }, { hash: "text" }, 3],
    ["a number for confirm", { imageState: true }, { hash, confirm: 1 }, 3],
    ["the hash of the primary slot", { imageState: true }, { hash, confirm: true }, undefined],
    ["any, where it is not built in", {}, { hash }, 8],
  ] as const)("with %s", async (_, options, body, rc) => {
    const { ask, slots } = asking(options);
    const answer = await ask({ id: 0 }, body);
    expect(answer["rc"]).toBe(rc);
    expect(slots.log.some((line) => line.startsWith("pending 1"))).toBe(rc === undefined);
  });
});

test("the flags of its list stand before the slot, true ones only, and only where they are built in", async () => {
  const { ask } = asking({ imageState: true });
  const listed = (await ask({ op: OP.read, id: 0 }, {}))["images"] as CborMap[];
  expect(listed.map((entry) => Object.keys(entry))).toEqual([
    ["bootable", "confirmed", "active", "slot", "hash", "version"],
  ]);
  const bare = (await asking({ hash: false }).ask({ op: OP.read, id: 0 }, {}))["images"] as CborMap[];
  expect(bare.map((entry) => Object.keys(entry))).toEqual([["slot", "version"]]);
});
