import { concat, ProtocolError } from "../../core/index.ts";
import { type HciFields, type HciValues, REST, readHci, U8, U16, writeHci } from "../hci/fields.ts";

interface Pdu<F extends HciFields = HciFields> {
  readonly opcode: number;
  readonly fields: F;
}

const row = <F extends HciFields>(pdu: Pdu<F>): Pdu<F> => pdu;
const RANGE = { first: U16, last: U16 };

/** Source: Bluetooth Core 5.4, Vol 3 Part F, 3.4. */
export const ATT = {
  error: row({ opcode: 0x01, fields: { request: U8, handle: U16, code: U8 } }),
  mtuRequest: row({ opcode: 0x02, fields: { mtu: U16 } }),
  mtuResponse: row({ opcode: 0x03, fields: { mtu: U16 } }),
  findInformation: row({ opcode: 0x04, fields: RANGE }),
  information: row({ opcode: 0x05, fields: { format: U8, rest: REST } }),
  findByTypeValue: row({ opcode: 0x06, fields: { ...RANGE, type: U16, value: REST } }),
  foundByTypeValue: row({ opcode: 0x07, fields: { rest: REST } }),
  readByType: row({ opcode: 0x08, fields: { ...RANGE, type: REST } }),
  typeValues: row({ opcode: 0x09, fields: { bytes: U8, rest: REST } }),
  read: row({ opcode: 0x0a, fields: { handle: U16 } }),
  value: row({ opcode: 0x0b, fields: { value: REST } }),
  readByGroupType: row({ opcode: 0x10, fields: { ...RANGE, type: REST } }),
  groups: row({ opcode: 0x11, fields: { bytes: U8, rest: REST } }),
  write: row({ opcode: 0x12, fields: { handle: U16, value: REST } }),
  written: row({ opcode: 0x13, fields: {} }),
  notification: row({ opcode: 0x1b, fields: { handle: U16, value: REST } }),
  indication: row({ opcode: 0x1d, fields: { handle: U16, value: REST } }),
  confirmation: row({ opcode: 0x1e, fields: {} }),
  writeCommand: row({ opcode: 0x52, fields: { handle: U16, value: REST } }),
} as const;

export type AttName = keyof typeof ATT;
export type AttPdu = { [N in AttName]: { readonly name: N } & HciValues<(typeof ATT)[N]["fields"]> }[AttName];

const BY_OPCODE = new Map(Object.entries(ATT).map(([name, { opcode }]) => [opcode, name as AttName]));

/** A PDU of ATT. @returns undefined for one that the table does not know. @throws ProtocolError when cut short. */
export function decodeAtt(bytes: Uint8Array): AttPdu | undefined {
  const [opcode] = bytes;
  const name = opcode === undefined ? undefined : BY_OPCODE.get(opcode);
  if (name === undefined) return undefined;
  return { name, ...readHci<HciFields>(ATT[name].fields, bytes.subarray(1), `ATT ${name}`) } as AttPdu;
}

/** The bytes of a PDU. @throws RangeError for a value that does not fit. */
export function encodeAtt<N extends AttName>(name: N, values: HciValues<(typeof ATT)[N]["fields"]>): Uint8Array {
  const { opcode, fields } = ATT[name];
  return concat(Uint8Array.of(opcode), writeHci<HciFields>(fields, values));
}

/** Codes of an error. Source: Vol 3 Part F, 3.4.1.1; Supplement, Part B, 1.2. */
export const ATT_ERROR = {
  invalidHandle: 0x01,
  readNotPermitted: 0x02,
  writeNotPermitted: 0x03,
  invalidPdu: 0x04,
  authentication: 0x05,
  notSupported: 0x06,
  invalidOffset: 0x07,
  authorization: 0x08,
  notFound: 0x0a,
  keySize: 0x0c,
  tooLong: 0x0d,
  unlikely: 0x0e,
  encryption: 0x0f,
  groupNotSupported: 0x10,
  resources: 0x11,
  cccImproper: 0xfd,
} as const;

const ERROR_NAMES = new Map<number, string>(Object.entries(ATT_ERROR).map(([name, code]) => [code, name]));
/** A board that wants a paired, encrypted or authenticated link first. */
const WANTS_PAIRING: readonly number[] = [ATT_ERROR.authentication, ATT_ERROR.keySize, ATT_ERROR.encryption];

/** An error of a board's attribute server. */
export class AttRefused extends ProtocolError {
  readonly code: number;

  constructor(what: string, code: number) {
    const wantsPairing = WANTS_PAIRING.includes(code);
    const hex = `ATT 0x${code.toString(16).padStart(2, "0")}`;
    super(
      wantsPairing
        ? `${what}: this build wants pairing (${hex}).`
        : `${what}: the board refuses: ${ERROR_NAMES.get(code) ?? "unknown"} (${hex}).`,
      wantsPairing
        ? "For a lab, build it without: CONFIG_MCUMGR_TRANSPORT_BT_PERM_RW=y (Zephyr before 4.1: CONFIG_MCUMGR_TRANSPORT_BT_AUTHEN=n)."
        : "",
    );
    this.code = code;
  }
}

/** Pieces of `bytes` bytes each. @throws ProtocolError for a length that makes no sense. */
export function piecesOf(rest: Uint8Array, bytes: number, least: number, what: string): readonly Uint8Array[] {
  if (bytes < least || rest.length === 0 || rest.length % bytes !== 0)
    throw new ProtocolError(`${what}: ${rest.length} bytes in pieces of ${bytes} make no sense.`);
  return Array.from({ length: rest.length / bytes }, (_, at) => rest.subarray(at * bytes, (at + 1) * bytes));
}
