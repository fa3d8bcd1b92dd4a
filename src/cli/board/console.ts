import { openBoardPort } from "../../board/index.ts";
import { Cleanup, EXIT, isKind, RealClock, sleep, UsageError, whenAborted } from "../../core/index.ts";
import type { Link } from "../../serial/index.ts";
import { type OptionRows, parseArguments } from "../terminal/arguments.ts";
import type { CliIo, Keyboard } from "../terminal/io.ts";
import { stampedLines } from "./console-stamps.ts";
import { BOARD_OPTION, leaseBoard, namedProfile } from "./option.ts";

const OPTIONS = {
  ...BOARD_OPTION,
  net: { type: "boolean", describe: "the network core's UART (default: the application core's)" },
  timestamps: { type: "boolean", describe: "put the time since the start before each line" },
  seconds: { type: "string", describe: "leave after this long (default: when you do)" },
} as const satisfies OptionRows;

/** Ctrl-] as in telnet, and Ctrl-C: the byte is not sent. */
const LEAVE_KEYS: readonly number[] = [0x1d, 0x03];

/** `hil board console`: a board's UART in both directions, byte for byte. No power moves. */
export async function boardConsoleCommand(argv: readonly string[], io: CliIo): Promise<number> {
  const args = parseArguments(io, argv, "hil board console [options]", OPTIONS, 0);
  if (!args) return EXIT.pass;
  const seconds = args.number("seconds");
  if (seconds !== undefined && seconds < 0) throw new UsageError("--seconds wants a number from 0 on.");
  const loaded = await namedProfile(args, io);
  const clock = new RealClock();
  await using closing = new Cleanup();
  await leaseBoard(loaded, io, closing);
  const link = closing.use("port", await openBoardPort(loaded, args.flag("net") ? "net" : "app", clock));
  const keyboard = io.openKeyboard?.();
  if (keyboard) closing.use("keyboard", keyboard);
  const how = keyboard?.isTty ? "Ctrl-] leaves" : "Ctrl-C leaves";
  io.err(`${link.name}, ${loaded.profile.ports[args.flag("net") ? "net" : "app"]?.baudRate} baud. ${how}.\n`);
  const left = new AbortController();
  const stop = AbortSignal.any([io.signal, left.signal]);
  const startedUs = clock.nowUs();
  const show = args.flag("timestamps") ? stampedLines(startedUs) : (bytes: Uint8Array) => bytes;
  const acts = [
    shown(link, (bytes, atUs) => io.outBytes?.(show(bytes, atUs))),
    ...(keyboard ? [typed(keyboard, link, () => left.abort())] : []),
    seconds === undefined ? forever(stop) : sleep(clock, seconds * 1000, stop),
  ];
  try {
    // The first that ends decides: the port vanished, somebody left, the time is over.
    await Promise.race(acts);
  } catch (error) {
    if (!isKind(error, "interrupted") && !left.signal.aborted) throw error;
  } finally {
    left.abort();
    for (const act of acts) act.catch(() => undefined);
  }
  if (keyboard?.isTty) io.err("\n");
  return EXIT.pass;
}

/** Until somebody leaves. */
async function forever(stop: AbortSignal): Promise<void> {
  await whenAborted(stop);
  stop.throwIfAborted();
}

async function shown(link: Link, show: (bytes: Uint8Array, atUs: number) => void): Promise<void> {
  for await (const { bytes, atUs } of link.chunks) show(bytes, atUs);
}

/** Sends what is typed until a key says to leave. The end of a pipe ends nothing: the answer is still to come. */
async function typed(keyboard: Keyboard, link: Link, leave: () => void): Promise<void> {
  for await (const bytes of keyboard.chunks) {
    const end = keyboard.isTty ? bytes.findIndex((byte) => LEAVE_KEYS.includes(byte)) : -1;
    const sent = end < 0 ? bytes : bytes.subarray(0, end);
    if (sent.length > 0) await link.write(sent);
    if (end >= 0) {
      leave();
      return;
    }
  }
  return new Promise(() => undefined);
}
