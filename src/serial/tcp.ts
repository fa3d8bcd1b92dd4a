import { connect, type Socket } from "node:net";
import { abortable, BenchError, type Clock, hasCode, messageOf, Queue, within } from "../core/index.ts";
import type { Chunk, Link } from "./link.ts";

const CONNECT_MS = 5_000;

/** What the system says of a connection that did not come about, and what to do. */
const FAULTS = [
  {
    code: "ECONNREFUSED",
    says: "nobody listens",
    hint: "Start the program that serves the port (QEMU, ser2net), then run again.",
  },
  { code: "ENOTFOUND", says: "no host of this name", hint: "Check the name of the host." },
  { code: "EHOSTUNREACH", says: "no way to the host", hint: "Check the network." },
] as const;

/**
 * A byte pipe over TCP: QEMU's UARTs, ser2net in raw mode. What goes over it is what would go over the wire.
 * @throws BenchError when the host is not there or does not answer within 5 s; the signal's reason.
 */
export async function openTcp(options: {
  readonly host: string;
  readonly port: number;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}): Promise<Link> {
  const name = `tcp:${options.host}:${options.port}`;
  const socket = connect({ host: options.host, port: options.port, noDelay: true });
  const connected = new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });
  try {
    const { clock, signal } = options;
    await within(clock, CONNECT_MS, `a connection to ${name}`, (stop) => abortable(connected, stop), { signal });
  } catch (error) {
    socket.on("error", () => undefined);
    socket.destroy();
    const fault = FAULTS.find(({ code }) => hasCode(error, code));
    if (!fault && !hasCode(error, "ETIMEDOUT") && !("code" in Object(error))) throw error;
    const says = fault?.says ?? messageOf(error);
    throw new BenchError(`${name} does not open: ${says}.`, fault?.hint, { cause: error });
  }
  return new TcpLink(name, socket, options.clock);
}

class TcpLink implements Link {
  readonly name: string;
  readonly #socket: Socket;
  readonly #arrived = new Queue<Chunk>();
  #gone: BenchError | undefined;
  #closed = false;

  constructor(name: string, socket: Socket, clock: Clock) {
    this.name = name;
    this.#socket = socket;
    socket.on("data", (bytes: Uint8Array) =>
      this.#arrived.push({ atUs: clock.nowUs(), bytes: Uint8Array.from(bytes) }),
    );
    socket.on("error", (cause) => this.#vanished(cause));
    socket.on("close", () => this.#vanished(undefined));
  }

  get chunks(): AsyncIterable<Chunk> {
    return this.#arrived;
  }

  async write(bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.#gone) throw this.#gone;
    if (this.#closed) throw new BenchError(`${this.name} is closed.`, "Open it again.");
    const written = new Promise<void>((resolve, reject) => {
      this.#socket.write(Uint8Array.from(bytes), (error) => {
        if (!error) resolve();
        else {
          this.#vanished(error);
          reject(this.#gone ?? error);
        }
      });
    });
    await abortable(written, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#arrived.end();
    if (this.#socket.closed) return;
    await new Promise<void>((resolve) => {
      this.#socket.once("close", () => resolve());
      this.#socket.destroy();
    });
  }

  #vanished(cause: unknown): void {
    if (this.#closed || this.#gone) return;
    this.#gone = new BenchError(`${this.name} hung up.`, "Look at the program that serves the port.", { cause });
    this.#arrived.end({ reason: this.#gone });
    this.#socket.destroy();
  }
}
