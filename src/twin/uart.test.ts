import { describe, expect, test } from "@jest/globals";
import { type Clock, Queue, textOf, utf8, VirtualClock } from "../core/index.ts";
import { type Chunk, type Link, memoryLinks } from "../serial/index.ts";
import { TwinUart } from "./uart.ts";

/** One byte a millisecond. */
const BAUD_RATE = 10_000;

/** A board's UART with power, and what a host sees of it: text and the millisecond of its arrival. */
function bench(baudRate = BAUD_RATE) {
  const clock = new VirtualClock({ auto: false });
  const [host, device] = memoryLinks({ clock });
  const uart = new TwinUart(device, { clock, baudRate });
  const atHost: [number, string][] = [];
  const atBoard: [number, string][] = [];
  void (async () => {
    for await (const chunk of host.chunks) atHost.push([chunk.atUs / 1000, textOf(chunk.bytes)]);
  })();
  uart.onReceive((bytes) => atBoard.push([clock.nowUs() / 1000, textOf(bytes)]));
  uart.powerOn();
  return { clock, host, device, uart, atHost, atBoard };
}

describe("what the twin's UART sends", () => {
  test("arrives when its last bit has left the board, and not before", async () => {
    const { clock, uart, atHost } = bench();
    void uart.write(utf8("hello"));
    await clock.advance(4.999);
    expect(atHost).toEqual([]);
    await clock.advance(0.001);
    expect(atHost).toEqual([[5, "hello"]]);
  });

  test("goes out one write after the other, however fast they were asked for", async () => {
    const { clock, uart, atHost } = bench();
    void uart.write(utf8("hello"));
    void uart.write(utf8("you"));
    await clock.advance(20);
    expect(atHost).toEqual([
      [5, "hello"],
      [8, "you"],
    ]);
  });

  test("holds firmware that prints by polling until the last bit is out", async () => {
    const { clock, uart } = bench();
    const done: number[] = [];
    void uart.write(utf8("hello")).then(() => done.push(clock.nowUs()));
    await clock.advance(4.999);
    expect(done).toEqual([]);
    await clock.advance(1);
    expect(done).toEqual([5000]);
  });

  test("is cut off by a power cut after the last whole byte, and the writer is let go", async () => {
    const { clock, uart, atHost } = bench();
    const done: string[] = [];
    void uart.write(utf8("0123456789")).then(() => done.push("first"));
    void uart.write(utf8("never sent")).then(() => done.push("second"));
    await clock.advance(4.5);
    uart.powerOff();
    await clock.advance(20);
    expect(atHost.map(([, text]) => text)).toEqual(["0123"]);
    expect(done).toEqual(["first", "second"]);
  });

  test("is nothing at all while there is no power, and nobody waits for it", async () => {
    const { clock, uart, atHost } = bench();
    uart.powerOff();
    await uart.write(utf8("dead"));
    await clock.advance(20);
    expect(atHost).toEqual([]);
  });

  test("does not wait after a power cycle for what the cut swallowed", async () => {
    const { clock, uart, atHost } = bench();
    void uart.write(utf8("a line that takes its time"));
    await clock.advance(0.5);
    uart.powerOff();
    uart.powerOn();
    void uart.write(utf8("new"));
    await clock.advance(20);
    expect(atHost).toEqual([[3.5, "new"]]);
  });

  test("is lost beyond a backlog of one mebibyte, and goes on once there is room again", async () => {
    const { clock, uart, atHost } = bench(1_000_000);
    void uart.write(new Uint8Array(1 << 20));
    await uart.write(utf8("lost"));
    await clock.advance(1000);
    void uart.write(utf8("kept"));
    await clock.advance(20_000);
    expect(atHost.map(([, text]) => text.length)).toEqual([1 << 20, 4]);
    expect(atHost.at(-1)?.[1]).toBe("kept");
  });

  test("goes into the void when the host is gone", async () => {
    const { clock, uart, device } = bench();
    device.vanish();
    const done: string[] = [];
    void uart.write(utf8("hello")).then(() => done.push("sent"));
    await clock.advance(10);
    expect(done).toEqual(["sent"]);
    await uart.ended;
  });
});

describe("what the twin's UART receives", () => {
  test("takes its time on the wire, one piece after the other", async () => {
    const { clock, host, atBoard } = bench();
    void host.write(utf8("abc"));
    void host.write(utf8("de"));
    await clock.advance(20);
    expect(atBoard).toEqual([
      [3, "abc"],
      [5, "de"],
    ]);
  });

  test("is lost while the board has no power", async () => {
    const { clock, host, uart, atBoard } = bench();
    uart.powerOff();
    void host.write(utf8("abc"));
    await clock.advance(5);
    uart.powerOn();
    await clock.advance(5);
    expect(atBoard).toEqual([]);
  });

  test("never reaches the next boot when it was on its way before a cut", async () => {
    const { clock, host, uart, atBoard } = bench();
    void host.write(utf8("to the old boot"));
    await clock.advance(2);
    uart.powerOff();
    uart.powerOn();
    void host.write(utf8("new"));
    await clock.advance(50);
    expect(atBoard).toEqual([[5, "new"]]);
  });

  test("goes to nobody any more once the listener is taken away", async () => {
    const { clock, host, uart } = bench();
    const heard: string[] = [];
    const stop = uart.onReceive((bytes) => heard.push(textOf(bytes)));
    stop();
    void host.write(utf8("abc"));
    await clock.advance(20);
    expect(heard).toEqual([]);
  });
});

test("bytes keep their order on a machine whose alarms come late and out of order", async () => {
  const alarms: (() => void)[] = [];
  let nowUs = 0;
  const late: Clock = {
    kind: "real",
    nowUs: () => nowUs,
    at: (_, wake) => {
      alarms.unshift(wake);
      return () => undefined;
    },
    whileReal: (work) => work(),
  };
  const sent: string[] = [];
  const arrived = new Queue<Chunk>();
  const link: Link = {
    name: "line",
    chunks: arrived,
    write: async (bytes) => void sent.push(textOf(bytes)),
    [Symbol.asyncDispose]: async () => arrived.end(),
  };
  const uart = new TwinUart(link, { clock: late, baudRate: 1_000_000 });
  uart.powerOn();
  const received: string[] = [];
  uart.onReceive((bytes) => received.push(textOf(bytes)));
  for (const text of ["one", "two", "three"]) {
    void uart.write(utf8(text));
    arrived.push({ atUs: 0, bytes: utf8(text) });
  }
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  nowUs = 1_000_000;
  for (const wake of alarms) wake();
  expect([sent, received]).toEqual([
    ["one", "two", "three"],
    ["one", "two", "three"],
  ]);
  await uart[Symbol.asyncDispose]();
});
