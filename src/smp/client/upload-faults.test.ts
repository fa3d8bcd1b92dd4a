import { describe, expect, test } from "@jest/globals";
import { concat, equalBytes, Random, sleep, utf8 } from "../../core/index.ts";
import type { MemoryLink } from "../../serial/index.ts";
import { ArrayImageStore, plainImage } from "../testing/array-store.ts";
import { type BenchOptions, smpBench } from "../testing/bench.ts";
import { crc16 } from "../transport/crc16.ts";

/**
 * What a line does to the bytes of one write: gives what arrives, in pieces. `index` counts packets from 0 on that end
 * (-1 for a write that begins none), `random` is seeded.
 */
type Mischief = (bytes: Uint8Array, index: number, random: Random) => readonly Uint8Array[];

interface Fault {
  readonly name: string;
  readonly toBoard?: Mischief;
  readonly toHost?: Mischief;
  readonly board?: BenchOptions;
  /** Attempts beyond the first that it costs: at least, at most. */
  readonly retries: readonly [number, number];
  readonly imageCheck?: true;
}

const text = (value: string) => Uint8Array.from(Buffer.from(value, "latin1"));
const drop =
  (...which: number[]): Mischief =>
  (bytes, index) =>
    which.includes(index) ? [] : [bytes];
const twice: Mischief = (bytes) => [bytes, bytes];
const oneByOne: Mischief = (bytes) => Array.from(bytes, (byte) => Uint8Array.of(byte));
const between =
  (noise: string): Mischief =>
  (bytes) => [text(noise), bytes];
/** Before every frame line of the write. */
const interleave =
  (noise: string): Mischief =>
  (bytes) => {
    const lines = Buffer.from(bytes)
      .toString("latin1")
      .split(/(?<=\n)/);
    return lines.map((line) => text(`${noise}${line}`));
  };
const damage =
  (oneIn: number): Mischief =>
  (bytes, _index, random) => [
    bytes.map((byte) => (random.chance({ of: 1, in: oneIn }) ? byte ^ (1 << random.below(8)) : byte)),
  ];
const lose =
  (oneIn: number): Mischief =>
  (bytes, _index, random) => [bytes.filter(() => !random.chance({ of: 1, in: oneIn }))];
const insert =
  (oneIn: number): Mischief =>
  (bytes, _index, random) => [
    concat(
      ...Array.from(bytes, (byte) =>
        random.chance({ of: 1, in: oneIn }) ? Uint8Array.of(random.below(256), byte) : Uint8Array.of(byte),
      ),
    ),
  ];

/** Rewrites a console frame with the length that servers before Zephyr 3.0 sent: without the CRC. */
const oldLength: Mischief = (bytes) => {
  const lines = Buffer.from(bytes)
    .toString("latin1")
    .split("\n")
    .filter((line) => line !== "");
  const raw = Buffer.concat(lines.map((line) => Buffer.from(line.slice(2), "base64")));
  raw.writeUInt16BE(raw.readUInt16BE(0) - 2, 0);
  expect(crc16(raw.subarray(2))).toBe(0);
  const encoded = raw.toString("base64").match(/.{1,124}/g) ?? [];
  return [text(encoded.map((line, index) => `${index === 0 ? "\x06\x09" : "\x04\x14"}${line}\n`).join(""))];
};

const LOG = "[00:00:01.234,567] \x1b[0m<inf> app: temperature 21.5\x1b[0m\r\n";

