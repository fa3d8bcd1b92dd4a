import { describe, expect, test } from "@jest/globals";
import { concat, fromHex, sleep, utf8, VirtualClock } from "../../core/index.ts";
import { memoryLinks, Uart } from "../../serial/index.ts";
import { readFile } from "../groups/file-system.ts";
import { imageState } from "../groups/image.ts";
import { echo, osReset, params } from "../groups/os.ts";
import { statistics } from "../groups/statistics.ts";
import { type CborMap, encodeMap } from "../packet/cbor.ts";
import { decodeSmpHeader, encodeSmpHeader, type SmpHeader } from "../packet/header.ts";
import { encodeConsoleLines } from "../transport/console-framing.ts";
import { ConsoleTransport } from "../transport/console-transport.ts";
import type { Exchange, SessionOptions } from "./exchange.ts";
import { SmpSession } from "./session.ts";

interface Asked {
  readonly header: SmpHeader;
  /** Sends an answer; what is not given is as it should be. */
  readonly answer: (body: CborMap | Uint8Array, change?: Partial<SmpHeader>) => Promise<void>;
}

/** A session whose board is a function: called with each request, free to answer as it likes. */
function rig(board: (asked: Asked, index: number) => unknown, options: Partial<SessionOptions> = {}) {
  const clock = new VirtualClock();
  const [hostLink, boardLink] = memoryLinks({ clock, baudRate: 115_200, names: ["VCOM1", "board"] });
  const host = Uart.open(hostLink, { clock });
  const transport = new ConsoleTransport(Uart.open(boardLink, { clock }), { clock });
  const asked: SmpHeader[] = [];
  transport.onPacket(({ bytes }) => {
    const header = decodeSmpHeader(bytes);
    if (!header) return;
    asked.push(header);
    const answer = (body: CborMap | Uint8Array, change: Partial<SmpHeader> = {}) => {
      const payload = body instanceof Uint8Array ? body : encodeMap(body, "indefinite");
      const fields = { ...header, op: header.op + 1, length: payload.length, ...change };
      return transport.send(concat(encodeSmpHeader(fields), payload));
    };
    board({ header, answer }, asked.length - 1);
  });
  const session = new SmpSession(new ConsoleTransport(host, { clock }), { clock, ...options });
  const exchanges: Exchange[] = [];
  session.onExchange((exchange) => exchanges.push(exchange));
  return { clock, hostLink, boardLink, host, session, asked, exchanges };
}

const say = (text: string) => ({ d: text });

describe("a field that cannot be what it says", () => {
  test.each([
    ["a length beyond 2^53", { off: 0, data: Uint8Array.of(1), len: 2n ** 60n }],
    ["an offset beyond 2^53", { off: 2n ** 63n, data: Uint8Array.of(1), len: 1 }],
    ["nothing where a number must be", { off: null, data: Uint8Array.of(1), len: 1 }],
    ["a code beyond 2^53", { rc: 2n ** 60n }],
    ["nothing as a code", { rc: null }],
    ["nothing as a group's code", { err: { group: 8, rc: null } }],
  ])("is the board's fault, and exit 1: %s", async (_, body) => {
    const { session } = rig(({ answer }) => answer(body));
    await expect(session.request(readFile, { name: "/a", off: 0 })).rejects.toMatchObject({
      kind: "protocol",
      exitCode: 1,
    });
  });

  test("is none in a statistic, whose 64 bits are kept", async () => {
    const { session } = rig(({ answer }) => answer({ name: "a", fields: { ticks: 2n ** 60n } }));
    expect((await session.request(statistics, { name: "a" })).fields).toEqual({ ticks: 2n ** 60n });
  });
});

