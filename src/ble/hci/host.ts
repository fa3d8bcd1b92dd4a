import { BenchError, type Clock, concat, Listeners, ProtocolError, within } from "../../core/index.ts";
import type { Link } from "../../serial/index.ts";
import { AclSender } from "./acl-sender.ts";
import { HCI, type HciCommand } from "./commands.ts";
import { completedPackets, decodeEvent, type HciEvent } from "./events.ts";
import { type HciFields, type HciValues, readHci, U8, U16, writeHci } from "./fields.ts";
import { H4, H4Reader, h4 } from "./h4.ts";
import { aclHandle } from "./l2cap.ts";
import { hciStatus } from "./status.ts";

/** How long a controller may take for a command, in milliseconds. A real one takes less than ten. */
const COMMAND_MS = 2_000;
/** Events of the table: everything but what nobody here reads. Source: Vol 4 Part E, 7.3.1 and 7.8.1. */
const ALL_EVENTS = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x3f);
const LE_EVENTS = Uint8Array.of(0xff, 0x1f, 0, 0, 0, 0, 0, 0);
const HINT =
  "Check that this port is a Bluetooth controller (Zephyr's hci_uart), its baud rate, and its RTS and CTS lines.";

/** A refusal of a controller: the command and its code. */
export class HciRefused extends ProtocolError {
  readonly status: number;

  constructor(port: string, command: string, status: number) {
    super(`the Bluetooth adapter ${port} refuses ${command}: ${hciStatus(status)}.`);
    this.status = status;
  }
}

interface Waiting {
  readonly command: HciCommand;
  readonly answered: (status: number, rest: Uint8Array) => void;
  readonly failed: (reason: unknown) => void;
}

/** What a controller has for data: bytes a packet, and packets. */
interface Buffers {
  readonly aclBytes: number;
  readonly aclPackets: number;
}

/**
 * The host's side of a Bluetooth controller on a byte pipe (H4): one command at a time, each with a time limit; data
 * only as the controller has room. Source: Bluetooth Core 5.4, Vol 4 Parts A and E.
 */
export class HciHost implements AsyncDisposable {
  readonly name: string;
  readonly clock: Clock;
  readonly #link: Link;
  readonly #reader = new H4Reader();
  readonly #events = new Listeners<HciEvent>();
  readonly #data = new Map<number, (atUs: number, packet: Uint8Array) => void>();
  readonly #ends = new Listeners<unknown>();
  readonly #sender: AclSender;
  readonly #reading: Promise<void>;
  #turn: Promise<unknown> = Promise.resolve();
  #waiting: Waiting | undefined;
  #end: { readonly reason: unknown } | undefined;
  #eventCount = 0;
  /** Packets that made no sense. */
  badPackets = 0;
  /** The controller's own public address; all zero where it has none. */
  address: Uint8Array = new Uint8Array(6);
  /** What its link layer can, a bit each. */
  features: Uint8Array = new Uint8Array(8);

