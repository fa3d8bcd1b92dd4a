import { randomBytes } from "node:crypto";
import { BenchError, type Clock, equalBytes, HilError, sleep, TimeoutError, within } from "../core/index.ts";
import type { Link } from "../serial/index.ts";
import { ATT_MTU_MAX } from "./att/client.ts";
import { BleConnection, openGattLink } from "./connection.ts";
import type { GattLink } from "./gatt-link.ts";
import { deviceText, readAdvertisement } from "./hci/advertising.ts";
import { HCI } from "./hci/commands.ts";
import { advertisingReports, type HciEvent } from "./hci/events.ts";
import { HciHost, HciRefused } from "./hci/host.ts";
import { HCI_STATUS, hciStatus } from "./hci/status.ts";

/** Scanning all the time: window and interval alike, in 0.625 ms. */
const SCAN = { interval: 96, window: 96 } as const;
/** Of a link: interval in 1.25 ms (7.5 to 15 ms), supervision time-out in 10 ms. */
const LINK = {
  intervalMin: 6,
  intervalMax: 12,
  latency: 0,
  supervisionTimeout: 100,
  eventMin: 0,
  eventMax: 0,
} as const;
/** How long one attempt to connect to a board that was just heard may take, in milliseconds. */
const CONNECT_MS = 4_000;
/** How long after the first board of a name another one is looked for, in milliseconds. */
const SECOND_MS = 250;
/** The longest data of a packet in the air, and how long it takes. Source: Bluetooth Core 5.4, Vol 6 Part B, 4.5.10. */
const LONGEST = { octets: 251, timeUs: 2_120 } as const;
/** Bit 8 of a controller's features: 2 Mbit/s. Source: Vol 6 Part B, 4.6. */
const HAS_2M = (features: Uint8Array) => ((features[1] ?? 0) & 1) !== 0;
const PHY_2M = 2;
/** More names than this help nobody. */
const NAMES_MAX = 8;

/** A board that was heard. */
interface Heard {
  readonly name: string;
  readonly address: Uint8Array;
  readonly addressType: number;
  /** Signal strength in dBm; 127: not known. */
  readonly rssi: number;
  /** When it was first and last heard, in microseconds on the clock. */
  readonly sinceUs: number;
  readonly lastUs: number;
}

/** A characteristic of a board that has a name. */
interface GattTarget {
  /** The board's name, as it advertises it. */
  readonly board: string;
  readonly service: string;
  readonly characteristic: string;
  /** ATT's MTU to ask for, in bytes; default the largest of use. */
  readonly mtu?: number;
}

interface Searched {
  readonly limitMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** A central on an HCI controller: finds boards by name, connects to them. Several links at a time. */
export class BleCentral implements AsyncDisposable {
  readonly #host: HciHost;
  readonly #connections = new Set<BleConnection>();
  #ownAddressType = 0;
  /** A controller that has no answer for it is asked once. */
  #setsPhy: boolean;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(host: HciHost) {
    this.#host = host;
    this.#setsPhy = HAS_2M(host.features);
  }

  /** @param link the adapter's port; it is closed with the central. @throws as `HciHost.open`. */
  static async open(
    link: Link,
    options: { readonly clock: Clock; readonly signal?: AbortSignal; readonly address?: Uint8Array },
  ): Promise<BleCentral> {
    const host = await HciHost.open(link, options);
    const central = new BleCentral(host);
    try {
      await central.#takeAddress(options);
      return central;
    } catch (error) {
      await host[Symbol.asyncDispose]();
      throw error;
    }
  }

  get name(): string {
    return this.#host.name;
  }

  /** Called once when the adapter is gone, with the reason, or closed, without one. */
  onEnd(listener: (reason?: unknown) => void): () => void {
    return this.#host.onEnd(listener);
  }

