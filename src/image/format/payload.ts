import { type Random, utf8, viewOf } from "../../core/index.ts";

/** Initial stack pointer: end of the nRF5340 application core's 512 KiB of RAM. */
const STACK_TOP = 0x2008_0000;
/** Where the description of a payload lies, after the vector table. */
const DESCRIPTION_OFFSET = 0x200;

/** What a generated payload says of itself, in clear: found again by `strings` in any image that is not encrypted. */
export const PAYLOAD_MARK = "mcuboot-hil payload";

/**
 * A firmware payload as the twin boots it, made from a seed and not stored: a vector table that points into the slot, a
 * line of text that names it, then bytes that look like code (neither all random nor all equal).
 *
 * @param bodyAddress where the payload will lie in memory: start of the primary slot plus header.
 * @param bytes length, at least 1024.
 */
export function generatePayload(options: {
  random: Random;
  name: string;
  version: string;
  bodyAddress: number;
  bytes: number;
}): Uint8Array {
  const out = options.random.bytes(options.bytes);
  // Code repeats itself: every fourth 64-byte line is a copy of the line before it.
  for (let at = 256; at + 64 <= out.length; at += 256) out.copyWithin(at, at - 64, at);
  const view = viewOf(out);
  view.setUint32(0, STACK_TOP, true);
  const thumb = 1;
  for (let word = 1; word < 16; word += 1) {
    view.setUint32(word * 4, options.bodyAddress + 0x400 + ((options.random.below(0x100) * 2) | 0) + thumb, true);
  }
  out.set(utf8(`${PAYLOAD_MARK} ${options.name} ${options.version}\0`), DESCRIPTION_OFFSET);
  return out;
}
