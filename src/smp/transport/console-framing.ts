import { concat, viewOf } from "../../core/index.ts";
import type { FrameLine, FrameRecogniser } from "../../serial/index.ts";
import { SMP_HEADER_BYTES } from "../packet/header.ts";
import { crc16 } from "./crc16.ts";

/** The two bytes that begin the first frame line of a packet, and every further one. */
export const START_MARKER = [0x06, 0x09] as const;
export const CONTINUE_MARKER = [0x04, 0x14] as const;
/** Longest frame line, markers and line feed included. Source: Zephyr MCUMGR_SERIAL_MAX_FRAME. */
const LINE_BYTES_MAX = 127;
/** Base64 characters of a full line: the largest multiple of four that fits. */
const LINE_CHARACTERS = 124;
/** Length field and CRC: they share the receiver's buffer with the packet. */
export const CONSOLE_OVERHEAD_BYTES = 4;

/**
 * The frame lines of one packet: base64 of length (big-endian, packet and CRC), packet and CRC, cut into lines of 124
 * characters after a marker, each ended by a line feed alone (MCUboot loses a frame with CR LF).
 * @param packet header and payload, at most 65,533 bytes.
 * @throws RangeError when the packet does not fit the length field.
 * Source: Zephyr documentation "SMP transport", console.
 */
export function encodeConsoleLines(packet: Uint8Array): Uint8Array[] {
  if (packet.length > 0xffff - 2)
    throw new RangeError(`a packet of ${packet.length} bytes does not fit a console frame`);
  const raw = new Uint8Array(packet.length + CONSOLE_OVERHEAD_BYTES);
  const view = viewOf(raw);
  view.setUint16(0, packet.length + 2);
  raw.set(packet, 2);
  view.setUint16(packet.length + 2, crc16(packet));
  const text = Buffer.from(raw).toString("base64");
  const lines: Uint8Array[] = [];
  for (let at = 0; at < text.length; at += LINE_CHARACTERS) {
    const marker = at === 0 ? START_MARKER : CONTINUE_MARKER;
    const body = Buffer.from(text.slice(at, at + LINE_CHARACTERS), "latin1");
    lines.push(concat(Uint8Array.from(marker), body, Uint8Array.of(0x0a)));
  }
  return lines;
}

/** Bytes on the wire of a packet of `packetBytes` bytes: base64 and three bytes a line. Counted. */
export function encodedBytes(packetBytes: number): number {
  const characters = 4 * Math.ceil((packetBytes + CONSOLE_OVERHEAD_BYTES) / 3);
  return characters + 3 * Math.ceil(characters / LINE_CHARACTERS);
}

/** Lines of the frame of a packet of so many bytes. */
export function encodedLines(packetBytes: number): number {
  return Math.ceil((4 * Math.ceil((packetBytes + CONSOLE_OVERHEAD_BYTES) / 3)) / LINE_CHARACTERS);
}

/** A packet as it came out of a frame; `atUs` is when its last byte arrived. */
export interface ReceivedPacket {
  readonly atUs: number;
  readonly bytes: Uint8Array;
}

/** What a decoder gave up. A console never says so to the sender: only its timeout does. */
export interface ConsoleCounters {
  packets: number;
  /** Complete by length, wrong by CRC. */
  damaged: number;
  /** Lines whose base64 does not decode. */
  badLines: number;
  /** Continuation lines without a first line. */
  strayLines: number;
  /** Packets cut off by the next first line. */
  unfinished: number;
  /** Packets over the buffer, or too short for a header. */
  wrongSize: number;
}

/**
 * Makes packets of frame lines, as tolerant as the servers in the field demand: the length field may leave the CRC out
 * (Zephyr before 3.0), lines may be padded one by one or end in CR or a blank. What does not fit is dropped in silence
 * and counted, and the next good frame is fine.
 * Source: Zephyr #39546 (length), #37893; the rest measured on Zephyr 4.4.0 and its MCUboot.
 */
export class ConsoleDecoder implements FrameRecogniser {
  readonly name = "SMP over console";
  readonly markers = [START_MARKER, CONTINUE_MARKER] as const;
  /** A full line, and the CR that some servers put before its line feed. */
  readonly lineBytesMax = LINE_BYTES_MAX + 1;
  readonly counters: ConsoleCounters = {
    packets: 0,
    damaged: 0,
    badLines: 0,
    strayLines: 0,
    unfinished: 0,
    wrongSize: 0,
  };
  readonly #onPacket: (packet: ReceivedPacket) => void;
  readonly #rawBytesMax: number;
  #raw: Uint8Array | undefined;
  /** Complete by its length field and wrong by its CRC. */
  #suspect = false;

  /** @param packetBytesMax largest packet (header and payload) that is taken. */
  constructor(onPacket: (packet: ReceivedPacket) => void, packetBytesMax = 0xffff - 2) {
    this.#onPacket = onPacket;
    this.#rawBytesMax = packetBytesMax + CONSOLE_OVERHEAD_BYTES;
  }

  /** Base64, and the CR or blanks that some senders put before the line feed. */
  allows(byte: number): boolean {
    return ALLOWED[byte] === 1;
  }

  accept(line: FrameLine): void {
    const first = line.bytes[0] === START_MARKER[0];
    if (first) {
      this.reset();
      this.#raw = new Uint8Array();
    } else if (!this.#raw) {
      this.counters.strayLines += 1;
      return;
    }
    const decoded = decodeBase64(line.bytes.subarray(2));
    if (!decoded) {
      this.counters.badLines += 1;
      this.#raw = undefined;
      return;
    }
    const raw = concat(this.#raw ?? new Uint8Array(), decoded);
    this.#raw = raw;
    if (raw.length > this.#rawBytesMax) {
      this.counters.wrongSize += 1;
      this.#raw = undefined;
    } else this.#finish(raw, line.atUs);
  }

  /** Forgets an unfinished packet. */
  reset(): void {
    if (this.#raw && !this.#suspect) this.counters.unfinished += 1;
    this.#raw = undefined;
    this.#suspect = false;
  }

  #finish(raw: Uint8Array, atUs: number): void {
    if (raw.length < 2) return;
    const length = viewOf(raw).getUint16(0);
    const body = raw.subarray(2);
    if (body.length < length) return;
    const whole = body.length === length || body.length === length + 2;
    if (whole && crc16(body) === 0) {
      this.#raw = undefined;
      if (this.#suspect) this.counters.damaged -= 1;
      this.#suspect = false;
      if (body.length < SMP_HEADER_BYTES + 2) {
        this.counters.wrongSize += 1;
        return;
      }
      this.counters.packets += 1;
      this.#onPacket({ atUs, bytes: body.slice(0, -2) });
      return;
    }
    if (!this.#suspect) this.counters.damaged += 1;
    // An old sender's length leaves out the CRC, which may come in one more line: only that can mend it.
    this.#suspect = body.length < length + 2;
    if (!this.#suspect) this.#raw = undefined;
  }
}

const BASE64_TEXT = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\r ";
const ALLOWED = Uint8Array.from({ length: 256 }, (_, byte) =>
  BASE64_TEXT.includes(String.fromCharCode(byte)) ? 1 : 0,
);

/** Bytes of one line of base64 in the standard alphabet, padded to a multiple of four; undefined for anything else. */
function decodeBase64(line: Uint8Array): Uint8Array | undefined {
  const text = Buffer.from(line).toString("latin1").trimEnd();
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  return Uint8Array.from(Buffer.from(text, "base64"));
}