  /**
   * Finds the board, connects, and opens the characteristic. What goes wrong on the way is tried again until the limit:
   * a board that has just started drops links.
   * @throws TimeoutError with what was heard instead; BenchError for two boards of one name, or when the adapter is
   *   gone; ProtocolError for a board without the characteristic; AttRefused; the signal's reason.
   */
  async open(target: GattTarget, searched: Searched): Promise<GattLink> {
    const turn = this.#turn.then(() => this.#openNow(target, searched));
    // One search at a time: a controller connects to one board at a time.
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** What advertises within `forMs` milliseconds, in the order in which it was first heard. */
  async scan(forMs: number, signal?: AbortSignal): Promise<readonly Heard[]> {
    const heard = new HeardBoards(this.#host);
    try {
      await this.#scanning(() => sleep(this.#host.clock, forMs, signal), signal);
    } finally {
      heard.stop();
    }
    return heard.all();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#connections].map((connection) => connection[Symbol.asyncDispose]()));
    await this.#host[Symbol.asyncDispose]();
  }

  async #openNow(target: GattTarget, { limitMs, signal }: Searched): Promise<GattLink> {
    const { clock } = this.#host;
    const untilUs = clock.nowUs() + limitMs * 1000;
    let last: unknown;
    for (;;) {
      const leftMs = (untilUs - clock.nowUs()) / 1000;
      const board = await this.#find(target.board, { limitMs: leftMs, signal }, last);
      try {
        const connection = await this.#connect(board, signal);
        try {
          return await openGattLink(connection, { ...target, mtu: target.mtu ?? ATT_MTU_MAX, signal });
        } catch (error) {
          await connection[Symbol.asyncDispose]();
          throw error;
        }
      } catch (error) {
        if (signal?.aborted || !(error instanceof HilError) || error.kind === "protocol" || clock.nowUs() >= untilUs)
          throw error;
        last = error;
      }
    }
  }

  /** @param last what went wrong before, for the sentence. */
  async #find(name: string, { limitMs, signal }: Searched, last: unknown): Promise<Heard> {
    const { clock } = this.#host;
    const heard = new HeardBoards(this.#host);
    const awaited = `a board named "${name}" in the air over ${this.name}`;
    const lastSeen = () => `${heard.sentence()}${last instanceof HilError ? ` Before that: ${last.message}` : ""}`;
    const hint =
      "Does its application run and advertise? Its UART says; a radio that is silent may be its network core's.";
    const search = async (stop: AbortSignal) =>
      this.#scanning(async () => {
        await heard.one(name, stop);
        await sleep(clock, SECOND_MS, stop);
      }, stop);
    try {
      await within(clock, limitMs, awaited, search, { signal, lastSeen, hint });
    } finally {
      heard.stop();
    }
    const [board, other] = heard.named(name);
    if (board === undefined) throw new TimeoutError(awaited, limitMs, lastSeen(), hint);
    if (other === undefined) return board;
    throw new BenchError(
      `two boards are named "${name}": ${deviceText(board.address)} and ${deviceText(other.address)}.`,
      "Give each its own name (CONFIG_BT_DEVICE_NAME), or switch one of them off.",
    );
  }

  async #scanning(work: () => Promise<void>, signal: AbortSignal | undefined): Promise<void> {
    const own = { ownAddressType: this.#ownAddressType };
    await this.#host.command(HCI.leSetScanParameters, { type: 1, ...SCAN, ...own, filter: 0 }, { signal });
    await this.#host.command(HCI.leSetScanEnable, { enable: 1, filterDuplicates: 0 }, { signal });
    try {
      await work();
    } finally {
      await this.#host.command(HCI.leSetScanEnable, { enable: 0, filterDuplicates: 0 }).catch(() => undefined);
    }
  }

  async #connect(board: Heard, signal: AbortSignal | undefined): Promise<BleConnection> {
    const name = `${board.name} (${deviceText(board.address)}) over ${this.name}`;
    const isBoards = (event: HciEvent & { name: "connected" | "connectedEnhanced" }) =>
      event.status !== 0 || equalBytes(event.peerAddress, board.address);
    let stop = () => {};
    const connected = new Promise<BleConnection>((resolve, reject) => {
      const removers = [
        this.#host.onEnd((reason) => reject(reason ?? new BenchError(`${this.name} is closed.`, "Open it again."))),
        this.#host.onEvent((event) => {
          if ((event.name !== "connected" && event.name !== "connectedEnhanced") || !isBoards(event)) return;
          const text = `no link to ${name}: ${hciStatus(event.status)}.`;
          if (event.status === 0) resolve(this.#take(event.handle & 0xfff, name));
          else reject(new BenchError(text, "Bring the adapter nearer, or look for another one of its address."));
        }),
      ];
      stop = () => {
        for (const remove of removers) remove();
      };
    });
    connected.catch(() => undefined);
    try {
      return await within(
        this.#host.clock,
        CONNECT_MS,
        `a link to ${name}`,
        async (over) => {
          const peer = { peerAddressType: board.addressType & 1, peerAddress: board.address };
          const asked = { scanInterval: SCAN.interval, scanWindow: SCAN.window, filter: 0, ...peer };
          const own = { ownAddressType: this.#ownAddressType };
          await this.#host.command(HCI.leCreateConnection, { ...asked, ...own, ...LINK }, { signal: over });
          const connection = await connected;
          await this.#widen(connection, over);
          return connection;
        },
        { signal, hint: "It was heard a moment ago: is another central connected to it?" },
      );
    } catch (error) {
      await this.#cancel(connected);
      throw error;
    } finally {
      stop();
    }
  }

  /** A controller goes on with an attempt that nobody waits for, and takes no other one meanwhile. */
  async #cancel(connected: Promise<BleConnection>): Promise<void> {
    await this.#host.command(HCI.leCancelConnection, {}).catch(() => undefined);
    // Cancelled, or connected in the same moment: both end the attempt.
    const { clock } = this.#host;
    await Promise.race([connected.then((late) => late[Symbol.asyncDispose]()), sleep(clock, 100)]).catch(
      () => undefined,
    );
  }

  #take(handle: number, name: string): BleConnection {
    const connection = new BleConnection(this.#host, handle, name);
    this.#connections.add(connection);
    connection.onEnd(() => this.#connections.delete(connection));
    return connection;
  }

  /** Long packets, and the faster radio: a controller or a board may lack either, and then it stays as it is. */
  async #widen(connection: BleConnection, signal: AbortSignal): Promise<void> {
    const { handle } = connection;
    const asked = { signal, limitMs: 500 };
    await this.#host.command(HCI.leSetDataLength, { handle, ...LONGEST }, asked).catch(onlyRefused);
    if (!this.#setsPhy) return;
    const phys = { handle, all: 0, transmit: PHY_2M, receive: PHY_2M, options: 0 };
    await this.#host.command(HCI.leSetPhy, phys, asked).catch((error: unknown) => {
      this.#setsPhy = false;
      onlyRefused(error);
    });
  }

  /** Its public address, or where it has none a static one that is made up. Source: Vol 6 Part B, 1.3.2.1. */
  async #takeAddress(options: { readonly signal?: AbortSignal; readonly address?: Uint8Array }): Promise<void> {
    if (options.address === undefined && this.#host.address.some((byte) => byte !== 0)) return;
    const address = options.address ?? Uint8Array.from(randomBytes(6));
    address[5] = (address[5] ?? 0) | 0xc0;
    await this.#host.command(HCI.leSetRandomAddress, { address }, options);
    this.#ownAddressType = 1;
  }
}

