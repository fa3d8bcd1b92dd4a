import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { equalBytes, fromHex, hex, sleep, VirtualClock } from "../../core/index.ts";
import { imageUpload } from "../groups/image.ts";
import { encodeMap } from "../packet/cbor.ts";
import { encodeRequest } from "../packet/command.ts";
import { SmpFault } from "../server/faults.ts";
import type { SmpHandlers } from "../server/server.ts";
import { ArrayImageStore, plainImage } from "../testing/array-store.ts";
import { type BenchOptions, smpBench } from "../testing/bench.ts";
import { dataRoom } from "./data-room.ts";
import { uploadImage } from "./upload.ts";

const IMAGE = plainImage({ version: [2, 0, 0], payloadBytes: 5_000 });

function bench(options: BenchOptions = {}) {
  return smpBench({ baudRate: 1_000_000, ...options });
}

/** A server whose upload answers come from a script; the last one repeats. */
function scripted(answers: readonly (object | number)[], more: SmpHandlers = {}) {
  const asked: number[] = [];
  const imageUpload: SmpHandlers["imageUpload"] = (request) => {
    const answer = answers[Math.min(asked.length, answers.length - 1)];
    asked.push(request.off ?? -1);
    if (typeof answer === "number") throw new SmpFault({ group: 1, code: answer });
    return answer ?? {};
  };
  return { ...bench({ server: { handlers: { imageUpload, ...more }, bufferBytes: 8_192 } }), asked };
}

describe("an upload", () => {
  test("puts the file into the secondary slot, byte for byte, in packets that fill the buffer", async () => {
    const { client, store, session } = bench();
    const packets: number[] = [];
    session.onExchange((exchange) => {
      if (exchange.kind === "request" && exchange.command === "image upload") packets.push(exchange.packet.length);
    });
    const result = await client.upload(IMAGE.file);
    expect(equalBytes(store.bytes(1).subarray(0, IMAGE.file.length), IMAGE.file)).toBe(true);
    expect(new Set(packets.slice(0, -1))).toEqual(new Set([380]));
    expect(result).toMatchObject({ totalBytes: 5_072, chunks: 15, restarts: 0, retries: 0, alreadyPresent: false });
    expect(result.resumedAtBytes).toBe(0);
  });

  test("reports what the server has after every chunk", async () => {
    const { client } = bench();
    const progress: number[] = [];
    await client.upload(IMAGE.file, { onProgress: ({ sentBytes }) => progress.push(sentBytes), chunkBytesMax: 200 });
    expect(progress).toEqual([...Array.from({ length: 25 }, (_, index) => 200 * (index + 1)), 5_072]);
  });

  test("that broke off is taken up where it was", async () => {
    const { client, store } = bench();
    const stop = new AbortController();
    const onProgress = ({ sentBytes }: { sentBytes: number }) => sentBytes > 2_000 && stop.abort(new Error("enough"));
    await expect(client.upload(IMAGE.file, { onProgress, signal: stop.signal })).rejects.toThrow("enough");
    const result = await client.upload(IMAGE.file);
    expect(result.resumedAtBytes).toBeGreaterThan(2_000);
    expect(result.chunks).toBeLessThan(12);
    expect(equalBytes(store.bytes(1).subarray(0, IMAGE.file.length), IMAGE.file)).toBe(true);
  });

  test("of what the board has already says so after one chunk", async () => {
    const store = new ArrayImageStore({ slotBytes: 16_384, imageCheck: true });
    const { client } = bench({ store });
    const first = await client.upload(IMAGE.file);
    expect([first.alreadyPresent, first.match]).toEqual([false, true]);
    const second = await client.upload(IMAGE.file);
    expect(second).toMatchObject({ alreadyPresent: true, match: true, chunks: 1 });
  });

  test("without parameters goes on in packets that the smallest usual buffer takes", async () => {
    const { client, session } = bench({ server: { generation: "zephyr 2.7" } });
    const sizes = new Set<number>();
    session.onExchange((exchange) => {
      if (exchange.kind === "request" && exchange.command === "image upload") sizes.add(exchange.packet.length);
    });
    await client.upload(IMAGE.file);
    expect(Math.max(...sizes)).toBe(252);
  });

  test("on a line of one frame leaves the hash out, so that the first chunk holds the image header", async () => {
    const { client, store } = bench();
    await client.upload(IMAGE.file, { packetBytesMax: 91 });
    expect(equalBytes(store.bytes(1).subarray(0, IMAGE.file.length), IMAGE.file)).toBe(true);
  });

  test("into the network core's pair goes to slot 3", async () => {
    const { client, store } = bench({ store: new ArrayImageStore({ slotBytes: 16_384, images: 2 }) });
    await client.upload(IMAGE.file, { image: 1 });
    expect(equalBytes(store.bytes(3).subarray(0, IMAGE.file.length), IMAGE.file)).toBe(true);
  });

  test("that asks for an upgrade is refused by a newer image", async () => {
    const { client, store } = bench();
    store.flash(0, plainImage({ version: [2, 0, 0], payloadBytes: 100 }).file);
    await expect(client.upload(IMAGE.file, { upgrade: true })).rejects.toMatchObject({
      refusal: { command: "image upload", group: 1, code: 27, name: "CURRENT_VERSION_IS_NEWER" },
    });
  });
});

