import { concat } from "../../core/index.ts";

/**
 * Modbus RTU relay boards: address, function, two 16-bit words (big-endian), CRC-16 (low byte first).
 * Source: Waveshare's wiki V2/V3, frames recomputed; never run on hardware.
 */
export const MODBUS_BAUD_RATE = 9_600;
/** Between two frames, in milliseconds: 3.5 characters at 9600 baud, and a reserve. */
export const MODBUS_GAP_MS = 5;

const READ_COILS = 0x01;
const WRITE_COIL = 0x05;
const REFUSED = 0x80;

/** What a board means by "on" in a write. */
export const MODBUS_ON_VALUES = [
  { name: "ff00", value: 0xff00, source: "Modbus application protocol, function 05" },
  { name: "0100", value: 0x0100, source: "some clones" },
] as const;

export const MODBUS_EXCEPTIONS: Readonly<Record<number, string>> = {
  1: "illegal function",
  2: "illegal data address (no such relay)",
  3: "illegal data value",
  4: "device failure",
  6: "device busy",
};

/** CRC-16/MODBUS: initial value FFFF, polynomial A001 reflected. */
function modbusCrc(bytes: Uint8Array): number {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ 0xa001 : crc >> 1;
  }
  return crc;
}

/** Closes a frame with its CRC. */
export function modbusSealed(...bytes: readonly number[]): Uint8Array {
  const body = Uint8Array.from(bytes);
  const crc = modbusCrc(body);
  return concat(body, Uint8Array.of(crc & 0xff, crc >> 8));
}

/** @param coil 0–65535, as the board counts. */
export function modbusWriteCoil(address: number, coil: number, value: number): Uint8Array {
  return modbusSealed(address, WRITE_COIL, coil >> 8, coil & 0xff, value >> 8, value & 0xff);
}

export function modbusReadCoils(address: number, first: number, count: number): Uint8Array {
  return modbusSealed(address, READ_COILS, first >> 8, first & 0xff, count >> 8, count & 0xff);
}

type ModbusReply =
  | { readonly kind: "written" }
  | { readonly kind: "coils"; readonly bits: Uint8Array }
  | { readonly kind: "refused"; readonly exception: number };

/** The answer to `request` in what came back; undefined while it is not whole, or nothing in it is one. */
export function modbusReply(request: Uint8Array, bytes: Uint8Array): ModbusReply | undefined {
  const [address = 0, code = 0] = request;
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] !== address) continue;
    const refusal = whole(bytes, at, 5);
    if (refusal && refusal[1] === (code | REFUSED)) return { kind: "refused", exception: refusal[2] ?? 0 };
    if (bytes[at + 1] !== code) continue;
    const reply = whole(bytes, at, code === WRITE_COIL ? 8 : 5 + (bytes[at + 2] ?? 0));
    if (!reply) continue;
    if (code === READ_COILS) return { kind: "coils", bits: reply.subarray(3, -2) };
    if (reply.every((byte, index) => byte === request[index])) return { kind: "written" };
  }
  return undefined;
}

/** A frame of that many bytes at that place, when its CRC is right. */
function whole(bytes: Uint8Array, at: number, length: number): Uint8Array | undefined {
  const frame = bytes.subarray(at, at + length);
  if (frame.length < length || length < 4) return undefined;
  const crc = modbusCrc(frame.subarray(0, -2));
  return frame[length - 2] === (crc & 0xff) && frame[length - 1] === crc >> 8 ? frame : undefined;
}
