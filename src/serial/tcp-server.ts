import { createServer, type Server, type Socket } from "node:net";
import { BenchError, type Clock, concat, Queue } from "../core/index.ts";
import type { Chunk, Link } from "./link.ts";
import { COMMAND, OPTION, TelnetDecoder, type TelnetEvent, telnetEscape, telnetNegotiation } from "./telnet.ts";

/** A server answers a command with its number and this. Source: RFC 2217, section 3. */
const FROM_SERVER = 100;
/** What a server takes part in. Source: RFC 856, RFC 858, RFC 2217. */
const KNOWN_OPTIONS: readonly number[] = Object.values(OPTION);

/**
 * What a client may leave unread, in bytes: 90 s of a UART at 115,200 bit/s. What the device says beyond that is lost,
 * as where a UART's receiver does not keep up; and until it is read the client is asked for nothing more.
 */
const UNREAD_BYTES_MAX = 1_048_576;

/** A device's end of a TCP port, and where it listens. */
interface ServedPort extends Link {
  readonly port: number;
}

interface ServeOptions {
  /** A numeric address; default 127.0.0.1. */
  readonly host?: string;
  /** 0: any that is free. */
  readonly port: number;
  readonly clock: Clock;
  /** Speaks RFC 2217, as a terminal server does: takes every setting, and says so. Default: plain bytes. */
  readonly rfc2217?: boolean;
}

/**
 * Serves a device's UART over TCP, as ser2net does: one client at a time, another is hung up on; what the device says
 * while nobody listens, or to a client that does not read, is lost.
 * @throws BenchError when the port is taken.
 * Source: RFC 854 (telnet), RFC 2217 (COM port control), sections 2 and 3.
 */
export async function serveTcp(options: ServeOptions): Promise<ServedPort> {
  const { host = "127.0.0.1", port } = options;
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, host, resolve);
    });
  } catch (cause) {
    const text = `no TCP port can be served at ${host}:${port}`;
    throw new BenchError(`${text}: it is taken, or not this machine's.`, "Choose another port.", { cause });
  }
  return new TcpServed(server, options);
}

class TcpServed implements ServedPort {
  readonly name: string;
  readonly port: number;
  readonly #server: Server;
  readonly #clock: Clock;
  readonly #telnet: boolean;
  readonly #arrived = new Queue<Chunk>();
  #client: Socket | undefined;

  constructor(server: Server, { clock, rfc2217 = false }: ServeOptions) {
    const address = server.address();
    this.port = typeof address === "object" && address !== null ? address.port : 0;
    this.#server = server;
    this.#clock = clock;
    this.#telnet = rfc2217;
    this.name = `TCP port ${this.port}`;
    server.on("connection", (socket) => this.#connected(socket));
  }

  get chunks(): AsyncIterable<Chunk> {
    return this.#arrived;
  }

  async write(bytes: Uint8Array): Promise<void> {
    const client = this.#client;
    if (client === undefined || client.writableLength > UNREAD_BYTES_MAX) return;
    client.write(this.#telnet ? Uint8Array.from(telnetEscape(bytes)) : Uint8Array.from(bytes));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#arrived.end();
    this.#client?.destroy();
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve));
  }

  #connected(socket: Socket): void {
    socket.on("error", () => undefined);
    if (this.#client !== undefined) {
      socket.destroy();
      return;
    }
    this.#client = socket;
    socket.setNoDelay(true);
    socket.on("close", () => {
      this.#client = undefined;
    });
    const decoder = new TelnetDecoder();
    socket.on("data", (bytes: Uint8Array) => {
      const { data, events } = this.#telnet ? decoder.feed(bytes) : { data: Uint8Array.from(bytes), events: [] };
      const answers = concat(...events.map(answerTo));
      if (answers.length > 0) socket.write(Uint8Array.from(answers));
      if (socket.writableLength > UNREAD_BYTES_MAX) {
        socket.pause();
        socket.once("drain", () => void socket.resume());
      }
      if (data.length > 0) this.#arrived.push({ atUs: this.#clock.nowUs(), bytes: data });
    });
  }
}

/** Agrees to what a serial port needs and refuses the rest; every setting is taken, and told back. */
function answerTo(event: TelnetEvent): Uint8Array {
  if (event.kind === "subnegotiation") {
    const [command, ...value] = event.value;
    if (event.option !== OPTION.comPort || command === undefined) return new Uint8Array();
    return telnetNegotiation(OPTION.comPort, Uint8Array.of(command + FROM_SERVER, ...value));
  }
  const { verb, option } = event;
  const isKnown = KNOWN_OPTIONS.includes(option);
  const { will, wont, do: doIt, dont, iac } = COMMAND;
  if (verb === will) return Uint8Array.of(iac, isKnown ? doIt : dont, option);
  if (verb === doIt) return Uint8Array.of(iac, isKnown ? will : wont, option);
  return new Uint8Array();
}
