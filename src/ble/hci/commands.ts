import { ADDRESS, type HciField, type HciFields, octets, U8, U16 } from "./fields.ts";

/** A command to the controller. */
export interface HciCommand<P extends HciFields = HciFields, R extends HciFields = HciFields> {
  readonly name: string;
  readonly opcode: number;
  readonly parameters: P;
  /** What a Command Complete carries after the status. */
  readonly returns: R;
  /** Which event answers it: the result itself, or that it is being worked on. */
  readonly answer: "complete" | "status";
}

const EVENT_MASK: { readonly mask: HciField<Uint8Array> } = { mask: octets(8) };
const row = <P extends HciFields, R extends HciFields>(command: HciCommand<P, R>): HciCommand<P, R> => command;

/** Source: Bluetooth Core 5.4, Vol 4 Part E, 7.1 (link control), 7.3 (controller), 7.4 (information), 7.8 (LE). */
export const HCI = {
  disconnect: row({
    name: "Disconnect",
    opcode: 0x0406,
    parameters: { handle: U16, reason: U8 },
    returns: {},
    answer: "status",
  }),
  setEventMask: row({
    name: "Set Event Mask",
    opcode: 0x0c01,
    parameters: EVENT_MASK,
    returns: {},
    answer: "complete",
  }),
  reset: row({ name: "Reset", opcode: 0x0c03, parameters: {}, returns: {}, answer: "complete" }),
  readBufferSize: row({
    name: "Read Buffer Size",
    opcode: 0x1005,
    parameters: {},
    returns: { aclBytes: U16, scoBytes: U8, aclPackets: U16, scoPackets: U16 },
    answer: "complete",
  }),
  readAddress: row({
    name: "Read BD_ADDR",
    opcode: 0x1009,
    parameters: {},
    returns: { address: ADDRESS },
    answer: "complete",
  }),
  leSetEventMask: row({
    name: "LE Set Event Mask",
    opcode: 0x2001,
    parameters: EVENT_MASK,
    returns: {},
    answer: "complete",
  }),
  leReadBufferSize: row({
    name: "LE Read Buffer Size",
    opcode: 0x2002,
    parameters: {},
    returns: { aclBytes: U16, aclPackets: U8 },
    answer: "complete",
  }),
  leReadFeatures: row({
    name: "LE Read Local Supported Features",
    opcode: 0x2003,
    parameters: {},
    returns: { features: octets(8) },
    answer: "complete",
  }),
  leSetRandomAddress: row({
    name: "LE Set Random Address",
    opcode: 0x2005,
    parameters: { address: ADDRESS },
    returns: {},
    answer: "complete",
  }),
  leSetAdvertisingParameters: row({
    name: "LE Set Advertising Parameters",
    opcode: 0x2006,
    parameters: {
      intervalMin: U16,
      intervalMax: U16,
      type: U8,
      ownAddressType: U8,
      peerAddressType: U8,
      peerAddress: ADDRESS,
      channels: U8,
      filter: U8,
    },
    returns: {},
    answer: "complete",
  }),
  leSetAdvertisingData: row({
    name: "LE Set Advertising Data",
    opcode: 0x2008,
    parameters: { bytes: U8, data: octets(31) },
    returns: {},
    answer: "complete",
  }),
  leSetScanResponseData: row({
    name: "LE Set Scan Response Data",
    opcode: 0x2009,
    parameters: { bytes: U8, data: octets(31) },
    returns: {},
    answer: "complete",
  }),
  leSetAdvertisingEnable: row({
    name: "LE Set Advertising Enable",
    opcode: 0x200a,
    parameters: { enable: U8 },
    returns: {},
    answer: "complete",
  }),
  leSetScanParameters: row({
    name: "LE Set Scan Parameters",
    opcode: 0x200b,
    parameters: { type: U8, interval: U16, window: U16, ownAddressType: U8, filter: U8 },
    returns: {},
    answer: "complete",
  }),
  leSetScanEnable: row({
    name: "LE Set Scan Enable",
    opcode: 0x200c,
    parameters: { enable: U8, filterDuplicates: U8 },
    returns: {},
    answer: "complete",
  }),
  leCreateConnection: row({
    name: "LE Create Connection",
    opcode: 0x200d,
    parameters: {
      scanInterval: U16,
      scanWindow: U16,
      filter: U8,
      peerAddressType: U8,
      peerAddress: ADDRESS,
      ownAddressType: U8,
      intervalMin: U16,
      intervalMax: U16,
      latency: U16,
      supervisionTimeout: U16,
      eventMin: U16,
      eventMax: U16,
    },
    returns: {},
    answer: "status",
  }),
  leCancelConnection: row({
    name: "LE Create Connection Cancel",
    opcode: 0x200e,
    parameters: {},
    returns: {},
    answer: "complete",
  }),
  leUpdateConnection: row({
    name: "LE Connection Update",
    opcode: 0x2013,
    parameters: {
      handle: U16,
      intervalMin: U16,
      intervalMax: U16,
      latency: U16,
      supervisionTimeout: U16,
      eventMin: U16,
      eventMax: U16,
    },
    returns: {},
    answer: "status",
  }),
  leSetDataLength: row({
    name: "LE Set Data Length",
    opcode: 0x2022,
    parameters: { handle: U16, octets: U16, timeUs: U16 },
    returns: { handle: U16 },
    answer: "complete",
  }),
  leSetPhy: row({
    name: "LE Set PHY",
    opcode: 0x2032,
    parameters: { handle: U16, all: U8, transmit: U8, receive: U8, options: U16 },
    returns: {},
    answer: "status",
  }),
} as const;

/** A command by its number; undefined for one that is not in the table. */
export function commandByOpcode(opcode: number): HciCommand | undefined {
  return (Object.values(HCI) as readonly HciCommand[]).find((command) => command.opcode === opcode);
}
