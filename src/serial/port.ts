import { writeSync } from "node:fs";
import { stat } from "node:fs/promises";
import type { SerialPort as Port } from "serialport";
import { abortable, BenchError, type Clock, Queue, sleep } from "../core/index.ts";
import type { Chunk, Link } from "./link.ts";
import { isTaken, serialPortError } from "./port-errors.ts";
import { readAtOnce } from "./read-at-once.ts";
import { Reflex } from "./reflex.ts";

/** How long closing may take before it is given up, in milliseconds: a port in a bad state must not hold a run. */
const CLOSE_MS = 2_000;
/** How long the last bytes written may take to leave before they are thrown away, in milliseconds. */
const DRAIN_MS = 500;
/** How often the device node of an open port is looked at, in milliseconds. */
const WATCH_MS = 200;

/** How often a port that is taken is tried, and the time between, in milliseconds. */
const LOCK_ATTEMPTS = 4;
const LOCK_MS = 60;

export interface SerialPortOptions {
  /** Bits a second, 8N1. */
  readonly baudRate: number;
  readonly clock: Clock;
  /** RTS/CTS. Default false. */
  readonly hardwareFlowControl?: boolean;
  /**
   * State of DTR after opening. Without it the system decides (Linux and macOS assert it). A J-Link on board drives
   * its UART pins only while DTR is set, so false stops it from feeding a board that is switched off
   * (Nordic's "Virtual serial port" pages of sister DKs).
   */
  readonly dtr?: boolean;
  /** State of RTS after opening; without effect under hardware flow control. */
  readonly rts?: boolean;
  /** For people; default is the path. */
  readonly name?: string;
}

/**
 * Opens a serial port for this process alone (an advisory lock).
 * @param path device path, "/dev/ttyACM1", "COM7"; `resolvePort` finds it by a board's identity.
 * @throws BenchError when the port is absent, taken (by whom, where the system tells) or forbidden.
 * Source: serialport 13 (bindings-cpp): its errors have a text and no code; `port-errors.ts` alone reads it.
 */
export async function openSerialPort(path: string, options: SerialPortOptions): Promise<Link> {
  const port = await opened(path, options);
  const link = new SerialLink(port, options);
  if (options.dtr === undefined && options.rts === undefined) return link;
  try {
    await called((done) => port.set({ dtr: options.dtr ?? true, rts: options.rts ?? true }, done));
    return link;
  } catch (error) {
    await link[Symbol.asyncDispose]();
    const hint = "Leave `dtr` and `rts` out for a pseudo-terminal or an adapter without control lines.";
    throw new BenchError(`${link.name} does not take DTR and RTS.`, hint, { cause: error });
  }
}

/** The system's lock on a port may outlive its closing by a moment (a read that is still on its way): asks again. */
async function opened(path: string, options: SerialPortOptions): Promise<Port> {
  const { SerialPort } = await import("serialport");
  for (let attempt = 1; ; attempt += 1) {
    try {
      const port = new SerialPort({
        path,
        baudRate: options.baudRate,
        rtscts: options.hardwareFlowControl ?? false,
        autoOpen: false,
        lock: true,
      });
      await called((done) => port.open(done));
      return port;
    } catch (error) {
      if (!isTaken(error) || attempt === LOCK_ATTEMPTS) throw await serialPortError(path, error);
      await sleep(options.clock, LOCK_MS);
    }
  }
}

class SerialLink implements Link {
  readonly name: string;
  readonly #path: string;
  readonly #port: Port;
  readonly #clock: Clock;
  readonly #arrived = new Queue<Chunk>();
  readonly #watching = new AbortController();
  /** Aborted, with the reason, once the port is gone: what waits for it ends. */
  readonly #lost = new AbortController();
  #reflex: Reflex | undefined;
  #gone: BenchError | undefined;
  /** Asynchronous writes that are not done: what comes later must wait behind them. */
  #queued = 0;
  #closing: Promise<void> | undefined;

