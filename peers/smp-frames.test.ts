import { afterEach, describe, expect, test } from "@jest/globals";
import { Cleanup, concat, hex, RealClock, sleep, utf8 } from "../src/core/index.ts";
import { type Link, memoryLinks, openSerialPort, openTcp, Uart } from "../src/serial/index.ts";
import {
  ConsoleTransport,
  encodeConsoleLines,
  osHandlers,
  RecoveryServer,
  SmpClient,
  SmpServer,
  SmpSession,
} from "../src/smp/index.ts";
import { ArrayRecovery } from "../src/smp/testing/array-recovery.ts";
import { ArrayImageStore } from "../src/smp/testing/array-store.ts";
import { M44_FACTS } from "../src/smp/testing/bench.ts";
import { request } from "./smp-compare.ts";
import { emulatedServer, missingFor, nativeServer } from "./smp-servers.ts";

const required = process.env["HIL_PEERS_SERVERS"] === "required";
const clock = new RealClock();
let closing = new Cleanup();
afterEach(async () => {
  await closing[Symbol.asyncDispose]();
  closing = new Cleanup();
});

/** A request that every server answers: console echo on MCUboot is a write, parameters on Zephyr a read. */
type Frames = (sequence: number, bytes?: number) => Uint8Array[];

const LF = Uint8Array.of(0x0a);
const lineOf = (marker: number[], text: string) => concat(Uint8Array.from(marker), utf8(text), LF);
const textOf = (line: Uint8Array) => Buffer.from(line.subarray(2, -1)).toString("latin1");

/** Streams of every odd kind; each is followed by a good frame, which must be answered. */
function streams(frames: Frames): readonly (readonly [string, Uint8Array])[] {
  const one = frames(1)[0] ?? LF;
  const [first = LF, second = LF, third = LF] = frames(1, 200);
  const all = concat(first, second, third);
  const text = textOf(one);
  const flipped = (at: number) => concat(one.subarray(0, at), Uint8Array.of((one[at] ?? 0) ^ 1), one.subarray(at + 1));
  return [
    ["a frame", one],
    ["a frame of three lines", all],
    ["a line feed before", concat(LF, one)],
    ["CR LF before", concat(utf8("\r\n"), one)],
    ["a line of text before", concat(utf8("hello there\n"), one)],
    ["text on its line", concat(utf8("uart:~$ "), one)],
    ["half a marker on its line", concat(Uint8Array.of(0x06), one)],
    ["the other half on its line", concat(Uint8Array.of(0x04), one)],
    ["NUL on its line", concat(Uint8Array.of(0), one)],
    ["a carriage return at its end", concat(one.subarray(0, -1), utf8("\r\n"))],
    ["a blank at its end", concat(one.subarray(0, -1), utf8(" \n"))],
    ["a blank in it", lineOf([6, 9], `${text.slice(0, 8)} ${text.slice(8)}`)],
    ["a letter that is none", lineOf([6, 9], `${text.slice(0, 8)}*${text.slice(9)}`)],
    ["no padding", lineOf([6, 9], text.replace(/=+$/, ""))],
    ["a bit of its length", flipped(3)],
    ["a bit of its body", flipped(12)],
    ["the marker alone", lineOf([6, 9], "")],
    ["a continuation without a start", lineOf([4, 20], text)],
    ["markers crossed", lineOf([6, 20], text)],
    ["a line of text between", concat(first, utf8("log text\n"), second, third)],
    ["text on a line between", concat(first, utf8("log "), second, third)],
    ["a new start in the middle", concat(first, second, one)],
    ["the second line missing", concat(first, third)],
    ["the second line twice", concat(first, second, second, third)],
    ["the last line twice", concat(all, third)],
    ["lines swapped", concat(first, third, second)],
    ["lines of 4 characters", inLines(text, 4)],
    ["lines of 8 characters", inLines(text, 8)],
    ["lines of 10 characters", inLines(text, 10)],
    ["a line of 128 characters", concat(lineOf([6, 9], textOf(first) + textOf(second).slice(0, 4)), LF)],
    ["a long line of text before", concat(utf8(`${"x".repeat(600)}\n`), one)],
  ];
}

function inLines(text: string, characters: number): Uint8Array {
  const lines: Uint8Array[] = [];
  for (let at = 0; at < text.length; at += characters) {
    lines.push(lineOf(at === 0 ? [6, 9] : [4, 20], text.slice(at, at + characters)));
  }
  return concat(...lines);
}

/** The sequence numbers that are answered to a stream, and to a good frame after it. */
async function answered(uart: Uart, transport: ConsoleTransport, stream: Uint8Array, good: Uint8Array, waitMs: number) {
  const found: string[] = [];
  const stop = transport.onPacket(({ bytes }) => found.push(hex(bytes.subarray(6, 7))));
  // Line by line, as a UART brings them: a burst overruns the line buffers of the real one.
  for (const line of linesOf(stream)) {
    await uart.write(line);
    await sleep(clock, 12);
  }
  await sleep(clock, waitMs);
  await uart.write(good);
  for (let waited = 0; waited < 3_000 && found.at(-1) !== "09"; waited += 20) await sleep(clock, 20);
  stop();
  return found.join(" ");
}

