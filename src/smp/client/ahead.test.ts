import { describe, expect, test } from "@jest/globals";
import { equalBytes, Random, sleep } from "../../core/index.ts";
import { type Link, type MemoryLink, Reflex } from "../../serial/index.ts";
import { echo } from "../groups/os.ts";
import { encodePayload } from "../packet/command.ts";
import { decodeSmpHeader } from "../packet/header.ts";
import { plainImage } from "../testing/array-store.ts";
import { smpBench } from "../testing/bench.ts";
import type { Following } from "./ahead.ts";
import type { Exchange } from "./exchange.ts";

function rig() {
  const bench = smpBench({ session: { sendsAhead: true } });
  const exchanges: Exchange[] = [];
  bench.session.onExchange((exchange) => exchanges.push(exchange));
  /** What passed: the kind, and the sequence number of the packet. */
  const passed = () => exchanges.map(({ kind, packet }) => `${kind} ${decodeSmpHeader(packet)?.sequence}`);
  return { ...bench, exchanges, passed };
}

const second = (follows: boolean): Following & { readonly request: { d: string } } => {
  const request = { d: "second" };
  return { row: echo, request, payload: encodePayload(echo, request), follows: () => follows };
};

describe("a request made before its turn", () => {
  test("is on the line before the caller has had the answer before it", async () => {
    const { session, passed } = rig();
    const next = second(true);
    await session.request(echo, { d: "first" }, { next: () => next });
    expect(passed()).toEqual(["request 0", "answer 0", "request 1"]);
    expect(await session.request(echo, next.request, { payload: next.payload })).toEqual({ r: "second" });
    expect(passed()).toEqual(["request 0", "answer 0", "request 1", "answer 1"]);
  });

  test("is not sent when the answer before it says something else", async () => {
    const { session, passed } = rig();
    await session.request(echo, { d: "first" }, { next: () => second(false) });
    expect(passed()).toEqual(["request 0", "answer 0"]);
  });

  test("is given up when its caller asks for something else, answered on a quiet line", async () => {
    const { session, passed } = rig();
    await session.request(echo, { d: "first" }, { next: () => second(true) });
    expect(await session.request(echo, { d: "third" })).toEqual({ r: "third" });
    expect(passed().slice(2)).toEqual(["request 1", "no answer 1", "dropped 1", "request 2", "answer 2"]);
    expect(session.counters).toEqual({ late: 1, duplicate: 0, stray: 0, echoed: 0 });
  });

  test("that does not leave a port that is away holds up nothing that is sent later", async () => {
    const { session, hostLink } = rig();
    const write = hostLink.write.bind(hostLink);
    let away = false;
    hostLink.write = (bytes, signal) =>
      away
        ? new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)))
        : write(bytes, signal);
    const next = { ...second(true), follows: () => (away = true) };
    await session.request(echo, { d: "first" }, { next: () => next });
    const request = session.request(echo, next.request, { payload: next.payload, timeoutMs: 500, retries: 0 });
    await expect(request).rejects.toMatchObject({ kind: "timeout" });
    away = false;
    expect(await session.request(echo, { d: "third" })).toEqual({ r: "third" });
  });

  test("hands over an answer that came before its caller asked", async () => {
    const { session, clock } = rig();
    const next = second(true);
    await session.request(echo, { d: "first" }, { next: () => next });
    await sleep(clock, 500);
    expect(await session.request(echo, next.request, { payload: next.payload })).toEqual({ r: "second" });
  });

  test("does not overtake one that waits", async () => {
    const { session, passed } = rig();
    const first = session.request(echo, { d: "first" }, { next: () => second(true) });
    const waiting = session.request(echo, { d: "waiting" });
    await Promise.all([first, waiting]);
    expect(passed()).toEqual(["request 0", "answer 0", "request 1", "answer 1"]);
  });

  test("is not sent by a session in virtual time, unless it is asked for", async () => {
    const { session } = smpBench();
    const kinds: string[] = [];
    session.onExchange(({ kind }) => kinds.push(kind));
    await session.request(echo, { d: "first" }, { next: () => second(true) });
    expect(kinds).toEqual(["request", "answer"]);
  });
});