describe("answers of every generation", () => {
  test.each([
    ["version 2", { err: { group: 1, rc: 28 } }, "image list refused: IMAGE_ALREADY_PENDING (group 1, code 28)."],
    ["Zephyr 3.4", { ret: { group: 1, rc: 28 } }, "image list refused: IMAGE_ALREADY_PENDING (group 1, code 28)."],
    ["version 1", { rc: 6 }, "image list refused: EBADSTATE (rc 6)."],
    ["a verbose version 1", { rc: 6, rsn: "no slot" }, 'EBADSTATE (rc 6). The board says: "no slot".'],
    ["an unknown group", { err: { group: 100, rc: 3 } }, "image list refused: UNKNOWN_3 (group 100, code 3)."],
    ["both", { rc: 1, err: { group: 1, rc: 9 } }, "image list refused: NO_FREE_SLOT (group 1, code 9)."],
  ])("an error of %s is told by name", async (_name, body, text) => {
    const { session } = rig(({ answer }) => answer(body));
    await expect(session.request(imageState, {})).rejects.toThrow(text);
  });

  test.each([
    ["rc 0 beside the answer", { rc: 0, images: [] }],
    ["an err of 0", { err: { group: 1, rc: 0 }, images: [] }],
    ["a number called ret", { ret: 5, images: [] }],
    ["keys nobody knows", { images: [], more: [1] }],
  ])("%s is success", async (_name, body) => {
    const { session } = rig(({ answer }) => answer(body));
    expect(await session.request(imageState, {})).toEqual({ images: [] });
  });

  test("no payload at all is an empty answer", async () => {
    const { session } = rig(({ answer }) => answer(new Uint8Array()));
    expect(await session.request(osReset, {})).toEqual({});
  });

  test.each([
    [
      "a payload that is no map",
      fromHex("8101"),
      "the answer to mcumgr parameters makes no sense: no map at byte 0. It is 8101.",
    ],
    ["a field of another type", encodeMap({ buf_size: "x" }), "buf_size: an unsigned integer wanted, text"],
    ["a field that is missing", encodeMap({ buf_size: 3 }), "buf_count: an unsigned integer wanted, nothing found"],
  ])("%s is an error that shows it", async (_name, payload, text) => {
    const { session } = rig(({ answer }) => answer(payload));
    await expect(session.request(params, {})).rejects.toMatchObject({
      kind: "protocol",
      message: expect.stringContaining(text),
    });
  });

  test("an answer in another version or with flags is taken", async () => {
    const { session } = rig(({ answer }) => answer({ r: "x" }, { version: 0, flags: 9, reserved: 1 }));
    expect(await session.request(echo, say("x"))).toEqual({ r: "x" });
  });
});

describe("sequence numbers", () => {
  test("count from the first, wrap after 255, and every answer finds its request", async () => {
    const { session, asked } = rig(({ answer, header }) => answer({ r: `${header.sequence}` }), { firstSequence: 254 });
    for (const sequence of ["254", "255", "0", "1"])
      expect(await session.request(echo, say("x"))).toEqual({ r: sequence });
    expect(asked.map((header) => header.version)).toEqual([1, 1, 1, 1]);
  });

  test.each([
    ["another sequence", { sequence: 99 }, "stray"],
    ["another group", { group: 5 }, "stray"],
    ["another command", { id: 9 }, "stray"],
    ["the op of a read", { op: 1 }, "stray"],
    ["the op of a request: our own bytes come back", { op: 2 }, "echoed"],
  ] as const)("an answer with %s is not taken for ours", async (_name, change, counter) => {
    const { session } = rig(async ({ answer }) => {
      await answer({ r: "wrong" }, change);
      await answer({ r: "right" });
    });
    expect(await session.request(echo, say("x"))).toEqual({ r: "right" });
    expect(session.counters[counter]).toBe(1);
  });

  test("a second answer to one request is thrown away, and told to who observes", async () => {
    const { session, clock, exchanges } = rig(async ({ answer }) => {
      await answer({ r: "one" });
      await answer({ r: "two" });
    });
    expect(await session.request(echo, say("x"))).toEqual({ r: "one" });
    await sleep(clock, 100);
    expect(session.counters.duplicate).toBe(1);
    expect(exchanges.map((exchange) => exchange.kind)).toEqual(["request", "answer", "dropped"]);
  });
});

