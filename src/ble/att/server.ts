import { concat, equalBytes, ProtocolError, utf8 } from "../../core/index.ts";
import { uuidBytes } from "../hci/advertising.ts";
import { ATT_MTU_DEFAULT, ATT_MTU_MAX } from "./client.ts";
import { GATT_TYPE, PROPERTY, shortType } from "./gatt.ts";
import { ATT_ERROR, type AttPdu, decodeAtt, encodeAtt } from "./pdus.ts";

interface Attribute {
  readonly handle: number;
  readonly type: Uint8Array;
  readonly value: Uint8Array;
  /** Of a service: its last handle. */
  readonly last?: number;
}

const GAP_SERVICE = 0x1800;
/** Where the table below has what is written to. */
const VALUE_HANDLE = 6;
const CONFIGURATION_HANDLE = 7;
const NOTIFY = 1;

interface AttServerOptions {
  readonly name: string;
  readonly service: string;
  readonly characteristic: string;
  /** The most that this side takes, in bytes. Default the largest of use. */
  readonly mtu?: number | undefined;
  /** Its characteristic and descriptor want an encrypted link, and this server cannot pair. */
  readonly wantsPairing?: boolean | undefined;
  onWritten(value: Uint8Array): void;
  onSubscribed(on: boolean): void;
}

/** Seven attributes: the device's name, and one characteristic that takes commands and notifies. */
function attributes({ name, service, characteristic }: AttServerOptions): readonly Attribute[] {
  const declared = (properties: number, valueHandle: number, uuid: Uint8Array) =>
    concat(Uint8Array.of(properties, valueHandle, 0), uuid);
  const uuid = uuidBytes(characteristic);
  const own = declared(PROPERTY.writeCommand | PROPERTY.notify, VALUE_HANDLE, uuid);
  return [
    { handle: 1, type: shortType(GATT_TYPE.service), value: shortType(GAP_SERVICE), last: 3 },
    {
      handle: 2,
      type: shortType(GATT_TYPE.characteristic),
      value: declared(PROPERTY.read, 3, shortType(GATT_TYPE.name)),
    },
    { handle: 3, type: shortType(GATT_TYPE.name), value: utf8(name) },
    { handle: 4, type: shortType(GATT_TYPE.service), value: uuidBytes(service), last: CONFIGURATION_HANDLE },
    { handle: 5, type: shortType(GATT_TYPE.characteristic), value: own },
    { handle: VALUE_HANDLE, type: uuid, value: new Uint8Array() },
    { handle: CONFIGURATION_HANDLE, type: shortType(GATT_TYPE.clientConfiguration), value: Uint8Array.of(0, 0) },
  ];
}

const number = (value: number) => shortType(value);

/**
 * The attribute server of one connection, as small as a board's with nothing but SMP.
 * Source: Bluetooth Core 5.4, Vol 3 Part F, 3.4 and Part G, 4.
 */
export class AttServer {
  readonly #options: AttServerOptions;
  readonly #attributes: readonly Attribute[];
  mtu = ATT_MTU_DEFAULT;
  isSubscribed = false;

  constructor(options: AttServerOptions) {
    this.#options = options;
    this.#attributes = attributes(options);
  }

  /** What the other side asked; what is to be answered, if anything. */
  received(bytes: Uint8Array): Uint8Array | undefined {
    const [opcode = 0] = bytes;
    try {
      return this.#answer(opcode, decodeAtt(bytes));
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return refusal(opcode, 0, ATT_ERROR.invalidPdu);
    }
  }

  notification(value: Uint8Array): Uint8Array {
    return encodeAtt("notification", { handle: VALUE_HANDLE, value });
  }