/** A link that replies by itself as a serial port does; counts how often. */
function replying(link: MemoryLink): { count: number } {
  const replied = { count: 0 };
  const [deliver, write] = [link.deliver.bind(link), link.write.bind(link)];
  let reflex: Reflex | undefined;
  const replyTo: Link["replyTo"] = (heard, reply) => {
    reflex = new Reflex(heard, () => {
      replied.count += 1;
      return write(reply);
    });
    return reflex;
  };
  link.deliver = (bytes) => {
    reflex?.hear(bytes);
    deliver(bytes);
  };
  link.write = (bytes, signal) => {
    reflex?.cancel();
    return write(bytes, signal);
  };
  Object.assign(link, { replyTo });
  return replied;
}

describe("an upload chunk by chunk", () => {
  const image = plainImage({ version: [2, 0, 0], payloadBytes: 6_000 });
  const uploaded = async (sendsAhead: boolean, byReflex = false) => {
    const { client, session, store, hostLink } = smpBench({ session: { sendsAhead } });
    const replied = byReflex ? replying(hostLink) : { count: 0 };
    const sent: string[] = [];
    session.onExchange(({ kind, packet }) => sent.push(`${kind} ${Buffer.from(packet).toString("hex")}`));
    const result = await client.upload(image.file, { imageHash: image.hash });
    return { sent, result, replied, inSlot: store.bytes(1).subarray(0, image.file.length) };
  };

  test("that sends ahead is, packet by packet, the one that does not", async () => {
    const [ahead, inTurn] = [await uploaded(true), await uploaded(false)];
    expect(ahead.sent).toEqual(inTurn.sent);
    expect(ahead.result).toEqual(inTurn.result);
    expect(equalBytes(ahead.inSlot, image.file)).toBe(true);
  });

  test("is the same when a port sends each by itself in the moment of the answer, all but the first two", async () => {
    const [byReflex, inTurn] = [await uploaded(true, true), await uploaded(false)];
    expect(byReflex.sent).toEqual(inTurn.sent);
    expect({ ...byReflex.result, durationUs: 0 }).toEqual({ ...inTurn.result, durationUs: 0 });
    expect(equalBytes(byReflex.inSlot, image.file)).toBe(true);
    expect(byReflex.replied.count).toBe(byReflex.result.chunks - 2);
  });

  test("sends nothing by itself after it was given up", async () => {
    const { client, hostLink, clock } = smpBench({ session: { sendsAhead: true } });
    const replied = replying(hostLink);
    const stop = new AbortController();
    const options = {
      imageHash: image.hash,
      signal: stop.signal,
      onProgress: () =>
        void (replied.count > 3 && clock.at(clock.nowUs() + 1_000, () => stop.abort(new Error("enough")))),
    };
    await expect(client.upload(image.file, options)).rejects.toThrow("enough");
    const sent = replied.count;
    await sleep(clock, 2_000);
    expect(replied.count).toBe(sent);
  });

  test.each([1, 2, 3, 4, 5, 6])("comes to its end on a bad line, too: seed %i", async (seed) => {
    const bench = smpBench({ session: { sendsAhead: true } });
    if (seed > 3) replying(bench.hostLink);
    const random = Random.fromSeed(seed);
    for (const link of [bench.boardLink, bench.hostLink]) {
      const deliver = link.deliver.bind(link);
      link.deliver = (bytes) => (random.chance({ of: 8, in: 100 }) ? undefined : deliver(bytes));
    }
    const result = await bench.client.upload(image.file, { imageHash: image.hash });
    expect(result.retries).toBeGreaterThan(0);
    expect(equalBytes(bench.store.bytes(1).subarray(0, image.file.length), image.file)).toBe(true);
  });
});
