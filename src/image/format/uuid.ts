import { createHash } from "node:crypto";
import { ConfigurationError, concat, fromHex, hex, utf8 } from "../../core/index.ts";

/** The namespace of domain names. Source: RFC 9562 section 6.6. */
const DNS_NAMESPACE = fromHex("6ba7b8109dad11d180b400c04fd430c8");
/** With all four dashes, or with none; anything else is a name. Source: imgtool 2.5.0, image.py. */
const UUID = /^(?:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-f]{32})$/i;
const PRINTABLE = /^[\x20-\x7e]+$/;

/** A version 5 UUID: SHA-1 of namespace and name. Source: RFC 9562 section 5.5. */
function uuid5(namespace: Uint8Array, name: string): Uint8Array {
  const bytes = new Uint8Array(
    createHash("sha1")
      .update(concat(namespace, utf8(name)))
      .digest(),
  ).slice(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes;
}

/**
 * Vendor identifier from text: a UUID is taken as it is; any other printable text is a name under the DNS namespace.
 * @returns 16 bytes in network order.
 * @throws ConfigurationError for text that is neither.
 */
export function vendorId(text: string): Uint8Array {
  return uuidOf(text, DNS_NAMESPACE);
}

/**
 * Class identifier from text: a UUID is taken as it is; any other printable text is a name under the vendor.
 * @throws ConfigurationError for text that is neither, or for a name without a vendor.
 */
export function classId(text: string, vendor: Uint8Array | undefined): Uint8Array {
  return uuidOf(text, vendor);
}

function uuidOf(text: string, namespace: Uint8Array | undefined): Uint8Array {
  if (UUID.test(text)) return fromHex(text.replaceAll("-", ""));
  if (!PRINTABLE.test(text)) {
    throw new ConfigurationError(`Unknown UUID format: ${hex(utf8(text))} (hex).`, "Give a UUID or printable text.");
  }
  if (namespace === undefined) {
    throw new ConfigurationError(`Unknown namespace for UUID: ${text}.`, "A class name needs a vendor: add --vid.");
  }
  return uuid5(namespace, text);
}