  private constructor(link: Link, clock: Clock) {
    this.name = link.name;
    this.clock = clock;
    this.#link = link;
    this.#sender = new AclSender(clock, link.name, (packets) =>
      this.#link.write(concat(...packets.map((packet) => h4(H4.acl, packet)))),
    );
    this.#reading = this.#read();
  }

  /**
   * Resets the controller behind `link` and asks what it has. The link is the host's from now on.
   * @throws TimeoutError when nothing there speaks HCI; HciRefused; BenchError; the signal's reason.
   */
  static async open(link: Link, options: { readonly clock: Clock; readonly signal?: AbortSignal }): Promise<HciHost> {
    const host = new HciHost(link, options.clock);
    try {
      await host.#setUp(options.signal);
      return host;
    } catch (error) {
      await host[Symbol.asyncDispose]();
      throw error;
    }
  }

  /**
   * One command, and what it returns. @throws HciRefused; TimeoutError when the controller answers with nothing;
   * BenchError when its port is gone; the signal's reason.
   */
  command<P extends HciFields, R extends HciFields>(
    command: HciCommand<P, R>,
    values: HciValues<P>,
    options: { readonly signal?: AbortSignal | undefined; readonly limitMs?: number } = {},
  ): Promise<HciValues<R>> {
    const turn = this.#turn.then(() => this.#ask(command, values, options));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** Every event of the table that is no answer to a command. */
  onEvent(listener: (event: HciEvent) => void): () => void {
    return this.#events.add(listener);
  }

  /** Called once when the port is gone, with the reason, or closed, without one. */
  onEnd(listener: (reason?: unknown) => void): () => void {
    if (!this.#end) return this.#ends.add(listener);
    listener(this.#end.reason);
    return () => undefined;
  }

  /** The ACL packets of a connection, until the returned function is called. */
  onData(handle: number, listener: (atUs: number, packet: Uint8Array) => void): () => void {
    this.#data.set(handle, listener);
    this.#sender.opened(handle);
    return () => {
      if (this.#data.get(handle) !== listener) return;
      this.#data.delete(handle);
      this.#sender.ended(handle);
    };
  }

  /**
   * A message on a channel of a connection; resolves once all of it is handed to the controller, in order.
   * @throws TimeoutError when the controller has no room for too long; BenchError when the connection is gone.
   */
  send(handle: number, channel: number, payload: Uint8Array, signal?: AbortSignal): Promise<void> {
    if (this.#end) throw this.#gone();
    return this.#sender.send(handle, channel, payload, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended(undefined);
    await this.#link[Symbol.asyncDispose]();
    await this.#reading;
  }

  async #setUp(signal: AbortSignal | undefined): Promise<void> {
    const asked = { signal };
    await this.command(HCI.reset, {}, asked);
    await this.command(HCI.setEventMask, { mask: ALL_EVENTS }, asked);
    await this.command(HCI.leSetEventMask, { mask: LE_EVENTS }, asked);
    const le = await this.command(HCI.leReadBufferSize, {}, asked);
    // Zero: one pool for both kinds of Bluetooth. Source: Vol 4 Part E, 7.8.2.
    const buffers: Buffers = le.aclBytes > 0 ? le : await this.command(HCI.readBufferSize, {}, asked);
    if (buffers.aclBytes < 27 || buffers.aclPackets < 1)
      throw new ProtocolError(
        `${this.name} has no buffers for data: ${buffers.aclPackets} of ${buffers.aclBytes} bytes.`,
      );
    this.#sender.room(buffers);
    this.address = (await this.command(HCI.readAddress, {}, asked)).address;
    this.features = (await this.command(HCI.leReadFeatures, {}, asked)).features;
  }

  async #ask<P extends HciFields, R extends HciFields>(
    command: HciCommand<P, R>,
    values: HciValues<P>,
    { signal, limitMs = COMMAND_MS }: { readonly signal?: AbortSignal | undefined; readonly limitMs?: number },
  ): Promise<HciValues<R>> {
    if (this.#end) throw this.#gone();
    const parameters = writeHci(command.parameters, values);
    const head = writeHci({ opcode: U16, bytes: U8 }, { opcode: command.opcode, bytes: parameters.length });
    const lastSeen = () => this.lastSeen();
    const awaited = `the Bluetooth adapter ${this.name} to answer ${command.name}`;
    const work = async (stop: AbortSignal) => {
      const answer = new Promise<{ status: number; rest: Uint8Array }>((resolve, reject) => {
        const answered: Waiting["answered"] = (status, rest) => resolve({ status, rest });
        this.#waiting = { command: command as unknown as HciCommand, answered, failed: reject };
      });
      answer.catch(() => undefined);
      await this.#link.write(h4(H4.command, concat(head, parameters)), stop);
      const { status, rest } = await answer;
      if (status !== 0) throw new HciRefused(this.name, command.name, status);
      return readHci(command.returns, rest, `the answer to HCI ${command.name}`);
    };
    try {
      return await within(this.clock, limitMs, awaited, work, { signal, lastSeen, hint: HINT });
    } finally {
      this.#waiting = undefined;
    }
  }

  /** What came last, as a sentence for a timeout. */
  lastSeen(): string {
    const { skippedBytes } = this.#reader;
    if (skippedBytes > 0) return `${skippedBytes} bytes came that begin no HCI packet.`;
    return this.#eventCount === 0 ? "Nothing came." : `${this.#eventCount} events came before.`;
  }

  async #read(): Promise<void> {
    try {
      for await (const { atUs, bytes } of this.#link.chunks) {
        for (const packet of this.#reader.push(bytes)) {
          if (packet.type === H4.acl) this.#data.get(aclHandle(packet.bytes))?.(atUs, packet.bytes);
          else if (packet.type === H4.event) this.#event(packet.bytes);
        }
      }
      this.#ended(undefined);
    } catch (error) {
      this.#ended(error);
    }
  }

  #event(bytes: Uint8Array): void {
    this.#eventCount += 1;
    try {
      const event = decodeEvent(bytes);
      if (event === undefined) return;
      if (event.name === "commandComplete") this.#completed(event.opcode, event.rest);
      else if (event.name === "commandStatus") this.#status(event.opcode, event.status);
      else if (event.name === "completedPackets") {
        for (const [handle, packets] of completedPackets(event)) this.#sender.completed(handle, packets);
      } else {
        if (event.name === "disconnected" && event.status === 0) this.#sender.ended(event.handle & 0xfff);
        this.#events.emit(event);
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.badPackets += 1;
    }
  }

  #completed(opcode: number, rest: Uint8Array): void {
    const waiting = this.#waiting;
    if (waiting?.command.opcode !== opcode) return;
    const { status } = readHci({ status: U8 }, rest, `the answer to HCI ${waiting.command.name}`);
    waiting.answered(status, rest.subarray(1));
  }

  #status(opcode: number, status: number): void {
    const waiting = this.#waiting;
    if (waiting?.command.opcode !== opcode) return;
    // A command with a result of its own is answered by a status only where it is refused.
    if (waiting.command.answer === "status" || status !== 0) waiting.answered(status, new Uint8Array());
  }

  #ended(reason: unknown): void {
    if (this.#end) return;
    this.#end = { reason };
    this.#waiting?.failed(this.#gone());
    this.#sender.close(this.#gone());
    this.#ends.emit(reason);
  }

  #gone(): unknown {
    return this.#end?.reason ?? new BenchError(`the Bluetooth adapter ${this.name} is closed.`, "Open it again.");
  }
}