describe("an upload with chunks in flight", () => {
  const big = plainImage({ version: [2, 0, 0], payloadBytes: 30_000 });
  /** Flash that takes 5 ms a write. */
  const slow = (clock = new VirtualClock()) => {
    const store = new ArrayImageStore({ slotBytes: 65_536 });
    const write = store.write.bind(store);
    store.write = async (slot, offset, bytes) => {
      await sleep(clock, 5);
      await write(slot, offset, bytes);
    };
    return bench({ clock, store });
  };
  const whole = (store: ArrayImageStore) => equalBytes(store.bytes(1).subarray(0, big.file.length), big.file);

  test("is as whole as one by one, and faster where flash and line take turns", async () => {
    const [one, three] = [slow(), slow()];
    const slowly = await one.client.upload(big.file);
    const quickly = await three.client.upload(big.file, { window: 3 });
    expect([whole(one.store), whole(three.store)]).toEqual([true, true]);
    expect(quickly.chunks).toBe(slowly.chunks);
    expect(quickly.durationUs).toBeLessThan(0.62 * slowly.durationUs);
  });

  test("keeps no more in flight than the server has buffers for", async () => {
    const { client, server, store } = slow();
    await client.upload(big.file, { window: 50 });
    expect([whole(store), server.counters.dropped]).toEqual([true, 0]);
  });

  test("goes back to a chunk that was lost, and waits for no deadline", async () => {
    const { client, boardLink, session, store } = slow();
    const deliver = boardLink.deliver.bind(boardLink);
    let packets = 0;
    boardLink.deliver = (bytes) => {
      if (bytes[0] !== 0x06 || ++packets !== 20) deliver(bytes);
    };
    const result = await client.upload(big.file, { window: 3 });
    expect(whole(store)).toBe(true);
    expect([result.retries, result.restarts]).toEqual([1, 0]);
    const undisturbed = await slow().client.upload(big.file, { window: 3 });
    expect(result.durationUs - undisturbed.durationUs).toBeLessThan(150_000);
    expect(session.counters.stray).toBe(0);
  });

  test("sends nothing again for an answer that was lost: the next one stands for it", async () => {
    const { client, hostLink, store } = slow();
    const deliver = hostLink.deliver.bind(hostLink);
    let packets = 0;
    hostLink.deliver = (bytes) => {
      if (bytes[0] !== 0x06 || ++packets !== 20) deliver(bytes);
    };
    const result = await client.upload(big.file, { window: 3 });
    expect([whole(store), result.retries]).toEqual([true, 0]);
  });

  test("goes on where the server is when every answer in flight was lost", async () => {
    const { client, hostLink, store } = slow();
    const deliver = hostLink.deliver.bind(hostLink);
    let packets = 0;
    hostLink.deliver = (bytes) => {
      if (bytes[0] === 0x06) packets += 1;
      if (packets < 20 || packets > 22) deliver(bytes);
    };
    const result = await client.upload(big.file, { window: 3 });
    expect([whole(store), result.restarts]).toEqual([true, 0]);
  });

  test("is whole on a line that loses every tenth packet", async () => {
    const { client, boardLink, hostLink, store } = slow();
    for (const [index, link] of [boardLink, hostLink].entries()) {
      const deliver = link.deliver.bind(link);
      let packets = index;
      link.deliver = (bytes) => {
        if (bytes[0] !== 0x06 || ++packets % 10 !== 9) deliver(bytes);
      };
    }
    const result = await client.upload(big.file, { window: 3 });
    expect([whole(store), result.restarts]).toEqual([true, 0]);
    expect(result.retries).toBeGreaterThan(3);
  });

  test("goes on one by one on a server that takes one request at a time", async () => {
    const { client, store } = bench({ server: { bufferCount: 2 } });
    const { session } = client;
    const result = await uploadImage(session, big.file, 380, { window: 4 });
    expect(whole(store)).toBe(true);
    expect(result.restarts).toBe(0);
  });

  test("stops at a refusal, and the session is free afterwards", async () => {
    const { client } = scripted([{ off: 200 }, { off: 400 }, 12, 12, 12]);
    const refused = uploadImage(client.session, big.file, 380, { window: 3, chunkBytesMax: 200 });
    await expect(refused).rejects.toMatchObject({ refusal: { name: "FLASH_WRITE_FAILED" } });
    await expect(client.echo("free")).rejects.toMatchObject({ refusal: { name: "ENOTSUP" } });
  });

  test("stops at its signal", async () => {
    const { client } = slow();
    const stop = new AbortController();
    const onProgress = ({ sentBytes }: { sentBytes: number }) => sentBytes > 9_000 && stop.abort(new Error("enough"));
    await expect(client.upload(big.file, { window: 3, onProgress, signal: stop.signal })).rejects.toThrow("enough");
    expect(await client.echo("free")).toBe("free");
  });
});

