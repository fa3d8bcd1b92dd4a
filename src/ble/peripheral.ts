import { BenchError, type Clock, Listeners } from "../core/index.ts";
import type { Link } from "../serial/index.ts";
import { AttServer } from "./att/server.ts";
import type { GattLink, GattValue } from "./gatt-link.ts";
import { ADVERTISING_BYTES, advertisement } from "./hci/advertising.ts";
import { HCI } from "./hci/commands.ts";
import { HciHost } from "./hci/host.ts";
import { CHANNEL, L2capReader } from "./hci/l2cap.ts";
import { hciStatus } from "./hci/status.ts";
import { answerSignal, SECURITY_FAILED } from "./signalling.ts";

/** Advertising every 30 to 60 ms, in 0.625 ms. Source: Bluetooth Core 5.4, Vol 3 Part C, Appendix A. */
const ADVERTISING = { intervalMin: 48, intervalMax: 96, type: 0, channels: 7, filter: 0 } as const;
const NOBODY = { peerAddressType: 0, peerAddress: new Uint8Array(6) } as const;

interface PeripheralOptions {
  readonly clock: Clock;
  /** As it advertises. */
  readonly name: string;
  readonly service: string;
  readonly characteristic: string;
  /** The most that it takes of ATT, in bytes; default the largest of use. */
  readonly mtu?: number | undefined;
  /** Its characteristic wants an encrypted link. */
  readonly wantsPairing?: boolean | undefined;
  /** A static random address instead of the controller's own. */
  readonly address?: Uint8Array | undefined;
  readonly signal?: AbortSignal;
}

/** The board's end of a link: the client may subscribe and go silent again. */
export interface ServedLink extends GattLink {
  /** The client switched notifications off: what it had begun to say is void. */
  onQuiet(listener: () => void): () => void;
}

/** A peripheral on an HCI controller: one characteristic, one link at a time. It is silent until it is switched on. */
export class BlePeripheral implements AsyncDisposable {
  readonly #host: HciHost;
  readonly #options: PeripheralOptions;
  readonly #links = new Listeners<ServedLink>();
  #turn: Promise<void> = Promise.resolve();
  #on = false;
  /** What ends the link that there is. */
  #dropLink: (reason?: unknown) => void = () => undefined;
  /** What went wrong with the controller: nobody awaits its switching. */
  broken: unknown;

