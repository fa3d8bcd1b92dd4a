import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { Air, BleCentral, BlePeripheral, type GattLink } from "../../ble/index.ts";
import { BenchError, concat, equalBytes, fromHex, Listeners, VirtualClock } from "../../core/index.ts";
import { SmpClient } from "../client/client.ts";
import { SmpSession } from "../client/session.ts";
import { BleServerTransport } from "../server/ble-server.ts";
import { imageHandlers } from "../server/image-server.ts";
import { osHandlers } from "../server/os-server.ts";
import { SmpServer } from "../server/server.ts";
import { ArrayImageStore, plainImage } from "../testing/array-store.ts";
import { M44_FACTS } from "../testing/bench.ts";
import { BlePackets } from "./ble-packets.ts";
import { BleTransport, SMP_GATT } from "./ble-transport.ts";

/** A link of nothing but memory: what was written, and a way to say something back. */
function memoryGatt(mtu: number) {
  const written: Uint8Array[] = [];
  const values = new Listeners<{ atUs: number; bytes: Uint8Array }>();
  const ends = new Listeners<unknown>();
  const did: string[] = [];
  let room: Promise<void> = Promise.resolve();
  const link: GattLink = {
    name: "board",
    mtu,
    write: async (value) => {
      await room;
      written.push(value.slice());
    },
    onValue: (listener) => values.add(listener),
    onEnd: (listener) => ends.add(listener),
    resubscribe: async () => void did.push("resubscribe"),
    [Symbol.asyncDispose]: async () => {
      did.push("close");
      ends.emit(undefined);
    },
  };
  return {
    link,
    written,
    did,
    say: (bytes: Uint8Array) => values.emit({ atUs: 0, bytes }),
    end: () => ends.emit(new BenchError("the link ended.", "")),
    hold: (until: Promise<void>) => {
      room = until;
    },
  };
}

async function transportOver(...gatts: ReturnType<typeof memoryGatt>[]) {
  const left = [...gatts];
  const open = async () => {
    const next = left.shift();
    if (next === undefined) throw new BenchError("no board.", "");
    return next.link;
  };
  const transport = new BleTransport({ clock: new VirtualClock(), name: "ble:board", open });
  await transport.ready();
  return transport;
}

test("fragments are as long as the MTU allows, and those of two packets never mix", async () => {
  const gatt = memoryGatt(23);
  const transport = await transportOver(gatt);
  let free: () => void = () => undefined;
  gatt.hold(
    new Promise((resolve) => {
      free = resolve;
    }),
  );
  const both = Promise.all([transport.send(new Uint8Array(45).fill(1)), transport.send(new Uint8Array(25).fill(2))]);
  free();
  await both;
  expect(gatt.written.map(({ length }) => length)).toEqual([20, 20, 5, 20, 5]);
  expect([...concat(...gatt.written)]).toEqual([...Array(45).fill(1), ...Array(25).fill(2)]);
});

test("an answer comes together from any pieces, by the length in its header", () => {
  const packet = (fill: number, bytes: number) =>
    Uint8Array.of(1, 0, 0, bytes, 0, 0, fill, 0, ...Array(bytes).fill(fill));
  fc.assert(
    fc.property(fc.array(fc.nat(200), { maxLength: 5 }), fc.array(fc.integer({ min: 1, max: 30 })), (sizes, cuts) => {
      const sent = sizes.map((size, at) => packet(at, size));
      const stream = concat(...sent);
      const packets = new BlePackets();
      const came: Uint8Array[] = [];
      let at = 0;
      for (const cut of cuts) {
        came.push(...packets.push(stream.subarray(at, at + cut)));
        at += cut;
      }
      came.push(...packets.push(stream.subarray(at)));
      expect(came).toEqual(sent);
      expect(packets.heldBytes).toBe(0);
    }),
  );
});

test("half an answer is forgotten when both ends are brought back, and the next one is whole", async () => {
  const gatt = memoryGatt(498);
  const transport = await transportOver(gatt);
  const packets: number[] = [];
  transport.onPacket(({ bytes }) => packets.push(bytes.length));
  gatt.say(fromHex("0100 0020 0000 0000 bf"));
  expect(transport.lastSeen()).toBe("9 bytes of an answer came, and no more.");
  await transport.resynchronise(1);
  gatt.say(fromHex("0100 0001 0000 0100 a0"));
  expect(packets).toEqual([9]);
  expect(gatt.did).toEqual(["resubscribe"]);
});

test("what is sent into a link that ends is lost like a line's bytes, and ready connects anew", async () => {
  const [first, second] = [memoryGatt(23), memoryGatt(247)];
  const transport = await transportOver(first, second);
  first.end();
  await transport.send(new Uint8Array(30));
  expect(transport.lastSeen()).toBe("the link ended.");
  await transport.ready();
  await transport.send(new Uint8Array(300));
  expect(second.written.map(({ length }) => length)).toEqual([244, 56]);
  await expect((async () => (second.end(), transport.ready()))()).rejects.toThrow("no board.");
});

