import { ProtocolError } from "../../core/index.ts";
import { ADDRESS, type HciFields, type HciValues, I8, REST, readHci, U8, U16 } from "./fields.ts";

interface EventRow<F extends HciFields = HciFields> {
  readonly code: number;
  /** Of LE Meta, the sub-event. */
  readonly sub?: number;
  readonly fields: F;
}

const LE_META = 0x3e;
const row = <F extends HciFields>(event: EventRow<F>): EventRow<F> => event;
const CONNECTION = { status: U8, handle: U16, role: U8, peerAddressType: U8, peerAddress: ADDRESS };
const CONNECTED = { interval: U16, latency: U16, supervisionTimeout: U16, accuracy: U8 };

/** Source: Bluetooth Core 5.4, Vol 4 Part E, 7.7. */
const EVENTS = {
  disconnected: row({ code: 0x05, fields: { status: U8, handle: U16, reason: U8 } }),
  commandComplete: row({ code: 0x0e, fields: { credits: U8, opcode: U16, rest: REST } }),
  commandStatus: row({ code: 0x0f, fields: { status: U8, credits: U8, opcode: U16 } }),
  hardwareError: row({ code: 0x10, fields: { error: U8 } }),
  completedPackets: row({ code: 0x13, fields: { handles: U8, rest: REST } }),
  connected: row({ code: LE_META, sub: 0x01, fields: { ...CONNECTION, ...CONNECTED } }),
  advertisingReport: row({ code: LE_META, sub: 0x02, fields: { reports: U8, rest: REST } }),
  connectionUpdated: row({
    code: LE_META,
    sub: 0x03,
    fields: { status: U8, handle: U16, interval: U16, latency: U16, supervisionTimeout: U16 },
  }),
  dataLengthChanged: row({
    code: LE_META,
    sub: 0x07,
    fields: { handle: U16, sendOctets: U16, sendTimeUs: U16, receiveOctets: U16, receiveTimeUs: U16 },
  }),
  connectedEnhanced: row({
    code: LE_META,
    sub: 0x0a,
    fields: { ...CONNECTION, localResolvable: ADDRESS, peerResolvable: ADDRESS, ...CONNECTED },
  }),
  phyUpdated: row({ code: LE_META, sub: 0x0c, fields: { status: U8, handle: U16, transmit: U8, receive: U8 } }),
  extendedReport: row({ code: LE_META, sub: 0x0d, fields: { reports: U8, rest: REST } }),
} as const;

type EventName = keyof typeof EVENTS;

/** An event that the table knows, by its name. */
export type HciEvent = {
  [N in EventName]: { readonly name: N } & HciValues<(typeof EVENTS)[N]["fields"]>;
}[EventName];

/**
 * One event of a controller.
 * @param bytes code, length and parameters, as H4 carries them.
 * @returns undefined for an event that the table does not know. @throws ProtocolError for one that is too short.
 */
export function decodeEvent(bytes: Uint8Array): HciEvent | undefined {
  const [code, , sub] = bytes;
  for (const [name, event] of Object.entries(EVENTS) as [EventName, EventRow][]) {
    if (event.code !== code || (event.sub !== undefined && event.sub !== sub)) continue;
    const parameters = bytes.subarray(event.sub === undefined ? 2 : 3);
    return { name, ...readHci(event.fields, parameters, `HCI event ${name}`) } as HciEvent;
  }
  return undefined;
}

/** The bytes of an event, for a controller of ours. */
export function encodeEvent(name: EventName, parameters: Uint8Array): Uint8Array {
  const { code, sub } = EVENTS[name] as EventRow;
  const head = sub === undefined ? [] : [sub];
  return Uint8Array.from([code, head.length + parameters.length, ...head, ...parameters]);
}

/** Packets that the controller is done with, a connection each. @throws ProtocolError */
export function completedPackets(event: HciEvent & { name: "completedPackets" }): readonly [number, number][] {
  const pairs: [number, number][] = [];
  for (let at = 0; at < event.handles; at += 1) {
    const { handle, packets } = readHci(
      { handle: U16, packets: U16 },
      event.rest.subarray(4 * at),
      "HCI event completedPackets",
    );
    pairs.push([handle & 0xfff, packets]);
  }
  return pairs;
}

/** What was heard of one advertiser at one moment. */
interface AdvertisingReport {
  readonly addressType: number;
  readonly address: Uint8Array;
  readonly connectable: boolean;
  readonly rssi: number;
  /** Structures of length, type and content. */
  readonly data: Uint8Array;
}

/** Source: Vol 4 Part E, 7.7.65.2. */
const REPORT = { type: U8, addressType: U8, address: ADDRESS, bytes: U8 };
/** Source: Vol 4 Part E, 7.7.65.13. */
const EXTENDED_REPORT = {
  ...{ type: U16, addressType: U8, address: ADDRESS, primaryPhy: U8, secondaryPhy: U8, set: U8, power: I8, rssi: I8 },
  ...{ interval: U16, directType: U8, direct: ADDRESS, bytes: U8 },
};
const EXTENDED_REPORT_BYTES = 24;
const REPORT_BYTES = 9;

/** The advertisers in an event; none in any other event. @throws ProtocolError for one that is too short. */
export function advertisingReports(event: HciEvent): readonly AdvertisingReport[] {
  if (event.name !== "advertisingReport" && event.name !== "extendedReport") return [];
  const found: AdvertisingReport[] = [];
  let rest = event.rest;
  const what = "an advertising report";
  const cut = (from: number, bytes: number) => {
    if (rest.length < from + bytes) throw new ProtocolError(`${what} ends before its data: ${rest.length} bytes came.`);
    return rest.slice(from, from + bytes);
  };
  for (let left = event.reports; left > 0; left -= 1) {
    if (event.name === "extendedReport") {
      const { type, addressType, address, rssi, bytes } = readHci(EXTENDED_REPORT, rest, what);
      const data = cut(EXTENDED_REPORT_BYTES, bytes);
      found.push({ addressType, address, connectable: (type & 1) !== 0, rssi, data });
      rest = rest.subarray(EXTENDED_REPORT_BYTES + bytes);
    } else {
      // ADV_IND and ADV_DIRECT_IND are connectable; a scan response (4) belongs to what came before it.
      const { type, addressType, address, bytes } = readHci(REPORT, rest, what);
      const data = cut(REPORT_BYTES, bytes);
      const [strength = 0x7f] = cut(REPORT_BYTES + bytes, 1);
      found.push({ addressType, address, connectable: type <= 1, rssi: (strength << 24) >> 24, data });
      rest = rest.subarray(REPORT_BYTES + bytes + 1);
    }
  }
  return found;
}