function linesOf(stream: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  for (let at = 0; at < stream.length; ) {
    const end = stream.indexOf(0x0a, at);
    const next = end < 0 ? stream.length : end + 1;
    lines.push(stream.subarray(at, next));
    at = next;
  }
  return lines;
}

/** What the two answer differently, and which streams theirs answers by the good frame alone. */
async function compared(theirLink: Link, ourLink: Link, frames: Frames, waitMs: number) {
  const ends = [theirLink, ourLink].map((link) => {
    const uart = closing.use("uart", Uart.open(link, { clock }));
    return { uart, transport: new ConsoleTransport(uart, { clock }) };
  });
  const differences: string[] = [];
  const lost: string[] = [];
  const good = concat(...frames(9));
  for (const [name, stream] of streams(frames)) {
    const both: string[] = [];
    for (const { uart, transport } of ends) both.push(await answered(uart, transport, stream, good, waitMs));
    if (both[0] !== both[1]) differences.push(`${name}: theirs answers "${both[0]}", ours "${both[1]}"`);
    if (both[0] === "09") lost.push(name);
  }
  return { differences, lost };
}

function framesOf(make: (sequence: number, bytes: number) => Uint8Array): Frames {
  return (sequence, bytes = 7) => encodeConsoleLines(make(sequence, bytes));
}

const withSequence = (packet: Uint8Array, sequence: number) => {
  const out = packet.slice();
  out[6] = sequence;
  return out;
};

describe("which frames a server takes out of a stream", () => {
  const test_ = (kind: "native" | "qemu", name: string, body: () => Promise<void>) => {
    const missing = missingFor(kind);
    if (missing === undefined || required) test(name, body, 120_000);
    else test.skip(`${name}: ${missing}`, body);
  };

  test_("native", "ours takes what Zephyr's UART takes", async () => {
    const { path } = closing.use("server", await nativeServer("serial_bigrx", clock));
    const theirs = await openSerialPort(path, { baudRate: 115_200, clock });
    const [host, board] = memoryLinks({ clock, baudRate: 1_000_000 });
    const facts = { ...M44_FACTS, bufferBytes: 384, bufferCount: 4, reset: () => undefined };
    const own = Uart.open(board, { clock });
    const transport = new ConsoleTransport(own, { clock, lines: "zephyr", packetBytesMax: 380 });
    closing.use("ours", new SmpServer({ transport, handlers: osHandlers(facts) }));
    const echo = framesOf((sequence, bytes) => withSequence(request({}, { d: "x".repeat(bytes) }), sequence));
    expect(await compared(theirs, host, echo, 60)).toEqual({ differences: [], lost: LOST });
  });

  test_("qemu", "ours takes what MCUboot's serial recovery takes", async () => {
    const { port } = closing.use("server", await emulatedServer("mps2 recovery", clock));
    await sleep(clock, 3_000);
    const theirs = await openTcp({ host: "127.0.0.1", port, clock });
    const first = Uart.open({ ...borrowed(theirs) }, { clock });
    await new SmpClient(new SmpSession(new ConsoleTransport(first, { clock }), { clock })).reset({ bootMode: 1 });
    await sleep(clock, 3_000);
    const [host, board] = memoryLinks({ clock, baudRate: 1_000_000 });
    const transport = new ConsoleTransport(Uart.open(board, { clock }), { clock, lines: "mcuboot" });
    const store = new ArrayRecovery(new ArrayImageStore({ slotBytes: 8_192 }));
    closing.use("ours", new RecoveryServer({ transport, store, reset: () => undefined }));
    const echo = framesOf((sequence, bytes) => withSequence(request({ id: 1 }, { echo: "x".repeat(bytes) }), sequence));
    expect(await compared(theirs, host, echo, 150)).toEqual({
      differences: [],
      lost: LOST.toSpliced(4, 0, "a carriage return at its end"),
    });
  });
});

/** What every server loses, the good frame after it not. */
const LOST: readonly string[] = [
  "text on its line",
  "half a marker on its line",
  "the other half on its line",
  "NUL on its line",
  "a blank in it",
  "a letter that is none",
  "no padding",
  "a bit of its length",
  "a bit of its body",
  "the marker alone",
  "a continuation without a start",
  "markers crossed",
  "text on a line between",
  "the second line missing",
  "the second line twice",
  "lines swapped",
  "lines of 10 characters",
  "a line of 128 characters",
];

/** The same link, for one who does not close it. */
function borrowed(link: Link): Link {
  return {
    name: link.name,
    chunks: link.chunks,
    write: (bytes) => link.write(bytes),
    [Symbol.asyncDispose]: async () => {},
  };
}
