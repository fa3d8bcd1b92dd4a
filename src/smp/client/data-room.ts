import { encodeMap } from "../packet/cbor.ts";
import { SMP_HEADER_BYTES } from "../packet/header.ts";

/**
 * Bytes of data that fit a packet of `packetBytesMax` bytes beside `fields`; negative when not even these fit.
 * Exact: header, map, keys and the length of the byte string are counted as they are sent.
 */
export function dataRoom(fields: Parameters<typeof encodeMap>[0], packetBytesMax: number): number {
  const withEmptyData = SMP_HEADER_BYTES + encodeMap({ ...fields, data: new Uint8Array() }).length;
  const room = packetBytesMax - withEmptyData;
  // The empty byte string has a head of one byte; longer ones have two or three.
  if (room <= 23) return room;
  if (room <= 256) return Math.max(23, room - 1);
  return Math.max(255, room - 2);
}