describe("a request without an answer", () => {
  test("is sent again with a new number after a line feed and silence, and a late answer is no answer", async () => {
    const { session, clock, asked } = rig(async ({ answer, header }, index) => {
      if (index === 0) await sleep(clock, 3_050);
      await answer({ r: `${header.sequence}` });
    });
    const answered = await session.exchange(echo, say("x"));
    expect(answered).toMatchObject({ answer: { r: "1" }, attempts: 2 });
    expect(asked.map((header) => header.sequence)).toEqual([0, 1]);
    expect(session.counters.late).toBe(1);
  });

  test("is given up after the row's retries, and the text says what was awaited, how often, and what came", async () => {
    const { session, asked } = rig(() => undefined);
    await expect(session.request(echo, say("x"))).rejects.toMatchObject({
      kind: "timeout",
      awaited: "the answer to echo on VCOM1, asked 4 times",
      message: expect.stringContaining("asked 4 times. Nothing came."),
      hint: expect.stringContaining("mass-storage"),
    });
    expect(asked).toHaveLength(4);
  });

  test("that may not be repeated is sent once", async () => {
    const { session, asked } = rig(() => undefined);
    await expect(session.request(osReset, {}, { timeoutMs: 100 })).rejects.toMatchObject({ kind: "timeout" });
    expect(asked).toHaveLength(1);
  });

  test.each([
    ["log text", "\r\n*** Booting Zephyr OS ***\r\n", '29 bytes came, last "*** Booting Zephyr OS ***".'],
    [
      "garbage of another baud rate",
      "\xfe\x80\xf8\xfe\x00\xff",
      "6 bytes came that are neither text nor a frame, last fe80f8fe00ff.",
    ],
  ])("says so when %s came instead", async (_name, bytes, text) => {
    const { session, boardLink } = rig(() => boardLink.write(Uint8Array.from(Buffer.from(bytes, "latin1"))));
    await expect(session.request(osReset, {})).rejects.toThrow(text);
  });

  test("plays the cure for a latched shell from the second timeout on", async () => {
    const { session, boardLink } = rig(() => undefined);
    const typed: string[] = [];
    const device = Uart.open(boardLink, { clock: session.clock });
    device.onBytes(({ bytes }) => typed.push(Buffer.from(bytes).toString("hex")));
    await expect(session.request(echo, say("x"), { retries: 2, timeoutMs: 50 })).rejects.toThrow("asked 3 times");
    expect(typed.filter((bytes) => bytes.length === 2)).toEqual(["0a", "09", "0a", "14", "0a"]);
  });

  test("waits for silence at most a second when the log never stops", async () => {
    const { session, clock, boardLink, asked } = rig(({ answer }, index) => index === 1 && answer({ r: "x" }));
    const stop = new AbortController();
    const chatter = (async () => {
      while (!stop.signal.aborted) {
        await boardLink.write(utf8("<inf> tick\r\n"));
        await sleep(clock, 50);
      }
    })();
    await session.request(echo, say("x"), { timeoutMs: 500 });
    expect(clock.nowUs()).toBeLessThan(1_800_000);
    expect(asked).toHaveLength(2);
    stop.abort();
    await chatter;
  });
});

