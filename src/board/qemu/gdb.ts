import type { Duplex } from "node:stream";
import { abortable, BenchError, type Clock, fromHex, hex, textOf, utf8, within } from "../../core/index.ts";
import { openSocket, type SocketAddress } from "./socket.ts";

const ANSWER_MS = 20_000;
/** Bytes of memory a packet: QEMU takes packets of 4096 characters. */
const CHUNK_BYTES = 1024;
/** A packet that is longer than this is none, in characters. */
const PACKET_MAX = 65_536;
const INTERRUPT = Uint8Array.of(0x03);

interface Waiting {
  readonly resolve: (text: string) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * A debugger's end of the GDB remote protocol, as much of it as it takes to stop a processor, read and write its
 * memory, and watch a register. One caller at a time. Source: GDB manual, appendix "Remote Serial Protocol".
 */
export class GdbClient {
  readonly #socket: Duplex;
  readonly #clock: Clock;
  readonly #waiting: Waiting[] = [];
  #text = "";
  #running = false;
  #stopped: Waiting | undefined;
  #stop: Promise<string> = Promise.resolve("");
  #gone: BenchError | undefined;

  /** @param socket connected to the emulator. */
  constructor(socket: Duplex, clock: Clock) {
    this.#socket = socket;
    this.#clock = clock;
    socket.on("data", (bytes: Uint8Array) => this.#read(textOf(bytes)));
    socket.on("error", () => undefined);
    socket.on("close", () => this.#fail());
  }

  /** Connects; the processor stands still from then on. @throws BenchError; the signal's reason. */
  static async open(address: SocketAddress, clock: Clock, signal: AbortSignal): Promise<GdbClient> {
    return new GdbClient(await openSocket(address, clock, signal), clock);
  }

  /** Runs on; `untilStopped` tells when it stops. */
  resume(): void {
    this.#go("c");
  }

  /** One instruction. */
  async step(): Promise<void> {
    this.#go("s");
    await within(this.#clock, ANSWER_MS, "one instruction", (stop) => this.untilStopped(stop));
  }

  /** @throws BenchError when the emulator ends; the signal's reason. */
  async untilStopped(signal?: AbortSignal): Promise<void> {
    await abortable(this.#stop, signal);
  }

  /** Stops the processor; returns whether it ran until now. */
  async interrupt(): Promise<boolean> {
    if (!this.#running) return false;
    this.#socket.write(INTERRUPT);
    await within(this.#clock, ANSWER_MS, "the processor to stop", (stop) => this.untilStopped(stop));
    return true;
  }

  /** Bytes from an address of the processor. */
  async readMemory(address: number, bytes: number): Promise<Uint8Array> {
    const out = new Uint8Array(bytes);
    for (let at = 0; at < bytes; at += CHUNK_BYTES) {
      const length = Math.min(CHUNK_BYTES, bytes - at);
      const reply = await this.#ask(`m${(address + at).toString(16)},${length.toString(16)}`);
      if (reply.length !== 2 * length || /[^0-9a-f]/i.test(reply))
        throw new BenchError(`the debugger cannot read 0x${address.toString(16)}.`);
      out.set(fromHex(reply), at);
    }
    return out;
  }

  /** Writes past the flash controller: into flash, too. */
  async writeMemory(address: number, bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
      const part = bytes.subarray(at, at + CHUNK_BYTES);
      await this.#expectOk(`M${(address + at).toString(16)},${part.length.toString(16)}:${hex(part)}`);
    }
  }

  /** Stops the processor whenever it writes to these bytes: just before the write. */
  watch(address: number, bytes: number): Promise<void> {
    return this.#expectOk(`Z2,${address.toString(16)},${bytes.toString(16)}`);
  }

  unwatch(address: number, bytes: number): Promise<void> {
    return this.#expectOk(`z2,${address.toString(16)},${bytes.toString(16)}`);
  }

  close(): void {
    this.#socket.destroy();
  }

  #go(how: "c" | "s"): void {
    if (this.#gone) throw this.#gone;
    this.#running = true;
    this.#stop = new Promise((resolve, reject) => {
      this.#stopped = { resolve, reject };
    });
    this.#stop.catch(() => undefined);
    this.#send(how);
  }

  async #expectOk(packet: string): Promise<void> {
    const reply = await this.#ask(packet);
    if (reply !== "OK") throw new BenchError(`the debugger answers "${reply.slice(0, 20)}" to ${packet.slice(0, 20)}.`);
  }

  #ask(packet: string): Promise<string> {
    if (this.#gone) return Promise.reject(this.#gone);
    const answer = new Promise<string>((resolve, reject) => this.#waiting.push({ resolve, reject }));
    answer.catch(() => undefined);
    this.#send(packet);
    return within(this.#clock, ANSWER_MS, "QEMU's debugger to answer", () => answer);
  }

  #send(packet: string): void {
    const sum = utf8(packet).reduce((total, byte) => (total + byte) & 0xff, 0);
    this.#socket.write(`$${packet}#${sum.toString(16).padStart(2, "0")}`);
  }

  #read(text: string): void {
    this.#text += text;
    for (;;) {
      const [start, end] = [this.#text.indexOf("$"), this.#text.indexOf("#")];
      if (start < 0 || end < 0 || this.#text.length < end + 3) break;
      const packet = this.#text.slice(start + 1, end);
      this.#text = this.#text.slice(end + 3);
      this.#packet(packet);
    }
    if (this.#text.length > PACKET_MAX) this.#socket.destroy();
  }

  #packet(packet: string): void {
    // Before anything else: once the processor runs, any byte would stop it.
    this.#socket.write("+");
    if (!/^[TSW]/.test(packet)) {
      this.#waiting.shift()?.resolve(packet);
      return;
    }
    this.#running = false;
    this.#stopped?.resolve(packet);
    this.#stopped = undefined;
  }

  #fail(): void {
    this.#running = false;
    this.#gone = new BenchError("QEMU hung up on its debugger.", "It ended, or was ended by somebody else.");
    for (const { reject } of this.#waiting.splice(0)) reject(this.#gone);
    this.#stopped?.reject(this.#gone);
  }
}