  #answer(opcode: number, pdu: AttPdu | undefined): Uint8Array | undefined {
    switch (pdu?.name) {
      case "mtuRequest": {
        const own = this.#options.mtu ?? ATT_MTU_MAX;
        this.mtu = Math.max(ATT_MTU_DEFAULT, Math.min(own, pdu.mtu));
        return encodeAtt("mtuResponse", { mtu: own });
      }
      case "findByTypeValue":
        return this.#services(
          opcode,
          pdu,
          (service) => equalBytes(service.value, pdu.value) && pdu.type === GATT_TYPE.service,
        );
      case "readByGroupType":
        return this.#groups(opcode, pdu);
      case "readByType":
        return this.#typeValues(opcode, pdu);
      case "findInformation":
        return this.#information(opcode, pdu);
      case "read": {
        const found = this.#attributes.find(({ handle }) => handle === pdu.handle);
        if (found === undefined) return refusal(opcode, pdu.handle, ATT_ERROR.invalidHandle);
        if (found.handle === VALUE_HANDLE) return refusal(opcode, pdu.handle, ATT_ERROR.readNotPermitted);
        const value = found.handle === CONFIGURATION_HANDLE ? number(this.isSubscribed ? NOTIFY : 0) : found.value;
        return encodeAtt("value", { value: value.subarray(0, this.mtu - 1) });
      }
      case "write":
        return this.#write(opcode, pdu.handle, pdu.value);
      case "writeCommand":
        if (pdu.handle === VALUE_HANDLE && !this.#options.wantsPairing) this.#options.onWritten(pdu.value);
        return undefined;
      default:
        return (opcode & 0x41) === 0 ? refusal(opcode, 0, ATT_ERROR.notSupported) : undefined;
    }
  }

  #write(opcode: number, handle: number, value: Uint8Array): Uint8Array {
    if (this.#options.wantsPairing && (handle === VALUE_HANDLE || handle === CONFIGURATION_HANDLE))
      return refusal(opcode, handle, ATT_ERROR.encryption);
    if (handle !== CONFIGURATION_HANDLE) return refusal(opcode, handle, ATT_ERROR.writeNotPermitted);
    if (value.length !== 2) return refusal(opcode, handle, ATT_ERROR.invalidPdu);
    this.isSubscribed = ((value[0] ?? 0) & NOTIFY) !== 0;
    this.#options.onSubscribed(this.isSubscribed);
    return encodeAtt("written", {});
  }

  #inRange({ first, last }: { readonly first: number; readonly last: number }): readonly Attribute[] {
    return this.#attributes.filter(({ handle }) => handle >= first && handle <= last);
  }

  #services(
    opcode: number,
    range: { readonly first: number; readonly last: number },
    isWanted: (service: Attribute) => boolean,
  ): Uint8Array {
    const found = this.#inRange(range).filter((attribute) => attribute.last !== undefined && isWanted(attribute));
    if (found.length === 0) return refusal(opcode, range.first, ATT_ERROR.notFound);
    return encodeAtt("foundByTypeValue", {
      rest: concat(...found.map(({ handle, last = 0 }) => concat(number(handle), number(last)))),
    });
  }

  #groups(opcode: number, pdu: AttPdu & { readonly name: "readByGroupType" }): Uint8Array {
    if (!equalBytes(pdu.type, shortType(GATT_TYPE.service)))
      return refusal(opcode, pdu.first, ATT_ERROR.groupNotSupported);
    const found = this.#inRange(pdu).filter(({ last }) => last !== undefined);
    const [head] = found;
    if (head === undefined) return refusal(opcode, pdu.first, ATT_ERROR.notFound);
    // Only values of one length in one answer, and only what there is room for.
    const alike = found.filter(({ value }) => value.length === head.value.length);
    const bytes = 4 + head.value.length;
    const rest = alike.map(({ handle, last = 0, value }) => concat(number(handle), number(last), value));
    return encodeAtt("groups", {
      bytes,
      rest: concat(...rest.slice(0, 1 + Math.floor((this.mtu - 2 - bytes) / bytes))),
    });
  }

  #typeValues(opcode: number, pdu: AttPdu & { readonly name: "readByType" }): Uint8Array {
    const [found] = this.#inRange(pdu).filter(({ type }) => equalBytes(type, pdu.type));
    if (found === undefined) return refusal(opcode, pdu.first, ATT_ERROR.notFound);
    const rest = concat(number(found.handle), found.value).subarray(0, this.mtu - 2);
    return encodeAtt("typeValues", { bytes: rest.length, rest });
  }

  #information(opcode: number, pdu: AttPdu & { readonly name: "findInformation" }): Uint8Array {
    const found = this.#inRange(pdu);
    const [head] = found;
    if (head === undefined) return refusal(opcode, pdu.first, ATT_ERROR.notFound);
    const bytes = 2 + head.type.length;
    const differs = found.findIndex(({ type }) => type.length !== head.type.length);
    const alike = differs < 0 ? found : found.slice(0, differs);
    const rest = alike
      .slice(0, Math.floor((this.mtu - 2) / bytes))
      .map(({ handle, type }) => concat(number(handle), type));
    return encodeAtt("information", { format: head.type.length === 2 ? 1 : 2, rest: concat(...rest) });
  }
}

function refusal(request: number, handle: number, code: number): Uint8Array {
  return encodeAtt("error", { request, handle, code });
}