describe("a server that leads nowhere", () => {
  test("by asking for one offset again and again is given up", async () => {
    const { client, asked } = scripted([{ off: 200 }]);
    await expect(client.upload(IMAGE.file)).rejects.toThrow("asked for offset 200 4 times in a row");
    expect(asked).toHaveLength(5);
  });

  test("by starting over is given up after three times", async () => {
    const { client, asked } = scripted([
      { off: 200 },
      { off: 0 },
      { off: 200 },
      { off: 0 },
      { off: 200 },
      { off: 0 },
      { off: 200 },
      { off: 0 },
    ]);
    await expect(client.upload(IMAGE.file)).rejects.toThrow("asked to start over 4 times, last at 200");
    expect(asked).toEqual([0, 200, 0, 200, 0, 200, 0, 200]);
  });

  test("by going to and fro is given up", async () => {
    const answers = Array.from({ length: 100 }, (_, index) => ({ off: index % 2 === 0 ? 200 : 100 }));
    const { client } = scripted(answers);
    await expect(client.upload(IMAGE.file)).rejects.toThrow("went back 33 times, last to 100");
  });

  test.each([
    ["beyond the file", [{ off: 9_999 }], "answered offset 9999 of 5072"],
    ["nowhere", [{}], "answered offset nothing of 5072"],
    ["further than was sent", [{ off: 200 }, { off: 4_000 }], "wants offset 4000, and has had"],
  ])("by wanting what is %s is given up", async (_name, answers, text) => {
    const { client } = scripted(answers);
    await expect(client.upload(IMAGE.file)).rejects.toThrow(text);
  });

  test("by refusing a chunk in the middle is told by name", async () => {
    const { client } = scripted([{ off: 200 }, 12]);
    await expect(client.upload(IMAGE.file)).rejects.toThrow(
      "image upload refused: FLASH_WRITE_FAILED (group 1, code 12)",
    );
  });

  test("by finding that the image does not match is an error", async () => {
    const { client } = scripted([{ off: 5_072, match: false }]);
    await expect(client.upload(IMAGE.file)).rejects.toThrow("what it holds is not what was sent");
  });
});

describe("a server that says 'start over' to the last chunk", () => {
  const images = (hash: Uint8Array) => ({ imageState: () => ({ images: [{ slot: 1, hash }] }) });

  test("and lists the image is done", async () => {
    const { client } = scripted([{ off: 200 }, { off: 0 }], images(IMAGE.hash));
    const result = await client.upload(IMAGE.file, { packetBytesMax: 6_000, imageHash: IMAGE.hash });
    expect(result).toMatchObject({ restarts: 0, alreadyPresent: false });
  });

  test("and does not list it gets it once more", async () => {
    const { client, asked } = scripted(
      [{ off: 200 }, { off: 0 }, { off: 200 }, { off: 5_072 }],
      images(new Uint8Array(32)),
    );
    const result = await client.upload(IMAGE.file, { packetBytesMax: 6_000, imageHash: IMAGE.hash });
    expect([result.restarts, asked]).toEqual([1, [0, 200, 0, 200]]);
  });
});

describe("the room for data", () => {
  test("is used to the last byte, whatever the other fields are", () => {
    const fields = fc.record({
      off: fc.nat(2_000_000),
      len: fc.option(fc.nat(2_000_000), { nil: undefined }),
      sha: fc.option(fc.constant(new Uint8Array(32)), { nil: undefined }),
      image: fc.option(fc.nat(3), { nil: undefined }),
    });
    const sizeOf = (request: object, data: number) =>
      encodeRequest(imageUpload, { ...request, data: new Uint8Array(data) }, { sequence: 0, version: 2 }).length;
    fc.assert(
      fc.property(fields, fc.integer({ min: 110, max: 2_100 }), (request, limit) => {
        const room = dataRoom(request, limit);
        expect(sizeOf(request, room)).toBeLessThanOrEqual(limit);
        expect(sizeOf(request, room + 1)).toBeGreaterThan(limit);
      }),
    );
  });

  test("beside nothing is what the header and the map leave", () => {
    expect(dataRoom({ off: 0 }, 8 + encodeMap({ off: 0, data: fromHex("00".repeat(23)) }).length)).toBe(23);
    expect(hex(encodeMap({ off: 0, data: new Uint8Array() }))).toBe("a2636f666600646461746140");
  });
});