const FAULTS: readonly Fault[] = [
  { name: "the first request is lost", toBoard: drop(1), retries: [1, 1] },
  { name: "a request in the middle is lost", toBoard: drop(7), retries: [1, 1] },
  { name: "the last request is lost", toBoard: drop(15), retries: [1, 1] },
  { name: "three requests in a row are lost", toBoard: drop(5, 6, 7), retries: [3, 3] },
  { name: "the answer to the parameters is lost", toHost: drop(0), retries: [0, 0] },
  { name: "the first answer is lost", toHost: drop(1), retries: [1, 1] },
  { name: "an answer in the middle is lost", toHost: drop(8), retries: [1, 1] },
  { name: "the last answer is lost, and the server starts over", toHost: drop(15), retries: [1, 1] },
  {
    name: "the last answer is lost, and the server knows the image",
    toHost: drop(15),
    retries: [1, 1],
    imageCheck: true,
  },
  { name: "every request arrives twice", toBoard: twice, retries: [0, 0] },
  { name: "every answer arrives twice", toHost: twice, retries: [0, 0] },
  { name: "both arrive byte by byte", toBoard: oneByOne, toHost: oneByOne, retries: [0, 0] },
  { name: "a log line comes before every answer", toHost: between(LOG), retries: [0, 0] },
  { name: "a log line comes before every frame line", toHost: interleave(LOG), retries: [0, 0] },
  {
    name: "a prompt without a line end is glued to every answer",
    toHost: between("\x1b[1;32muart:~$ \x1b[m"),
    retries: [0, 0],
  },
  { name: "a stray half of a marker comes before every answer", toHost: between("\x06"), retries: [0, 0] },
  { name: "a stray marker comes before every answer", toHost: between("\x06\x09"), retries: [0, 0] },
  { name: "a stray continuation comes before every answer", toHost: between("\x04\x14AAAA\n"), retries: [0, 0] },
  { name: "a frame of length 0 comes before every answer", toHost: between("\x06\x09AAA=\n"), retries: [0, 0] },
  { name: "NUL bytes and 0xff come before every answer", toHost: between("\0\0\xff\xff"), retries: [0, 0] },
  {
    name: "answers end in CR LF",
    toHost: (bytes) => [text(Buffer.from(bytes).toString("latin1").replaceAll("\n", "\r\n"))],
    retries: [0, 0],
  },
  { name: "answers have the length of old servers", toHost: oldLength, retries: [0, 0] },
  { name: "one byte in 2000 is damaged, both ways", toBoard: damage(2_000), toHost: damage(2_000), retries: [3, 12] },
  { name: "one byte in 2000 is lost, both ways", toBoard: lose(2_000), toHost: lose(2_000), retries: [3, 12] },
  { name: "one byte in 2000 is too many, both ways", toBoard: insert(2_000), toHost: insert(2_000), retries: [3, 12] },
];

/** Puts mischief between a link's peer and it. */
function corrupt(link: MemoryLink, mischief: Mischief | undefined, random: Random): void {
  if (!mischief) return;
  const deliver = link.deliver.bind(link);
  let packets = 0;
  link.deliver = (bytes) => {
    const index = bytes[0] === 0x06 ? packets++ : -1;
    for (const piece of mischief(bytes, index, random)) deliver(piece);
  };
}

const IMAGE = plainImage({ version: [2, 0, 0], payloadBytes: 5_000 });

describe("an upload is whole although", () => {
  const cases = FAULTS.flatMap((fault) => [
    [fault.name, fault, false] as const,
    [`${fault.name}, chunks sent ahead`, fault, true] as const,
  ]);
  test.each(cases)("%s", async (_name, fault, sendsAhead) => {
    const store = new ArrayImageStore({ slotBytes: 65_536, ...(fault.imageCheck ? { imageCheck: true } : {}) });
    const bench = smpBench({ store, baudRate: 115_200, session: { sendsAhead }, ...fault.board });
    const random = Random.fromSeed(7);
    corrupt(bench.boardLink, fault.toBoard, random.fork("to board"));
    corrupt(bench.hostLink, fault.toHost, random.fork("to host"));
    const result = await bench.client.upload(IMAGE.file, { imageHash: IMAGE.hash });
    expect(equalBytes(store.bytes(1).subarray(0, IMAGE.file.length), IMAGE.file)).toBe(true);
    expect(result.totalBytes).toBe(IMAGE.file.length);
    const [least, most] = fault.retries;
    expect([result.retries >= least, result.retries <= most, result.retries]).toEqual([true, true, result.retries]);
    expect(result.restarts).toBe(0);
    // One transfer takes about 0.8 s of line time; a lost first chunk is noticed after 60 s, any other after 5 s.
    expect(result.durationUs).toBeLessThan(2_000_000 + 61_000_000 * Math.min(1, most) + 6_500_000 * most);
    expect(bench.handlerErrors).toEqual([]);
  });

  test("there are more than twenty of these", () => {
    expect(FAULTS.length).toBeGreaterThan(20);
  });
});