  private constructor(host: HciHost, options: PeripheralOptions) {
    this.#host = host;
    this.#options = options;
    host.onEvent((event) => {
      if ((event.name === "connected" || event.name === "connectedEnhanced") && event.status === 0)
        this.#connected(event.handle & 0xfff);
    });
    host.onEnd((reason) => this.#dropLink(reason));
  }

  /** @param link the controller's port; it is closed with the peripheral. @throws as `HciHost.open`. */
  static async open(link: Link, options: PeripheralOptions): Promise<BlePeripheral> {
    return new BlePeripheral(await HciHost.open(link, options), options);
  }

  /** Called with each link, when a client has connected. */
  onLink(listener: (link: ServedLink) => void): () => void {
    return this.#links.add(listener);
  }

  /** Called once when the controller's port is gone or closed. */
  onEnd(listener: (reason?: unknown) => void): () => void {
    return this.#host.onEnd(listener);
  }

  /** The radio on or off, in the order of asking: off is a reset of the controller, and the other side is not told. */
  power(on: boolean): Promise<void> {
    this.#turn = this.#turn
      .then(() => this.#switch(on))
      .catch((error: unknown) => {
        this.broken ??= error;
      });
    return this.#turn;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.power(false);
    await this.#host[Symbol.asyncDispose]();
  }

  async #switch(on: boolean): Promise<void> {
    if (on === this.#on) return;
    this.#on = on;
    await this.#host.command(HCI.reset, {});
    this.#dropLink(new BenchError("the board's radio is off.", ""));
    if (!on) return;
    const { name, service, address } = this.#options;
    if (address) await this.#host.command(HCI.leSetRandomAddress, { address });
    const ownAddressType = address ? 1 : 0;
    await this.#host.command(HCI.leSetAdvertisingParameters, { ...ADVERTISING, ...NOBODY, ownAddressType });
    const { data, response } = advertisement(name, service);
    const told = (bytes: Uint8Array) => ({ bytes: bytes.length, data: padded(bytes) });
    await this.#host.command(HCI.leSetAdvertisingData, told(data));
    await this.#host.command(HCI.leSetScanResponseData, told(response));
    await this.#advertise();
  }

  async #advertise(): Promise<void> {
    await this.#host.command(HCI.leSetAdvertisingEnable, { enable: 1 });
  }

  #connected(handle: number): void {
    this.#dropLink();
    const served = new Served(this.#host, handle, this.#options);
    this.#dropLink = (reason) => served.over(reason);
    served.onEnd(() => {
      // A link that ended while the radio is on: others may come.
      if (this.#on && !served.wasDropped) this.#turn = this.#turn.then(() => this.#again()).catch(() => undefined);
    });
    this.#links.emit(served);
  }

  async #again(): Promise<void> {
    if (this.#on) await this.#advertise();
  }
}

function padded(bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(ADVERTISING_BYTES);
  whole.set(bytes);
  return whole;
}

/** One client's link to the peripheral. */
class Served implements ServedLink {
  readonly name: string;
  readonly #host: HciHost;
  readonly #handle: number;
  readonly #server: AttServer;
  readonly #reader = new L2capReader();
  readonly #values = new Listeners<GattValue>();
  readonly #quiet = new Listeners<void>();
  readonly #ends = new Listeners<unknown>();
  readonly #undo: (() => void)[];
  #atUs = 0;
  #end: { readonly reason: unknown } | undefined;
  /** It ended with the radio, or for the next link. */
  wasDropped = false;

  constructor(host: HciHost, handle: number, options: PeripheralOptions) {
    this.name = `the link to ${options.name}`;
    this.#host = host;
    this.#handle = handle;
    this.#server = new AttServer({
      ...options,
      onWritten: (bytes) => this.#values.emit({ atUs: this.#atUs, bytes }),
      onSubscribed: (on) => {
        if (!on) this.#quiet.emit();
      },
    });
    this.#undo = [
      host.onData(handle, (atUs, packet) => this.#received(atUs, packet)),
      host.onEvent((event) => {
        if (event.name === "disconnected" && event.status === 0 && (event.handle & 0xfff) === handle)
          this.#ended(new BenchError(`${this.name} ended: ${hciStatus(event.reason)}.`, ""));
      }),
    ];
  }

  get mtu(): number {
    return this.#server.mtu;
  }

  async write(value: Uint8Array, signal?: AbortSignal): Promise<void> {
    if (this.#end) throw new BenchError(`${this.name} has ended.`, "");
    // As bt_gatt_notify: nobody is told who did not ask.
    if (!this.#server.isSubscribed) return;
    await this.#host.send(this.#handle, CHANNEL.att, this.#server.notification(value), signal);
  }

  onValue(listener: (value: GattValue) => void): () => void {
    return this.#values.add(listener);
  }

  onQuiet(listener: () => void): () => void {
    return this.#quiet.add(listener);
  }

  onEnd(listener: (reason?: unknown) => void): () => void {
    if (!this.#end) return this.#ends.add(listener);
    listener(this.#end.reason);
    return () => undefined;
  }

  /** The client's affair. */
  async resubscribe(): Promise<void> {}

  over(reason: unknown): void {
    if (!this.#end) this.wasDropped = true;
    this.#ended(reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#end) return;
    await this.#host.command(HCI.disconnect, { handle: this.#handle, reason: 0x13 }).catch(() => undefined);
  }

  #received(atUs: number, packet: Uint8Array): void {
    const message = this.#reader.push(packet);
    if (message === undefined) return;
    this.#atUs = atUs;
    const { channel, payload } = message;
    const answer =
      channel === CHANNEL.att
        ? this.#server.received(payload)
        : channel === CHANNEL.signalling
          ? answerSignal(payload).answer
          : channel === CHANNEL.security
            ? SECURITY_FAILED
            : undefined;
    if (answer) this.#host.send(this.#handle, channel, answer).catch(() => undefined);
  }

  #ended(reason: unknown): void {
    if (this.#end) return;
    this.#end = { reason };
    for (const undo of this.#undo.splice(0)) undo();
    this.#ends.emit(reason);
  }
}
