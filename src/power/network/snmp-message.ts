import { elementsOf, integer, integerOf, octets, oid, TAG, tlv } from "./snmp-ber.ts";

/** Versions as they stand in a message. Source: RFC 1157, 4; RFC 1901, 3. */
export const SNMP_VERSIONS = [
  { name: "1", value: 0 },
  { name: "2c", value: 1 },
] as const;
export type SnmpVersion = (typeof SNMP_VERSIONS)[number]["name"];

const PDU = { get: 0xa0, response: 0xa2, set: 0xa3 } as const;

/** What an agent refuses with. Source: RFC 1157, 4.1; RFC 3416, 3. */
export const SNMP_ERRORS: Readonly<Record<number, string>> = {
  1: "tooBig",
  2: "noSuchName (no such outlet)",
  3: "badValue",
  4: "readOnly",
  5: "genErr",
  6: "noAccess",
  11: "noCreation (no such outlet)",
  16: "authorizationError",
  17: "notWritable",
};

export interface SnmpRequest {
  readonly version: SnmpVersion;
  readonly community: string;
  /** 1 to 2^31 - 1; the answer carries it back. */
  readonly id: number;
  /** `1.3.6.1…` */
  readonly oid: string;
  /** An INTEGER to set; without it, the object is asked for. */
  readonly value?: number;
}

/** One message with one object. */
export function snmpRequest({ version, community, id, oid: name, value }: SnmpRequest): Uint8Array {
  const object = tlv(TAG.sequence, oid(name), value === undefined ? tlv(TAG.null) : integer(value));
  const body = [integer(id), integer(0), integer(0), tlv(TAG.sequence, object)];
  const number = SNMP_VERSIONS.find((row) => row.name === version)?.value ?? 0;
  return tlv(TAG.sequence, integer(number), octets(community), tlv(value === undefined ? PDU.get : PDU.set, ...body));
}

export interface SnmpResponse {
  readonly id: number;
  /** 0: none. */
  readonly error: number;
  /** The first object's INTEGER; undefined when it is something else (version 2c: noSuchInstance). */
  readonly value: number | undefined;
}

/** A response; undefined for anything else. */
export function snmpResponse(bytes: Uint8Array): SnmpResponse | undefined {
  const message = elementsOf(bytes)?.[0];
  const [, , pdu] = (message?.tag === TAG.sequence && elementsOf(message.content)) || [];
  const [id, error, , objects] = (pdu?.tag === PDU.response && elementsOf(pdu.content)) || [];
  const [object] = (objects?.tag === TAG.sequence && elementsOf(objects.content)) || [];
  const [, value] = (object?.tag === TAG.sequence && elementsOf(object.content)) || [];
  const [number, status] = [integerOf(id), integerOf(error)];
  return number === undefined || status === undefined
    ? undefined
    : { id: number, error: status, value: integerOf(value) };
}