describe("giving up", () => {
  test("a signal ends the wait with its reason and leaves the session usable", async () => {
    const { session, clock } = rig(({ answer }, index) => index > 0 && answer({ r: "x" }));
    const stop = new AbortController();
    const refused = expect(session.request(echo, say("x"), { signal: stop.signal })).rejects.toThrow("enough");
    await sleep(clock, 20);
    stop.abort(new Error("enough"));
    await refused;
    expect(await session.request(echo, say("x"))).toEqual({ r: "x" });
  });

  test("a signal that came before sends nothing", async () => {
    const { session, asked } = rig(() => undefined);
    await expect(session.request(echo, say("x"), { signal: AbortSignal.abort(new Error("no")) })).rejects.toThrow("no");
    expect(asked).toEqual([]);
  });

  test("a port that vanishes ends every wait with its error, and later requests too", async () => {
    const { session, clock, hostLink } = rig(() => undefined);
    const refused = expect(session.request(echo, say("x"))).rejects.toMatchObject({ kind: "bench" });
    await sleep(clock, 20);
    hostLink.vanish();
    await refused;
    await expect(session.request(echo, say("x"))).rejects.toThrow("VCOM1 vanished.");
  });

  test("a closed session refuses requests and leaves the UART to its owner", async () => {
    const { session, host } = rig(() => undefined);
    await session[Symbol.asyncDispose]();
    await expect(session.request(echo, say("x"))).rejects.toThrow("VCOM1 is closed.");
    await host.write(utf8("\n"));
  });
});

describe("requests at once", () => {
  test("go one after the other with the usual window", async () => {
    let inFlight = 0;
    let most = 0;
    const { session, clock } = rig(async ({ answer, header }) => {
      inFlight += 1;
      most = Math.max(most, inFlight);
      await sleep(clock, 30);
      inFlight -= 1;
      await answer({ r: `${header.sequence}` });
    });
    const answers = await Promise.all(["a", "b", "c"].map((text) => session.request(echo, say(text))));
    expect(answers).toEqual([{ r: "0" }, { r: "1" }, { r: "2" }]);
    expect(most).toBe(1);
  });

  test("go together as the window says, answered in any order", async () => {
    const held: (() => unknown)[] = [];
    const { session } = rig(
      ({ answer, header }) => {
        held.unshift(() => answer({ r: `${header.sequence}` }));
        if (held.length === 3)
          void (async () => {
            for (const release of held) await release();
          })();
      },
      { window: 3 },
    );
    const answers = await Promise.all(["a", "b", "c"].map((text) => session.request(echo, say(text))));
    expect(answers).toEqual([{ r: "0" }, { r: "1" }, { r: "2" }]);
  });

  test("one that gives up its turn lets the next one go", async () => {
    const { session, clock } = rig(async ({ answer }) => {
      await sleep(clock, 50);
      await answer({ r: "x" });
    });
    const stop = new AbortController();
    const first = session.request(echo, say("a"));
    const second = expect(session.request(echo, say("b"), { signal: stop.signal })).rejects.toThrow("no");
    const third = session.request(echo, say("c"));
    stop.abort(new Error("no"));
    await second;
    expect(await Promise.all([first, third])).toEqual([{ r: "x" }, { r: "x" }]);
  });
});

describe("pacing", () => {
  test.each([
    [{ pauseMs: 5 }, 127],
    [{ everyBytes: 64, pauseMs: 1 }, 64],
  ])("%o cuts a packet into pieces with pauses between", async (pacing, bytesMax) => {
    const clock = new VirtualClock();
    const [hostLink, boardLink] = memoryLinks({ clock });
    const pieces: number[] = [];
    Uart.open(boardLink, { clock }).onBytes(({ bytes }) => pieces.push(bytes.length));
    const transport = new ConsoleTransport(Uart.open(hostLink, { clock }), { clock, pacing });
    const packet = new Uint8Array(380);
    await transport.send(packet);
    await sleep(clock, 1);
    expect(Math.max(...pieces)).toBe(bytesMax);
    expect(pieces.reduce((sum, count) => sum + count)).toBe(concat(...encodeConsoleLines(packet)).length);
    expect(clock.nowUs()).toBe(((pieces.length - 1) * pacing.pauseMs + 1) * 1_000);
  });
});
