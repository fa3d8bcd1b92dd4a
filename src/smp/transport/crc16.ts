const POLYNOMIAL = 0x1021;

const TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let value = byte << 8;
  for (let bit = 0; bit < 8; bit += 1) value = value & 0x8000 ? (value << 1) ^ POLYNOMIAL : value << 1;
  return value;
});

/**
 * CRC-16/XMODEM: polynomial 0x1021, initial value 0, not reflected, no final inversion. Over data followed by its own
 * CRC (big-endian) it is 0.
 * Source: Zephyr documentation "SMP transport", console; Zephyr serial_util.c.
 */
export function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) crc = ((crc << 8) & 0xffff) ^ (TABLE[(crc >> 8) ^ byte] ?? 0);
  return crc;
}
