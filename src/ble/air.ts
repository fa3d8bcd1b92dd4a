import { type Clock, concat, defined, equalBytes } from "../core/index.ts";
import { type Link, type MemoryLink, memoryLinks } from "../serial/index.ts";
import { commandByOpcode, HCI } from "./hci/commands.ts";
import { encodeEvent } from "./hci/events.ts";
import { type HciFields, readHci, U8, U16, writeHci } from "./hci/fields.ts";
import { H4, H4Reader, h4 } from "./hci/h4.ts";
import { aclHandle } from "./hci/l2cap.ts";
import { HCI_STATUS } from "./hci/status.ts";

/** What an advertiser is heard every so often, in milliseconds. */
const ADVERTISING_MS = 50;
/** As Zephyr's hci_uart has them by default with long packets. */
const BUFFERS = { aclBytes: 251, aclPackets: 6 } as const;
const ROLE = { central: 0, peripheral: 1 } as const;
const ANY_RSSI = 0xc4;

/** How a controller of the air is. */
export interface AirControllerOptions {
  /** Its public address, in the order of the air; default: none. */
  readonly address?: Uint8Array;
  /** Bits a second of its UART; default: as fast as memory. */
  readonly baudRate?: number;
  readonly name?: string;
  /** Commands, by number, that it answers with nothing. */
  readonly silentTo?: readonly number[];
}

interface AirLink {
  readonly central: AirController;
  readonly peripheral: AirController;
  /** Each side's number of it. */
  readonly handles: ReadonlyMap<AirController, number>;
  readonly supervisionMs: number;
}

/**
 * An air in memory: HCI controllers that hear each other, for boards that are simulated in this process. It delivers
 * everything; what it models is what a host meets: scanning, links that end with and without a word, buffers.
 * Source: Bluetooth Core 5.4, Vol 4 Part E.
 */
export class Air {
  readonly #clock: Clock;
  readonly #controllers: AirController[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A new controller: its host's end of the line to it. */
  controller(options: AirControllerOptions = {}): MemoryLink {
    const { baudRate, name = "the air's adapter" } = options;
    const [host, device] = memoryLinks({
      clock: this.#clock,
      ...defined({ baudRate }),
      names: [name, `${name}'s controller`],
    });
    const controller = new AirController(this.#controllers, this.#clock, device, options);
    this.#controllers.push(controller);
    // A host that goes takes its adapter's power away: nothing goes on in the air for nobody.
    const [close, vanish] = [host[Symbol.asyncDispose].bind(host), host.vanish.bind(host)];
    host[Symbol.asyncDispose] = () => {
      controller.reset();
      return close();
    };
    host.vanish = () => {
      controller.reset();
      vanish();
    };
    return host;
  }
}

type Handler = (controller: AirController, values: Record<string, unknown>) => Record<string, unknown> | undefined;
const nothing: Handler = () => ({});
const asNumber = (value: unknown) => Number(value);
const asBytes = (value: unknown) => value as Uint8Array;

/** What each command does; one that is missing is unknown. Undefined: it is answered by a status, and its event later. */
const HANDLERS = new Map<number, Handler>([
  [HCI.reset.opcode, (controller) => (controller.reset(), {})],
  [HCI.setEventMask.opcode, nothing],
  [HCI.leSetEventMask.opcode, nothing],
  [HCI.leReadBufferSize.opcode, () => BUFFERS],
  [HCI.readAddress.opcode, ({ publicAddress }) => ({ address: publicAddress })],
  [HCI.leReadFeatures.opcode, () => ({ features: Uint8Array.of(0x20, 1, 0, 0, 0, 0, 0, 0) })],
  [HCI.leSetRandomAddress.opcode, (controller, { address }) => controller.take({ random: asBytes(address) })],
  [
    HCI.leSetAdvertisingParameters.opcode,
    (controller, { ownAddressType }) => controller.take({ advertisesRandom: ownAddressType === 1 }),
  ],
  [
    HCI.leSetAdvertisingData.opcode,
    (controller, { bytes, data }) => controller.take({ advertising: asBytes(data).subarray(0, asNumber(bytes)) }),
  ],
  [
    HCI.leSetScanResponseData.opcode,
    (controller, { bytes, data }) => controller.take({ response: asBytes(data).subarray(0, asNumber(bytes)) }),
  ],
  [HCI.leSetAdvertisingEnable.opcode, (controller, { enable }) => controller.take({ advertises: enable === 1 })],
  [HCI.leSetScanParameters.opcode, nothing],
  [HCI.leSetScanEnable.opcode, (controller, { enable }) => controller.scan(enable === 1)],
  [
    HCI.leCreateConnection.opcode,
    (controller, { peerAddress, supervisionTimeout }) =>
      controller.seek(asBytes(peerAddress), asNumber(supervisionTimeout) * 10),
  ],
  [HCI.leCancelConnection.opcode, (controller) => controller.cancel()],
  [HCI.leUpdateConnection.opcode, () => undefined],
  [HCI.leSetDataLength.opcode, (_, { handle }) => ({ handle })],
  [HCI.leSetPhy.opcode, () => undefined],
  [
    HCI.disconnect.opcode,
    (controller, { handle, reason }) => {
      controller.disconnect(asNumber(handle), asNumber(reason));
      return undefined;
    },
  ],
]);

interface Said {
  readonly random: Uint8Array;
  readonly advertisesRandom: boolean;
  readonly advertising: Uint8Array;
  readonly response: Uint8Array;
  readonly advertises: boolean;
}
const SILENT: Said = {
  random: new Uint8Array(6),
  advertisesRandom: false,
  advertising: new Uint8Array(),
  response: new Uint8Array(),
  advertises: false,
};

/** One controller of the air; its host is at the other end of a line. */
class AirController {
  readonly publicAddress: Uint8Array;
  readonly #air: readonly AirController[];
  readonly #clock: Clock;
  readonly #line: Link;
  readonly #silentTo: readonly number[];
  readonly #links = new Map<number, AirLink>();
  #said: Said = SILENT;
  #sought: { readonly address: Uint8Array; readonly supervisionMs: number } | undefined;
  #stopHearing: (() => void) | undefined;
  #nextHandle = 0x40;

