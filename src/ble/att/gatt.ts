import { equalBytes, ProtocolError } from "../../core/index.ts";
import { uuidBytes } from "../hci/advertising.ts";
import { REST, readHci, U8, U16 } from "../hci/fields.ts";
import type { AttClient } from "./client.ts";
import { ATT_ERROR, AttRefused, piecesOf } from "./pdus.ts";

/** Types of attributes. Source: Bluetooth Assigned Numbers, 3.5 and 3.6. */
export const GATT_TYPE = {
  service: 0x2800,
  characteristic: 0x2803,
  clientConfiguration: 0x2902,
  name: 0x2a00,
} as const;
/** What a characteristic allows, a bit each. Source: Bluetooth Core 5.4, Vol 3 Part G, 3.3.1.1. */
export const PROPERTY = { read: 0x02, writeCommand: 0x04, write: 0x08, notify: 0x10 } as const;
const HANDLE_MAX = 0xffff;

/** A type in the two bytes that ATT has for the known ones. */
export const shortType = (type: number): Uint8Array => Uint8Array.of(type & 0xff, type >> 8);

/** Where a board has a characteristic. */
interface Characteristic {
  readonly valueHandle: number;
  /** Of the descriptor that switches notifications on. */
  readonly configurationHandle: number;
}

interface Wanted {
  /** UUIDs in their usual spelling. */
  readonly service: string;
  readonly characteristic: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Finds a characteristic that takes commands and notifies. Handles are those of this very connection: another firmware
 * may have others.
 * @throws ProtocolError when the board has none, or tells its attributes in a way that makes no sense; as `request`.
 */
export async function discover(att: AttClient, name: string, wanted: Wanted): Promise<Characteristic> {
  const [first, last] = await findService(att, name, wanted);
  for (let from = first; from <= last; ) {
    const found = await unlessNotFound(
      att.request("readByType", { first: from, last, type: shortType(GATT_TYPE.characteristic) }, "typeValues", wanted),
    );
    if (found === undefined) break;
    for (const piece of piecesOf(found.rest, found.bytes, 7, `characteristics of ${name}`)) {
      const { handle, properties, valueHandle, uuid } = readHci(
        { handle: U16, properties: U8, valueHandle: U16, uuid: REST },
        piece,
        `a characteristic of ${name}`,
      );
      if (handle < from || handle > last) throw senseless(name, handle);
      from = handle + 1;
      if (!equalBytes(uuid, uuidBytes(wanted.characteristic))) continue;
      if ((properties & PROPERTY.writeCommand) === 0 || (properties & PROPERTY.notify) === 0)
        throw new ProtocolError(
          `${name}: its characteristic ${wanted.characteristic} takes no commands, or notifies nothing.`,
        );
      return { valueHandle, configurationHandle: await findConfiguration(att, name, valueHandle, last, wanted) };
    }
  }
  throw new ProtocolError(
    `${name} has the service ${wanted.service} and not its characteristic ${wanted.characteristic}.`,
  );
}

async function findService(att: AttClient, name: string, wanted: Wanted): Promise<readonly [number, number]> {
  const found = await unlessNotFound(
    att.request(
      "findByTypeValue",
      { first: 1, last: HANDLE_MAX, type: GATT_TYPE.service, value: uuidBytes(wanted.service) },
      "foundByTypeValue",
      wanted,
    ),
  );
  if (found === undefined) {
    throw new ProtocolError(
      `${name} has no service ${wanted.service}.`,
      "Its firmware serves no SMP over Bluetooth (CONFIG_MCUMGR_TRANSPORT_BT), or another board has this name.",
    );
  }
  const { first, last } = readHci({ first: U16, last: U16 }, found.rest, `the service of ${name}`);
  if (first === 0 || last < first) throw senseless(name, first);
  return [first, last];
}

async function findConfiguration(
  att: AttClient,
  name: string,
  valueHandle: number,
  last: number,
  wanted: Wanted,
): Promise<number> {
  for (let from = valueHandle + 1; from <= last; ) {
    const found = await unlessNotFound(att.request("findInformation", { first: from, last }, "information", wanted));
    if (found === undefined) break;
    const bytes = found.format === 1 ? 4 : 18;
    for (const piece of piecesOf(found.rest, bytes, bytes, `descriptors of ${name}`)) {
      const { handle, type } = readHci({ handle: U16, type: U16 }, piece, `a descriptor of ${name}`);
      if (handle < from || handle > last) throw senseless(name, handle);
      if (found.format === 1 && type === GATT_TYPE.clientConfiguration) return handle;
      from = handle + 1;
    }
  }
  throw new ProtocolError(
    `${name}: notifications of ${wanted.characteristic} cannot be switched on: no descriptor for it.`,
  );
}

async function unlessNotFound<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof AttRefused && error.code === ATT_ERROR.notFound) return undefined;
    throw error;
  }
}

/** A server that goes backwards would be asked for ever. */
function senseless(name: string, handle: number): ProtocolError {
  return new ProtocolError(`${name} tells its attributes out of order, at handle ${handle}.`);
}