/** Who was heard while somebody listened. */
class HeardBoards {
  readonly #host: HciHost;
  readonly #boards = new Map<string, Heard>();
  readonly stop: () => void;
  #awaited: { readonly name: string; readonly done: () => void } | undefined;

  constructor(host: HciHost) {
    this.#host = host;
    this.stop = host.onEvent((event) => {
      for (const report of advertisingReports(event)) {
        const { name = "", isShort } = readAdvertisement(report.data);
        this.#note(report, name, isShort === true);
      }
    });
  }

  all(): readonly Heard[] {
    return [...this.#boards.values()];
  }

  /** Those with this name; where only a short name is in the air, those whose whole name it may be. */
  named(name: string): readonly Heard[] {
    return this.all().filter((board) => isNamed(board, name));
  }

  /** Resolves once one of this name was heard. @throws the signal's reason; what ended the adapter. */
  async one(name: string, signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      if (this.named(name).length > 0) return resolve();
      this.#awaited = { name, done: resolve };
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      this.#host.onEnd((reason) => reject(reason ?? new BenchError("the adapter is closed.", "Open it again.")));
    });
  }

  /** For a timeout. */
  sentence(): string {
    const names = this.all().map(({ name, address }) => (name === "" ? deviceText(address) : `"${name}"`));
    if (names.length === 0) return "Nobody advertises.";
    const more = names.length > NAMES_MAX ? ` and ${names.length - NAMES_MAX} more` : "";
    return `Heard: ${names.slice(0, NAMES_MAX).join(", ")}${more}.`;
  }

  #note(report: { address: Uint8Array; addressType: number; rssi: number }, name: string, isShort: boolean): void {
    const key = deviceText(report.address);
    const known = this.#boards.get(key);
    const nowUs = this.#host.clock.nowUs();
    // A scan response brings the name, the next advertisement may be without.
    const kept =
      name === "" || (isShort && known && !known.name.endsWith("…") && known.name !== "") ? (known?.name ?? "") : name;
    const board = {
      name: isShort && kept === name ? `${name}…` : kept,
      address: report.address,
      addressType: report.addressType,
      rssi: report.rssi,
      sinceUs: known?.sinceUs ?? nowUs,
      lastUs: nowUs,
    };
    this.#boards.set(key, board);
    if (this.#awaited && isNamed(board, this.#awaited.name)) this.#awaited.done();
  }
}

function isNamed(board: Heard, name: string): boolean {
  return (
    board.name === name ||
    (board.name.length > 1 && board.name.endsWith("…") && name.startsWith(board.name.slice(0, -1)))
  );
}

/** What a controller or a board refuses, or has no answer for, is left as it is. */
function onlyRefused(error: unknown): void {
  if (error instanceof HciRefused && error.status !== HCI_STATUS.unknownConnection) return;
  if (error instanceof TimeoutError) return;
  throw error;
}