  constructor(air: readonly AirController[], clock: Clock, line: Link, options: AirControllerOptions) {
    this.#air = air;
    this.#clock = clock;
    this.#line = line;
    this.publicAddress = options.address ?? new Uint8Array(6);
    this.#silentTo = options.silentTo ?? [];
    void this.#serve();
  }

  /** How others hear it; undefined while it does not advertise. */
  get heardAs(): (Said & { readonly address: Uint8Array; readonly addressType: number }) | undefined {
    const said = this.#said;
    if (!said.advertises) return undefined;
    return {
      ...said,
      address: said.advertisesRandom ? said.random : this.publicAddress,
      addressType: said.advertisesRandom ? 1 : 0,
    };
  }

  take(said: Partial<Said>): Record<string, unknown> {
    this.#said = { ...this.#said, ...said };
    if (said.advertises) for (const other of this.#air) other.meet();
    return {};
  }

  scan(on: boolean): Record<string, unknown> {
    this.#stopHearing?.();
    this.#stopHearing = undefined;
    if (on) this.#hear();
    return {};
  }

  seek(address: Uint8Array, supervisionMs: number): undefined {
    this.#sought = { address: address.slice(), supervisionMs };
    // The status goes out before what comes of it.
    this.#clock.at(this.#clock.nowUs() + ADVERTISING_MS * 1000, () => this.meet());
  }

  cancel(): Record<string, unknown> {
    this.#sought = undefined;
    this.#clock.at(this.#clock.nowUs(), () =>
      this.#event("connected", connected(HCI_STATUS.unknownConnection, 0, 0, NOBODY)),
    );
    return {};
  }

  /** Without a word to the other side, which finds out by itself. */
  reset(): void {
    this.#said = SILENT;
    this.#sought = undefined;
    this.scan(false);
    for (const [handle, link] of this.#links) {
      this.#links.delete(handle);
      const other = link.central === this ? link.peripheral : link.central;
      const end = () => other.ended(link, HCI_STATUS.supervision);
      this.#clock.at(this.#clock.nowUs() + link.supervisionMs * 1000, end);
    }
  }

  disconnect(handle: number, reason: number): void {
    const link = this.#links.get(handle);
    this.#clock.at(this.#clock.nowUs() + 1_000, () => {
      if (link === undefined || this.#links.get(handle) !== link) return;
      const other = link.central === this ? link.peripheral : link.central;
      this.ended(link, HCI_STATUS.byUs);
      other.ended(link, reason);
    });
  }

