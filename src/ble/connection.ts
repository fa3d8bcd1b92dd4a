import { BenchError, Listeners, ProtocolError, within } from "../core/index.ts";
import { AttClient } from "./att/client.ts";
import { discover } from "./att/gatt.ts";
import type { GattLink, GattValue } from "./gatt-link.ts";
import { HCI } from "./hci/commands.ts";
import type { HciHost } from "./hci/host.ts";
import { CHANNEL, L2capReader } from "./hci/l2cap.ts";
import { HCI_STATUS, hciStatus } from "./hci/status.ts";
import { answerSignal, SECURITY_FAILED } from "./signalling.ts";

/** How long a link may take to end once that is asked, in milliseconds: its supervision time-out, and some. */
const END_MS = 3_000;
const NOTIFY = Uint8Array.of(1, 0);
const QUIET = Uint8Array.of(0, 0);

/** One link to one board, from connected to ended. */
export class BleConnection implements AsyncDisposable {
  readonly att: AttClient;
  /** For people: the board and its address. */
  readonly name: string;
  /** As HCI has it. */
  readonly handle: number;
  readonly #host: HciHost;
  readonly #reader = new L2capReader();
  readonly #ends = new Listeners<unknown>();
  readonly #undo: (() => void)[];
  #end: { readonly reason: unknown } | undefined;
  #closing = false;

  constructor(host: HciHost, handle: number, name: string) {
    this.#host = host;
    this.handle = handle;
    this.name = name;
    const send = (pdu: Uint8Array, signal?: AbortSignal) => host.send(handle, CHANNEL.att, pdu, signal);
    this.att = new AttClient({ clock: host.clock, name, send });
    this.#undo = [
      host.onData(handle, (atUs, packet) => this.#received(atUs, packet)),
      host.onEvent((event) => {
        if (event.name === "disconnected" && event.status === 0 && (event.handle & 0xfff) === handle)
          this.#ended(event.reason);
      }),
      host.onEnd((reason) => this.#over(reason)),
    ];
  }

  /** Called once, when the link ends: with the reason, or without one when it was ended here. */
  onEnd(listener: (reason?: unknown) => void): () => void {
    if (!this.#end) return this.#ends.add(listener);
    listener(this.#end.reason);
    return () => undefined;
  }

  get hasEnded(): boolean {
    return this.#end !== undefined;
  }

  /** Ends the link, and waits until the controller says so; not for ever, since a dead one never does. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#end) return;
    this.#closing = true;
    const ended = new Promise<void>((resolve) => {
      this.onEnd(() => resolve());
    });
    await within(this.#host.clock, END_MS, `the link to ${this.name} to end`, async (signal) => {
      await this.#host.command(HCI.disconnect, { handle: this.handle, reason: 0x13 }, { signal });
      await ended;
    }).catch(() => undefined);
    this.#over(undefined);
  }

  #received(atUs: number, packet: Uint8Array): void {
    const message = this.#reader.push(packet);
    if (message === undefined) return;
    const { channel, payload } = message;
    if (channel === CHANNEL.att) this.att.received(atUs, payload);
    else if (channel === CHANNEL.signalling) {
      const { answer, update } = answerSignal(payload);
      if (answer) this.#host.send(this.handle, channel, answer).catch(() => undefined);
      if (update) this.#host.command(HCI.leUpdateConnection, { handle: this.handle, ...update }).catch(() => undefined);
    } else if (channel === CHANNEL.security) {
      this.#host.send(this.handle, channel, SECURITY_FAILED).catch(() => undefined);
    }
  }

  #ended(reason: number): void {
    if (this.#closing || reason === HCI_STATUS.byUs) this.#over(undefined);
    else this.#over(new BenchError(`the link to ${this.name} ended: ${hciStatus(reason)}.`, "Connect again."));
  }

  #over(reason: unknown): void {
    if (this.#end) return;
    this.#end = { reason };
    for (const undo of this.#undo.splice(0)) undo();
    this.att.ended(reason ?? new BenchError(`the link to ${this.name} is closed.`, "Connect again."));
    this.#ends.emit(reason);
  }
}

/**
 * A characteristic of a board as a link: asks for the MTU, finds it, and switches its notifications on.
 * @throws ProtocolError when the board has none; AttRefused ("this build wants pairing"); TimeoutError; BenchError.
 */
export async function openGattLink(
  connection: BleConnection,
  options: {
    readonly service: string;
    readonly characteristic: string;
    readonly mtu: number;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<GattLink> {
  const { att } = connection;
  const { signal } = options;
  // A server of the shortest kind refuses the question: what ATT begins with stays.
  await att.exchangeMtu(options.mtu, signal).catch((error: unknown) => {
    if (!(error instanceof ProtocolError)) throw error;
  });
  const { valueHandle, configurationHandle } = await discover(att, connection.name, options);
  const switchTo = (value: Uint8Array, stop?: AbortSignal) =>
    att.request("write", { handle: configurationHandle, value }, "written", {
      signal: stop,
      what: `switching notifications of ${connection.name} on`,
    });
  const values = new Listeners<GattValue>();
  att.onNotified(({ atUs, handle, value }) => {
    if (handle === valueHandle) values.emit({ atUs, bytes: value });
  });
  await switchTo(NOTIFY, signal);
  return {
    name: connection.name,
    mtu: att.mtu,
    write: (value, stop) => att.writeCommand(valueHandle, value, stop),
    onValue: (listener) => values.add(listener),
    onEnd: (listener) => connection.onEnd(listener),
    resubscribe: async (stop) => {
      await switchTo(QUIET, stop);
      await switchTo(NOTIFY, stop);
    },
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  };
}
