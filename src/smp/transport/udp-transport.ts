import { createSocket, type Socket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { abortable, BenchError, type Clock, hasCode, Listeners } from "../../core/index.ts";
import type { ReceivedPacket } from "./console-framing.ts";
import type { SmpTransport } from "./transport.ts";

/** Source: CONFIG_MCUMGR_TRANSPORT_UDP_PORT. */
export const UDP_PORT = 1337;
/** MTU without the headers of IP and UDP: a datagram in pieces is a datagram lost. As smpclient. */
const MTU_BYTES = 1_500;
const HEADER_BYTES = { 4: 28, 6: 48 } as const;

/**
 * SMP over UDP: one packet a datagram, nothing is repeated on the way.
 * Source: Zephyr documentation "SMP transport", UDP.
 */
export class UdpTransport implements SmpTransport {
  readonly name: string;
  readonly overheadBytes = 0;
  readonly packetBytesMax: number;
  readonly #socket: Socket;
  readonly #packets = new Listeners<ReceivedPacket>();
  readonly #ends = new Listeners<unknown>();
  #end: { readonly reason: unknown } | undefined;
  #received = 0;
  #refused = false;

  private constructor(name: string, socket: Socket, family: 4 | 6, clock: Clock) {
    this.name = name;
    this.packetBytesMax = MTU_BYTES - HEADER_BYTES[family];
    this.#socket = socket;
    socket.on("message", (bytes) => {
      this.#received += 1;
      this.#packets.emit({ atUs: clock.nowUs(), bytes: Uint8Array.from(bytes) });
    });
    // A closed port answers by ICMP: a board that boots is no reason to give up.
    socket.on("error", (error) => {
      this.#refused ||= hasCode(error, "ECONNREFUSED");
    });
  }

  /** @throws BenchError when the name of the host means nothing; the signal's reason. */
  static async open(options: {
    readonly host: string;
    readonly port?: number;
    readonly clock: Clock;
    readonly signal?: AbortSignal | undefined;
  }): Promise<UdpTransport> {
    const { host, port = UDP_PORT, clock, signal } = options;
    const name = `udp:${host}:${port}`;
    signal?.throwIfAborted();
    const found = await abortable(lookup(host), signal).catch((cause: unknown) => {
      if (signal?.aborted) throw cause;
      throw new BenchError(`${name} does not open: no host of this name.`, "Check the name of the host.", { cause });
    });
    const family = found.family === 6 ? 6 : 4;
    const socket = createSocket(family === 6 ? "udp6" : "udp4");
    await new Promise<void>((resolve) => socket.connect(port, found.address, () => resolve()));
    return new UdpTransport(name, socket, family, clock);
  }

  wireBytes(packetBytes: number): number {
    return packetBytes;
  }

  async send(packet: Uint8Array, signal?: AbortSignal): Promise<void> {
    if (this.#end) throw new BenchError(`${this.name} is closed.`, "Open it again.");
    const sent = new Promise<void>((resolve, reject) => {
      this.#socket.send(packet, (error) => {
        if (!error || hasCode(error, "ECONNREFUSED")) resolve();
        else reject(new BenchError(`${this.name} takes no datagram of ${packet.length} bytes.`, "", { cause: error }));
      });
    });
    await abortable(sent, signal);
  }

  onPacket(listener: (packet: ReceivedPacket) => void): () => void {
    return this.#packets.add(listener);
  }

  onEnd(listener: (reason?: unknown) => void): () => void {
    if (!this.#end) return this.#ends.add(listener);
    listener(this.#end.reason);
    return () => undefined;
  }

  /** Datagrams begin and end by themselves. */
  async resynchronise(): Promise<void> {}

  lastSeen(): string {
    if (this.#refused) return "The host says that nobody listens on this port.";
    return this.#received === 0 ? "Nothing came." : `${this.#received} datagrams came before.`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#end) return;
    this.#end = { reason: undefined };
    await new Promise<void>((resolve) => this.#socket.close(() => resolve()));
    this.#ends.emit(undefined);
  }
}