  /** This side's end of a link. */
  ended(link: AirLink, reason: number): void {
    const handle = link.handles.get(this) ?? 0;
    if (this.#links.get(handle) !== link) return;
    this.#links.delete(handle);
    this.#event("disconnected", writeHci({ status: U8, handle: U16, reason: U8 }, { status: 0, handle, reason }));
  }

  /** Connects to the board that is sought, if it advertises now. */
  meet(): void {
    const sought = this.#sought;
    if (sought === undefined) return;
    const board = this.#air.find((other) => {
      const heard = other === this ? undefined : other.heardAs;
      return heard !== undefined && equalBytes(heard.address, sought.address);
    });
    if (board === undefined) return;
    this.#sought = undefined;
    const own = this.#newHandle();
    const theirs = board.#newHandle();
    const link = {
      central: this,
      peripheral: board,
      handles: new Map<AirController, number>([
        [this, own],
        [board, theirs],
      ]),
      supervisionMs: sought.supervisionMs,
    };
    const heard = board.heardAs ?? NOBODY;
    board.#said = { ...board.#said, advertises: false };
    this.#links.set(own, link);
    board.#links.set(theirs, link);
    const central = { address: this.publicAddress, addressType: 0 };
    board.#event("connected", connected(0, theirs, ROLE.peripheral, central));
    this.#event("connected", connected(0, own, ROLE.central, heard));
  }

  #newHandle(): number {
    this.#nextHandle = this.#nextHandle >= 0xeff ? 0x40 : this.#nextHandle + 1;
    return this.#nextHandle;
  }

  #hear(): void {
    this.#stopHearing = this.#clock.at(this.#clock.nowUs() + ADVERTISING_MS * 1000, () => {
      for (const other of this.#air) {
        const heard = other === this ? undefined : other.heardAs;
        if (heard === undefined) continue;
        for (const [type, data] of [
          [0, heard.advertising],
          [4, heard.response],
        ] as const) {
          const head = Uint8Array.of(1, type, heard.addressType, ...heard.address, data.length);
          this.#event("advertisingReport", concat(head, data, Uint8Array.of(ANY_RSSI)));
        }
      }
      this.#hear();
    });
  }

  async #serve(): Promise<void> {
    const reader = new H4Reader();
    try {
      for await (const { bytes } of this.#line.chunks) {
        for (const packet of reader.push(bytes)) {
          if (packet.type === H4.command) this.#command(packet.bytes);
          else if (packet.type === H4.acl) this.#data(packet.bytes);
        }
      }
    } finally {
      this.reset();
    }
  }

  #command(bytes: Uint8Array): void {
    const { opcode } = readHci({ opcode: U16, bytes: U8 }, bytes, "a command");
    if (this.#silentTo.includes(opcode)) return;
    const command = commandByOpcode(opcode);
    const handler = command && HANDLERS.get(opcode);
    const complete = (status: number, rest: Uint8Array) =>
      this.#event("commandComplete", concat(Uint8Array.of(1, opcode & 0xff, opcode >> 8, status), rest));
    if (command === undefined || handler === undefined) return complete(HCI_STATUS.unknownCommand, new Uint8Array());
    const returned = handler(this, readHci<HciFields>(command.parameters, bytes.subarray(3), command.name));
    if (returned === undefined) this.#event("commandStatus", Uint8Array.of(0, 1, opcode & 0xff, opcode >> 8));
    else complete(0, writeHci<HciFields>(command.returns, returned as never));
  }

  #data(packet: Uint8Array): void {
    const handle = aclHandle(packet);
    const link = this.#links.get(handle);
    if (link === undefined) return;
    const other = link.central === this ? link.peripheral : link.central;
    const theirs = link.handles.get(other) ?? 0;
    // A host's first piece is another one for its peer. Source: Vol 4 Part E, 5.4.2.
    const isFirst = ((packet[1] ?? 0) & 0x30) === 0;
    const head = Uint8Array.of(theirs & 0xff, (theirs >> 8) | (isFirst ? 0x20 : 0x10));
    if (other.#links.has(theirs)) other.#send(H4.acl, concat(head, packet.subarray(2)));
    this.#event("completedPackets", Uint8Array.of(1, handle & 0xff, handle >> 8, 1, 0));
  }

  #event(name: Parameters<typeof encodeEvent>[0], parameters: Uint8Array): void {
    this.#send(H4.event, encodeEvent(name, parameters));
  }

  #send(type: number, bytes: Uint8Array): void {
    // A host that is gone hears nothing.
    this.#line.write(h4(type, bytes)).catch(() => undefined);
  }
}

interface Peer {
  readonly address: Uint8Array;
  readonly addressType: number;
}
const NOBODY: Peer = { address: new Uint8Array(6), addressType: 0 };

function connected(status: number, handle: number, role: number, { address, addressType }: Peer): Uint8Array {
  const head = Uint8Array.of(status, handle & 0xff, handle >> 8, role, addressType, ...address);
  return concat(head, Uint8Array.of(12, 0, 0, 0, 100, 0, 0));
}
