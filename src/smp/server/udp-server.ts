import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { isIPv6 } from "node:net";
import { BenchError, type Clock, Listeners } from "../../core/index.ts";
import type { ReceivedPacket } from "../transport/console-framing.ts";
import type { SmpTransport } from "../transport/transport.ts";

/**
 * The board's side of SMP over UDP: a bound socket, one packet a datagram. Answers go to whoever asked last, so it is
 * for one client at a time. Source: Zephyr documentation "SMP transport", UDP.
 */
export class UdpServerTransport implements SmpTransport {
  readonly name: string;
  readonly overheadBytes = 0;
  readonly #socket: Socket;
  readonly #packets = new Listeners<ReceivedPacket>();
  readonly #ends = new Listeners<unknown>();
  #asked: RemoteInfo | undefined;
  #closed = false;

  private constructor(name: string, socket: Socket, clock: Clock) {
    this.name = name;
    this.#socket = socket;
    socket.on("message", (bytes, from) => {
      this.#asked = from;
      this.#packets.emit({ atUs: clock.nowUs(), bytes: Uint8Array.from(bytes) });
    });
    // An answer to a client that is gone comes back by ICMP: that is the client's affair.
    socket.on("error", () => {});
  }

  /**
   * Binds a socket. @param options.host a numeric address; default 127.0.0.1. @param options.port 0: any that is free.
   * @throws BenchError when the port is taken.
   */
  static async open(options: {
    readonly host?: string;
    readonly port: number;
    readonly clock: Clock;
  }): Promise<UdpServerTransport> {
    const { host = "127.0.0.1", port, clock } = options;
    const socket = createSocket(isIPv6(host) ? "udp6" : "udp4");
    const name = `udp:${host}:${port}`;
    await new Promise<void>((resolve, reject) => {
      socket.once("error", (cause) => {
        reject(new BenchError(`${name} cannot be served: ${cause.message}.`, "Choose another port.", { cause }));
      });
      socket.bind(port, host, resolve);
    });
    return new UdpServerTransport(name, socket, clock);
  }

  /** Where it is bound. */
  get port(): number {
    return this.#socket.address().port;
  }

  wireBytes(packetBytes: number): number {
    return packetBytes;
  }

  async send(packet: Uint8Array): Promise<void> {
    const to = this.#asked;
    if (this.#closed || to === undefined) throw new BenchError(`${this.name} has nobody to answer.`, "");
    await new Promise<void>((resolve) => this.#socket.send(packet, to.port, to.address, () => resolve()));
  }

  onPacket(listener: (packet: ReceivedPacket) => void): () => void {
    return this.#packets.add(listener);
  }

  onEnd(listener: (reason?: unknown) => void): () => void {
    return this.#ends.add(listener);
  }

  /** Datagrams begin and end by themselves. */
  async resynchronise(): Promise<void> {}

  lastSeen(): string {
    return this.#asked === undefined ? "Nothing came." : `Datagrams came from ${this.#asked.address}.`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await new Promise<void>((resolve) => this.#socket.close(() => resolve()));
    this.#ends.emit(undefined);
  }
}