test("the answer to a reset ends the link at once, that to an echo does not", async () => {
  const gatt = memoryGatt(247);
  await transportOver(gatt);
  gatt.say(fromHex("0300 0001 0000 0000 a0"));
  expect(gatt.did).toEqual([]);
  gatt.say(fromHex("0300 0001 0000 0105 a0"));
  expect(gatt.did).toEqual(["close"]);
});

const IMAGE = plainImage({ version: [2, 0, 0], payloadBytes: 20_000 });

/** A client over the air of this process to a server with Zephyr's buffers. */
async function overTheAir(
  options: { readonly mtu?: number; readonly bufferBytes?: number; readonly baudRate?: number } = {},
) {
  const { mtu, bufferBytes = 2_475, baudRate } = options;
  const clock = new VirtualClock();
  const air = new Air(clock);
  const place = { name: "board", ...SMP_GATT, address: Uint8Array.of(1, 2, 3, 4, 5, 0xc6), mtu };
  const board = await BlePeripheral.open(air.controller(), { clock, ...place });
  const store = new ArrayImageStore({ slotBytes: 65_536 });
  const facts = { ...M44_FACTS, bufferBytes, bufferCount: 4, reset: () => undefined };
  const handlers = { ...osHandlers(facts), ...imageHandlers(store) };
  const server = new SmpServer({ transport: new BleServerTransport(board), handlers, bufferBytes });
  await board.power(true);
  const adapter = air.controller(baudRate === undefined ? {} : { baudRate });
  const central = await BleCentral.open(adapter, { clock });
  const transport = new BleTransport({
    clock,
    name: "ble:board",
    open: (signal) => central.open({ board: "board", ...SMP_GATT }, { limitMs: 10_000, signal }),
    adapter: central,
  });
  const client = new SmpClient(new SmpSession(transport, { clock }));
  return {
    ...{ clock, board, store, server, adapter, transport, client },
    [Symbol.asyncDispose]: async () => {
      await client.session[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
      await board[Symbol.asyncDispose]();
    },
  };
}

/** Acts while the answer to a request is awaited. */
function atRequest(client: SmpClient, count: number, act: () => Promise<void>): Promise<void> {
  let requests = 0;
  return new Promise((resolve, reject) => {
    client.session.onExchange(({ kind }) => {
      if (kind !== "request") return;
      requests += 1;
      if (requests === count) act().then(resolve, reject);
    });
  });
}

test.each([23, 247, 498])("an image arrives whole at an MTU of %i, with several requests on their way", async (mtu) => {
  await using bench = await overTheAir({ mtu });
  await bench.client.upload(IMAGE.file, { window: 3 });
  expect(equalBytes(bench.store.bytes(1).subarray(0, IMAGE.file.length), IMAGE.file)).toBe(true);
  expect(bench.transport.mtu).toBe(mtu);
  expect(bench.server.counters.dropped).toBe(0);
});

test("an upload whose link is lost goes on over the next one and ends with the whole image", async () => {
  await using bench = await overTheAir({ baudRate: 1_000_000 });
  const lost = atRequest(bench.client, 4, async () => {
    await bench.board.power(false);
    await bench.board.power(true);
  });
  await expect(bench.client.upload(IMAGE.file)).resolves.toMatchObject({ retries: 1 });
  await lost;
  expect(equalBytes(bench.store.bytes(1).subarray(0, IMAGE.file.length), IMAGE.file)).toBe(true);
});

test("an adapter that is unplugged in an upload ends it in one clear error", async () => {
  await using bench = await overTheAir({ baudRate: 1_000_000 });
  const lost = atRequest(bench.client, 4, async () => bench.adapter.vanish());
  await expect(bench.client.upload(IMAGE.file)).rejects.toThrow("the air's adapter vanished.");
  await lost;
});

test("a board that is not in the air is looked for once, and the error says who is", async () => {
  await using bench = await overTheAir();
  await bench.board.power(false);
  const beforeUs = bench.clock.nowUs();
  await expect(bench.client.echo("x")).rejects.toThrow(
    'waited 10000 ms for a board named "board" in the air over the air\'s adapter. Nobody advertises.',
  );
  expect(bench.clock.nowUs() - beforeUs).toBeLessThan(11_000_000);
});

test("1 Mbaud to the adapter allows less than 93 KiB a second, and most of that is had", async () => {
  await using bench = await overTheAir({ baudRate: 1_000_000 });
  await bench.client.echo("connected");
  const beforeUs = bench.clock.nowUs();
  await bench.client.upload(IMAGE.file, { window: 3 });
  const rate = IMAGE.file.length / 1024 / ((bench.clock.nowUs() - beforeUs) / 1e6);
  expect(rate).toBeLessThan(93);
  expect(rate).toBeGreaterThan(70);
});