  constructor(port: Port, options: SerialPortOptions) {
    this.name = options.name ?? port.path;
    this.#path = port.path;
    this.#port = port;
    this.#clock = options.clock;
    readAtOnce(port.port, (bytes) => this.#reflex?.hear(bytes));
    port.on("data", (bytes: Uint8Array) => {
      this.#arrived.push({ atUs: this.#clock.nowUs(), bytes: Uint8Array.from(bytes) });
    });
    port.on("error", (error) => this.#vanished(error));
    port.on("close", (error: unknown) => this.#vanished(error));
    void this.#watch();
  }

  get chunks(): AsyncIterable<Chunk> {
    return this.#arrived;
  }

  replyTo(heard: Uint8Array, reply: Uint8Array): Reflex {
    this.#reflex?.cancel();
    this.#reflex = new Reflex(heard, () => {
      const written = this.write(reply);
      giveWay();
      return written;
    });
    return this.#reflex;
  }

  async write(bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    this.#reflex?.cancel();
    this.#reflex = undefined;
    signal?.throwIfAborted();
    if (this.#gone) throw this.#gone;
    if (this.#closing) throw new BenchError(`${this.name} is closed.`, "Open it again.");
    if (!this.#port.isOpen) {
      // serialport would keep the bytes until somebody opens the port again: a write that never ends.
      this.#vanished(new Error("serialport is closing it"));
      throw this.#gone ?? new BenchError(`${this.name} is closed.`, "Open it again.");
    }
    const sent = this.#queued === 0 ? this.#sendAtOnce(bytes) : 0;
    if (sent === bytes.length) return;
    this.#queued += 1;
    const written = called((done) => this.#port.write(Buffer.from(bytes.subarray(sent)), done))
      .catch((error: unknown) => {
        if (this.#closing) {
          throw new BenchError(`${this.name} was closed while it was written to.`, "", { cause: error });
        }
        this.#vanished(error);
        throw this.#gone ?? error;
      })
      .finally(() => {
        this.#queued -= 1;
      });
    await abortable(abortable(written, this.#lost.signal), signal);
  }

  /**
   * Hands the system what it takes without waiting, and returns how many bytes that were: an asynchronous write goes
   * through a thread of Node's pool, which costs a chunk of an upload more than making it. What is over, and what goes
   * wrong, is the asynchronous write's.
   */
  #sendAtOnce(bytes: Uint8Array): number {
    const { port } = this.#port;
    const fd = port && "fd" in port ? port.fd : undefined;
    if (typeof fd !== "number" || fd < 0 || process.platform === "win32") return 0;
    try {
      return writeSync(fd, bytes);
    } catch {
      return 0;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#watching.abort();
    this.#arrived.end();
    if (!this.#port.isOpen) return;
    if ((await this.#limited(DRAIN_MS, (done) => this.#port.drain(done))) === "late") {
      // Bytes that do not leave (flow control, a dead adapter) would hold close() for up to 30 s.
      await this.#limited(DRAIN_MS, (done) => this.#port.flush(done));
    }
    await this.#limited(CLOSE_MS, (done) => this.#port.close(done));
  }

  /** Runs a step of closing; what it throws no longer matters, only that it ends. */
  async #limited(limitMs: number, act: (done: Done) => void): Promise<"done" | "late"> {
    const stop = new AbortController();
    const late = sleep(this.#clock, limitMs, stop.signal).then(
      () => "late" as const,
      () => "done" as const,
    );
    const done = called(act).then(
      () => "done" as const,
      () => "done" as const,
    );
    const first = await Promise.race([done, late]);
    stop.abort();
    return first;
  }

  /**
   * serialport sees most unplugged ports by an error of its poll, and misses one that goes away while it reads: the
   * read then gives no bytes for ever (measured on a pseudo-terminal, one time in twenty on a busy machine).
   */
  async #watch(): Promise<void> {
    const { signal } = this.#watching;
    const before = await nodeIdentity(this.#path);
    if (before === undefined) return;
    try {
      for (;;) {
        await sleep(this.#clock, WATCH_MS, signal);
        if ((await nodeIdentity(this.#path)) !== before) break;
      }
    } catch {
      return;
    }
    this.#vanished(new Error(`${this.#path} is gone, or another device`));
  }

  #vanished(cause: unknown): void {
    if (this.#closing || this.#gone) return;
    const hint = "Check the cable and the power of the board, then run `hil ports`.";
    this.#gone = new BenchError(`port ${this.#path} vanished while it was in use.`, hint, { cause });
    this.#watching.abort();
    this.#lost.abort(this.#gone);
    this.#arrived.end({ reason: this.#gone });
    if (this.#port.isOpen) this.#port.close(() => undefined);
  }
}

const NOBODY_WAKES = new Int32Array(new SharedArrayBuffer(4));
/** Milliseconds; the system makes some 60 µs of it. */
const GIVE_WAY_MS = 0.01;

/**
 * Sleeps for a moment, so that the system's own thread that carries what was just written gets this processor where no
 * other one is free: it does not take it from a program that computes. What a program does with the answer before the
 * next one takes it a millisecond, and so long the bytes lay (measured on a pseudo-terminal, Linux 6.18: 1,020 µs).
 */
function giveWay(): void {
  Atomics.wait(NOBODY_WAKES, 0, 0, GIVE_WAY_MS);
}

/** What stays the same while a device node does; undefined where there is none (Windows). */
async function nodeIdentity(path: string): Promise<string | undefined> {
  const found = await stat(path).catch(() => undefined);
  return found?.isCharacterDevice() ? `${found.dev} ${found.ino} ${found.rdev}` : undefined;
}

type Done = (error?: Error | null) => void;

/** A promise of a function that takes a Node callback. */
function called(act: (done: Done) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    act((error) => (error ? reject(error) : resolve()));
  });
}