describe("a board's own trouble in an upload", () => {
  test("an erase that takes 50 s is waited for, and the erase is done once", async () => {
    const store = new ArrayImageStore({ slotBytes: 65_536 });
    const { client, clock } = smpBench({ store });
    const prepare = store.prepare.bind(store);
    store.prepare = async (slot) => {
      await sleep(clock, 50_000);
      await prepare(slot);
    };
    const result = await client.upload(IMAGE.file);
    expect([result.retries, result.firstChunkUs > 50_000_000]).toEqual([0, true]);
  });

  test("an erase longer than the deadline: the late answer is thrown away and the upload resumes", async () => {
    const store = new ArrayImageStore({ slotBytes: 65_536 });
    const { client, clock, session } = smpBench({ store });
    const prepare = store.prepare.bind(store);
    store.flash(
      1,
      IMAGE.file.map((byte) => byte ^ 0xff),
    );
    store.prepare = async (slot) => {
      await sleep(clock, 90_000);
      await prepare(slot);
    };
    const result = await client.upload(IMAGE.file, { firstChunkMs: 60_000 });
    expect(result.retries).toBe(1);
    expect(store.log.filter((entry) => entry === "erase 1")).toHaveLength(1);
    // The chunk's, and that of the echo that asked whether it was lost.
    expect(session.counters.late).toBe(2);
    expect(equalBytes(store.bytes(1).subarray(0, IMAGE.file.length), IMAGE.file)).toBe(true);
  });

  test("a server that drops packets it says it takes gets smaller ones within seconds, not after an erase's deadline", async () => {
    const store = new ArrayImageStore({ slotBytes: 65_536 });
    const { client, clock, session } = smpBench({ store, server: { bufferBytes: 1024 } });
    const params = client.params.bind(client);
    client.params = async (options) => ({ ...(await params(options)), bufferBytes: 4096 });
    const result = await client.upload(IMAGE.file);
    expect(result.packetBytes).toBeLessThan(1024);
    expect(result.retries).toBeLessThanOrEqual(6);
    expect(session.counters.late).toBe(0);
    expect(result.firstChunkUs).toBeLessThan(30_000_000);
    expect(clock.nowUs()).toBeLessThan(30_000_000);
    expect(equalBytes(store.bytes(1).subarray(0, IMAGE.file.length), IMAGE.file)).toBe(true);
  });

  test("a server that takes no packet of an upload is told from a slow one within a minute, with the size and what to do", async () => {
    const { client, clock } = smpBench({ server: { bufferBytes: 80 } });
    const params = client.params.bind(client);
    client.params = async (options) => ({ ...(await params(options)), bufferBytes: 1024 });
    await expect(client.upload(IMAGE.file)).rejects.toMatchObject({
      kind: "timeout",
      message: expect.stringMatching(/answers an echo, but no packet of an upload, down to \d+ bytes/),
      hint: expect.stringContaining("--packet"),
    });
    expect(clock.nowUs()).toBeLessThan(60_000_000);
  });

  test("a board that reset in the middle makes the upload start over, once", async () => {
    const store = new ArrayImageStore({ slotBytes: 65_536 });
    const { client } = smpBench({ store });
    // Erasing by hand ends the server's session, as a reset does.
    let erased = false;
    const onProgress = ({ sentBytes }: { sentBytes: number }) => {
      if (sentBytes < 2_000 || erased) return;
      erased = true;
      pending = client.imageErase();
    };
    let pending: Promise<void> | undefined;
    const result = await client.upload(IMAGE.file, { onProgress });
    await pending;
    expect(result.restarts).toBe(1);
    expect(equalBytes(store.bytes(1).subarray(0, IMAGE.file.length), IMAGE.file)).toBe(true);
  });

  test("a write that fails is told by name, and the next upload starts anew", async () => {
    const store = new ArrayImageStore({ slotBytes: 65_536 });
    const { client, handlerErrors } = smpBench({ store });
    const write = store.write.bind(store);
    let failing = true;
    store.write = async (slot, offset, bytes) => {
      if (failing && offset > 2_000) throw new Error("flash says no");
      await write(slot, offset, bytes);
    };
    await expect(client.upload(IMAGE.file)).rejects.toMatchObject({ refusal: { name: "EUNKNOWN" } });
    expect(handlerErrors).toHaveLength(1);
    failing = false;
    expect((await client.upload(IMAGE.file)).resumedAtBytes).toBe(0);
  });

  test("a chatty log on the same UART costs no retry", async () => {
    const bench = smpBench({ baudRate: 1_000_000 });
    const stop = new AbortController();
    const chatter = (async () => {
      while (!stop.signal.aborted) {
        await bench.board.write(utf8(LOG));
        await sleep(bench.clock, 3);
      }
    })();
    const lines: string[] = [];
    bench.host.onLine((line) => lines.push(line.text));
    const result = await bench.client.upload(IMAGE.file);
    stop.abort();
    await chatter;
    expect(result.retries).toBe(0);
    expect(new Set(lines)).toEqual(new Set(["[00:00:01.234,567] <inf> app: temperature 21.5"]));
  });
});
