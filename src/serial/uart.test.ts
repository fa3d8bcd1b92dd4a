import { expect, test } from "@jest/globals";
import { BenchError, textOf, utf8, VirtualClock } from "../core/index.ts";
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
