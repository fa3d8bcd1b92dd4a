import { expect, test } from "@jest/globals";
import { BenchError, type Clock, Queue, Random, textOf, utf8, VirtualClock } from "../core/index.ts";
import type { Chunk } from "./link.ts";
import { memoryLinks } from "./memory.ts";
import type { FrameLine } from "./recogniser.ts";
import { Uart } from "./uart.ts";

function rig() {
  const clock = new VirtualClock({ auto: false });
  const [host, device] = memoryLinks({ clock, baudRate: 1_000_000 });
  return { clock, host, device, uart: Uart.open(host, { clock }) };
}

test("raw bytes reach their observers before any line made of them does", async () => {
  const { clock, device, uart } = rig();
  const seen: string[] = [];
  uart.onLine((line) => seen.push(`line ${line.text} at ${line.atUs}`));
  uart.onBytes((chunk) => seen.push(`bytes ${textOf(chunk.bytes).trim()} at ${chunk.atUs}`));
  void device.write(utf8("hello\n"));
  await clock.advance(1);
  expect(seen).toEqual(["bytes hello at 60", "line hello at 60"]);
  expect(uart.lastLine).toEqual({ atUs: 60, text: "hello" });
});

test("a recogniser added later gets the frames from then on", async () => {
  const { clock, device, uart } = rig();
  const frames: FrameLine[] = [];
  const remove = uart.addRecogniser({
    name: "smp",
    markers: [[0x06, 0x09]],
    lineBytesMax: 127,
    accept: (line) => frames.push(line),
  });
  void device.write(utf8("\x06\x09AAAA\n"));
  await clock.advance(1);
  remove();
  void device.write(utf8("\x06\x09BBBB\n"));
  await clock.advance(1);
  expect(frames.map((frame) => textOf(frame.bytes))).toEqual(["\x06\x09AAAA\n"]);
  expect(uart.counters.frames).toBe(1);
});

test("an observer taken away hears nothing more", async () => {
  const { clock, device, uart } = rig();
  const lines: string[] = [];
  const stop = uart.onLine((line) => lines.push(line.text));
  void device.write(utf8("one\n"));
  await clock.advance(1);
  stop();
  void device.write(utf8("two\n"));
  await clock.advance(1);
  expect(lines).toEqual(["one"]);
});

test("closing ends the UART without a reason, after its last unfinished line", async () => {
  const { clock, device, uart } = rig();
  const seen: unknown[] = [];
  uart.onLine((line) => seen.push(line.text));
  uart.onEnd((reason) => seen.push(["end", reason]));
  void device.write(utf8("uart:~$ "));
  await clock.advance(1);
  expect(uart.pending).toBe("uart:~$ ");
  await uart[Symbol.asyncDispose]();
  expect(seen).toEqual(["uart:~$ ", ["end", undefined]]);
});

test("a link that vanishes ends the UART with its reason, also for who asks afterwards", async () => {
  const { clock, host, uart } = rig();
  const reasons: unknown[] = [];
  uart.onEnd((reason) => reasons.push(reason));
  host.vanish();
  await clock.advance(1);
  uart.onEnd((reason) => reasons.push(reason));
  expect(reasons).toEqual([expect.any(BenchError), expect.any(BenchError)]);
  await expect(uart.write(utf8("x"))).rejects.toThrow("host is closed");
});

test("an observer that throws stops nobody else, and its error comes out on closing", async () => {
  const { clock, device, uart } = rig();
  const lines: string[] = [];
  uart.onLine(() => {
    throw new Error("observer is broken");
  });
  uart.onLine((line) => lines.push(line.text));
  void device.write(utf8("one\ntwo\n"));
  await clock.advance(1);
  expect(lines).toEqual(["one", "two"]);
  await expect(uart[Symbol.asyncDispose]()).rejects.toThrow("observer is broken");
});

test("what is written crosses the link as it is", async () => {
  const { clock, device, uart } = rig();
  const writing = uart.write(utf8("reset\n"));
  await clock.advance(1);
  await writing;
  for await (const chunk of device.chunks) {
    expect(textOf(chunk.bytes)).toBe("reset\n");
    break;
  }
});

/** Bytes that queued up while nobody could take them, on a clock on which a look at it takes 10 us. */
async function queuedUp(kind: Clock["kind"], chunks: readonly Uint8Array[]) {
  const arrived = new Queue<Chunk>();
  for (const [index, bytes] of chunks.entries()) arrived.push({ atUs: index, bytes });
  arrived.end();
  let nowUs = 0;
  let turns = 0;
  const clock: Clock = {
    kind,
    nowUs: () => (nowUs += 10),
    at(_, wake) {
      turns += 1;
      queueMicrotask(() => wake());
      return () => undefined;
    },
    whileReal: (work) => work(),
  };
  const link = {
    name: "queue",
    chunks: arrived,
    write: async () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  };
  const uart = Uart.open(link, { clock });
  const heard = { lines: [] as unknown[], bytes: [] as number[], byTurn: new Map<number, number>() };
  uart.onLine((line) => void heard.lines.push(line));
  uart.onBytes(({ bytes }) => {
    for (const byte of bytes) heard.bytes.push(byte);
    heard.byTurn.set(turns, (heard.byTurn.get(turns) ?? 0) + bytes.length);
  });
  await new Promise<void>((resolve) => void uart.onEnd(() => resolve()));
  return { ...heard, turns };
}

test("a megabyte that came at once is taken a few kilobytes a turn, and every line keeps its place and its time", async () => {
  const random = Random.fromSeed(1);
  const chunks = Array.from({ length: 40 }, (_, index) =>
    index === 7 ? random.bytes(1_000_000) : utf8(`line ${index}\nhalf `),
  );
  const whole = await queuedUp("virtual", chunks);
  const inTurns = await queuedUp("real", chunks);
  expect(whole.turns).toBe(0);
  expect(inTurns.turns).toBeGreaterThan(240);
  expect(Math.max(...inTurns.byTurn.values())).toBeLessThanOrEqual(2 * 4096);
  // The line that never ended comes when the link is closed.
  expect(inTurns.lines.slice(0, -1)).toEqual(whole.lines.slice(0, -1));
  expect(inTurns.lines.length).toBe(whole.lines.length);
  expect(Buffer.from(inTurns.bytes).equals(Buffer.from(whole.bytes))).toBe(true);
});
