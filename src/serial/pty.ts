import { writeSync } from "node:fs";
import type { ReadStream } from "node:tty";
import { BenchError, type Clock, hasCode, messageOf, Queue, sleep } from "../core/index.ts";
import type { Chunk, Link } from "./link.ts";

/** How long a full pseudo-terminal is waited for before its bytes are dropped, in milliseconds. */
const PATIENCE_MS = 100;

/** What `open()` of node-pty returns; its type declarations leave the function out. */
interface OpenedPty {
  readonly fd: number;
  readonly ptsName: string;
  readonly master: ReadStream;
  readonly slave: ReadStream;
  on(event: "error", listener: (error: Error) => void): void;
}

/** The device's end of a pseudo-terminal: a Link, and what became of the bytes that were not read. */
interface PtyLink extends Link {
  /** Bytes that were not read in time, as on a UART without a listener. */
  readonly droppedBytes: number;
}

/**
 * Opens a real pseudo-terminal in raw mode: `link` is the device's end, `path` ("/dev/pts/4") what other programs open
 * as a serial port, at any baud rate. The path stays until the link is closed; programs may come and go.
 *
 * node-pty gives the terminal only. Its slave reader is ended at once (it would steal bytes), the master is closed by
 * its descriptor (`destroy()` and `kill()` signal processes), and writing goes through the descriptor without blocking.
 *
 * @throws BenchError where the system has no pseudo-terminals, or when the slave does not open.
 */
export async function openPty(options: { clock: Clock; name?: string }): Promise<{ link: PtyLink; path: string }> {
  const pty = await nodePty();
  let terminal: OpenedPty;
  let hold: { close(): Promise<void> };
  try {
    terminal = pty.open({ encoding: null });
    terminal.on("error", () => undefined);
    terminal.slave.destroy();
    // Held open and never read: it sets raw mode and keeps the master from reading EIO while no program has the port.
    const { SerialPort } = await import("serialport");
    hold = await SerialPort.binding.open({ path: terminal.ptsName, baudRate: 115_200, lock: false });
  } catch (error) {
    const hint = "A pseudo-terminal needs Linux or macOS with /dev/ptmx; use a TCP link instead.";
    throw new BenchError("no pseudo-terminal could be opened.", hint, { cause: error });
  }
  const link = new PtyMaster(terminal, hold, options.clock, options.name ?? terminal.ptsName);
  return { link, path: terminal.ptsName };
}

/** What is used of node-pty. */
interface NodePty {
  open(options: object): OpenedPty;
}

/**
 * Optional at install: only `hil twin` needs it, and its prebuilt programs are for few systems.
 * @param name for a test of what is said when it is missing.
 */
export async function nodePty(name = "@lydell/node-pty"): Promise<NodePty> {
  try {
    const loaded = (await import(name)) as Partial<NodePty> & { readonly default?: NodePty };
    // A CommonJS module: some loaders show its functions, some only its default.
    const pty = loaded.open ? (loaded as NodePty) : loaded.default;
    if (pty) return pty;
    throw new RangeError(`${name} has no open()`);
  } catch (cause) {
    throw new BenchError(
      `pseudo-terminals need the library ${name}, which cannot be loaded: ${messageOf(cause).split("\n", 1)[0]}`,
      `Run \`npm install ${name}\` beside mcuboot-hil, or use a TCP link instead.`,
      { cause },
    );
  }
}

class PtyMaster implements PtyLink {
  readonly name: string;
  readonly #terminal: OpenedPty;
  readonly #hold: { close(): Promise<void> };
  readonly #clock: Clock;
  readonly #arrived = new Queue<Chunk>();
  #writing: Promise<void> = Promise.resolve();
  #closed = false;
  #lost = false;
  #congested = false;
  droppedBytes = 0;

  constructor(terminal: OpenedPty, hold: { close(): Promise<void> }, clock: Clock, name: string) {
    this.name = name;
    this.#terminal = terminal;
    this.#hold = hold;
    this.#clock = clock;
    terminal.master.on("data", (bytes: Uint8Array) => {
      this.#arrived.push({ atUs: clock.nowUs(), bytes: Uint8Array.from(bytes) });
    });
    terminal.master.on("error", (cause) => this.#arrived.end({ reason: this.#gone(cause) }));
    terminal.master.on("close", () => {
      // The descriptor's number may belong to another file from now on.
      this.#lost = true;
      this.#arrived.end();
    });
  }

  get chunks(): AsyncIterable<Chunk> {
    return this.#arrived;
  }

  write(bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    const turn = this.#writing.then(() => this.#writeNow(bytes, signal));
    this.#writing = turn.catch(() => undefined);
    return turn;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#arrived.end();
    await this.#writing;
    await this.#hold.close().catch(() => undefined);
    const closed = new Promise<void>((resolve) => {
      this.#terminal.master.once("close", () => resolve());
    });
    if (this.#lost) return;
    this.#terminal.master.destroy();
    await closed;
  }

  async #writeNow(bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    let offset = 0;
    let waitedMs = 0;
    while (offset < bytes.length) {
      signal?.throwIfAborted();
      const written = this.#attempt(bytes.subarray(offset));
      offset += written;
      if (written > 0) waitedMs = 0;
      if (offset === bytes.length) break;
      // Nobody read since the last drop: a UART does not wait for a listener, so neither do we.
      if (this.#congested || waitedMs >= PATIENCE_MS) {
        this.droppedBytes += bytes.length - offset;
        this.#congested = true;
        return;
      }
      waitedMs += 1;
      await sleep(this.#clock, 1, signal);
    }
    this.#congested = false;
  }

  /** Bytes taken by the terminal, 0 when it is full. */
  #attempt(bytes: Uint8Array): number {
    if (this.#closed) throw new BenchError(`${this.name} is closed.`, "Open it again.");
    if (this.#lost) throw this.#gone(undefined);
    try {
      return writeSync(this.#terminal.fd, bytes);
    } catch (error) {
      if (hasCode(error, "EAGAIN")) return 0;
      throw this.#gone(error);
    }
  }

  #gone(cause: unknown): BenchError {
    return new BenchError(`${this.name} vanished.`, "Open it again.", { cause });
  }
}
