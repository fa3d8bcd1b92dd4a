import { concat, utf8 } from "../../core/index.ts";

/** Types of what an advertiser says. Source: Bluetooth Assigned Numbers, 2.3. */
const AD = { flags: 0x01, someServices: 0x06, services: 0x07, shortName: 0x08, name: 0x09 } as const;
/** General discoverable, and no classic Bluetooth. */
const LE_ONLY = 0x06;

/** Bytes of an advertisement of the old kind, and of a scan response. */
export const ADVERTISING_BYTES = 31;
const UUID_BYTES = 16;

/** What is read of an advertisement. */
interface Advertised {
  readonly name?: string;
  /** The name is a beginning of the whole one. */
  readonly isShort?: boolean;
  /** 128-bit services, as their usual spelling. */
  readonly services: readonly string[];
}

/** "8d53dc1d-…" in the order of the air, least significant byte first. @throws RangeError for another text. */
export function uuidBytes(text: string): Uint8Array {
  const digits = text.replaceAll("-", "").toLowerCase();
  if (!/^[0-9a-f]{32}$/.test(digits)) throw new RangeError(`"${text}" is no UUID of 128 bits`);
  return new Uint8Array(Buffer.from(digits, "hex")).reverse();
}

/** The usual spelling of 16 bytes of the air. */
export function uuidText(bytes: Uint8Array): string {
  const digits = Buffer.from(bytes).reverse().toString("hex");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** For people: "C0:11:22:33:44:55". */
export function deviceText(address: Uint8Array): string {
  return [...address]
    .reverse()
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join(":")
    .toUpperCase();
}

/** The structures of an advertisement. Anything may be in the air: what is cut short ends it. */
export function readAdvertisement(data: Uint8Array): Advertised {
  let name: Pick<Advertised, "name" | "isShort"> = {};
  const services: string[] = [];
  for (let at = 0; at < data.length; ) {
    const bytes = data[at] ?? 0;
    if (bytes === 0 || at + 1 + bytes > data.length) break;
    const type = data[at + 1];
    const content = data.subarray(at + 2, at + 1 + bytes);
    if (type === AD.name) name = { name: Buffer.from(content).toString("utf8") };
    else if (type === AD.shortName && name.name === undefined)
      name = { name: Buffer.from(content).toString("utf8"), isShort: true };
    else if (type === AD.services || type === AD.someServices) {
      for (let from = 0; from + UUID_BYTES <= content.length; from += UUID_BYTES)
        services.push(uuidText(content.subarray(from, from + UUID_BYTES)));
    }
    at += 1 + bytes;
  }
  return { ...name, services };
}

/**
 * What a board says of itself, in the 31 bytes of an advertisement: flags, its service and as much of its name as fits;
 * the whole name in the scan response.
 */
export function advertisement(
  name: string,
  service: string,
): { readonly data: Uint8Array; readonly response: Uint8Array } {
  const structure = (type: number, content: Uint8Array) => concat(Uint8Array.of(content.length + 1, type), content);
  const head = concat(structure(AD.flags, Uint8Array.of(LE_ONLY)), structure(AD.services, uuidBytes(service)));
  const room = ADVERTISING_BYTES - head.length - 2;
  const whole = utf8(name);
  const told = whole.length <= room ? structure(AD.name, whole) : structure(AD.shortName, whole.subarray(0, room));
  return { data: concat(head, told), response: structure(AD.name, whole.subarray(0, ADVERTISING_BYTES - 2)) };
}
