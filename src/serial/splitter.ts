import { isAscii, isUtf8 } from "node:buffer";
import type { Chunk } from "./link.ts";
import type { FrameRecogniser, UartLine } from "./recogniser.ts";

const LINE_FEED = 0x0a;

/** What passed one splitter, and what it had to give up. All zero but the first three on a healthy line. */
export interface SplitCounters {
  bytes: number;
  lines: number;
  frames: number;
  /** Text lines over the limit, cut into pieces. */
  cutLines: number;
  /** Frame lines that another marker or the end of the link cut off. */
  unfinishedFrames: number;
  /** Frame lines that log text ran into; what they held came back as text. */
  brokenFrames: number;
  /** Frame lines over their recogniser's limit. */
  overlongFrames: number;
}

/** A frame line that has begun. */
class OpenFrame {
  readonly recogniser: FrameRecogniser;
  /** As long as its lines may be. */
  readonly bytes: Uint8Array;
  length = 0;
  /** Over the limit: skipped up to the line feed. */
  overlong = false;

  constructor(recogniser: FrameRecogniser) {
    this.recogniser = recogniser;
    this.bytes = new Uint8Array(Math.max(3, recogniser.lineBytesMax));
  }

  begin(first: number, second: number): this {
    this.bytes[0] = first;
    this.bytes[1] = second;
    this.length = 2;
    this.overlong = false;
    return this;
  }
}

/**
 * Splits the bytes of one UART into frame lines and lines of log text. Pure: bytes in, calls out, no time of its own.
 *
 * The text before a frame line and the text after it are one line of text: a board's logger does not know that a frame
 * went out in the middle of its line. How the bytes were cut into chunks makes no difference.
 * Source: Zephyr documentation "SMP transport", console; what Zephyr 4.4.0 and MCUboot tolerate, measured.
 *
 * @param options.textBytesMax longest line of text in bytes; a longer one comes in pieces of this length.
 */
export class UartSplitter {
  readonly counters: SplitCounters = {
    bytes: 0,
    lines: 0,
    frames: 0,
    cutLines: 0,
    unfinishedFrames: 0,
    brokenFrames: 0,
    overlongFrames: 0,
  };
  readonly #onLine: (line: UartLine) => void;
  readonly #byMarker = new Map<number, FrameRecogniser>();
  /** 1 for a byte that a marker begins with. */
  readonly #firstBytes = new Uint8Array(256);
  readonly #text: Uint8Array;
  readonly #clean: Buffer;
  #textBytes = 0;
  #cutting = false;
  #held: number | undefined;
  #frame: OpenFrame | undefined;

  constructor(onLine: (line: UartLine) => void, options: { textBytesMax?: number } = {}) {
    this.#onLine = onLine;
    this.#text = new Uint8Array(options.textBytesMax ?? 4096);
    this.#clean = Buffer.alloc(this.#text.length);
  }

  /** Adds a recogniser; the returned function removes it. A marker that is taken already is refused with a RangeError. */
  add(recogniser: FrameRecogniser): () => void {
    const keys = recogniser.markers.map(([first, second]) => (first << 8) | second);
    for (const key of keys) {
      const owner = this.#byMarker.get(key);
      if (owner) throw new RangeError(`${recogniser.name} and ${owner.name} claim one marker, 0x${key.toString(16)}`);
    }
    for (const key of keys) this.#byMarker.set(key, recogniser);
    this.#learnFirstBytes();
    return () => {
      for (const key of keys) if (this.#byMarker.get(key) === recogniser) this.#byMarker.delete(key);
      this.#learnFirstBytes();
    };
  }

  /** The line of text that has begun and not ended. */
  get pending(): string {
    return cleanText(this.#text.subarray(0, this.#textBytes), this.#clean);
  }

  /** @param from, to a part of the chunk; default: all of it. */
  push({ atUs, bytes }: Chunk, from = 0, to = bytes.length): void {
    const end = Math.min(to, bytes.length);
    this.counters.bytes += end - from;
    for (let at = from; at < end; at += 1) this.#byte(bytes[at] ?? 0, atUs);
  }

  /** The link is over: an unfinished frame is dropped and counted, an unfinished line of text comes out. */
  end(atUs: number): void {
    if (this.#held !== undefined) this.#plain(this.#held, atUs);
    this.#held = undefined;
    if (this.#frame) this.counters.unfinishedFrames += 1;
    this.#frame = undefined;
    this.#endLine(atUs);
  }

  #learnFirstBytes(): void {
    this.#firstBytes.fill(0);
    for (const key of this.#byMarker.keys()) this.#firstBytes[key >> 8] = 1;
  }

  #byte(byte: number, atUs: number): void {
    if (this.#held !== undefined) {
      const recogniser = this.#byMarker.get((this.#held << 8) | byte);
      const held = this.#held;
      this.#held = undefined;
      if (recogniser) {
        this.#frame = this.#frameOf(recogniser).begin(held, byte);
        return;
      }
      this.#plain(held, atUs);
    }
    if (this.#firstBytes[byte] === 1) this.#held = byte;
    else this.#plain(byte, atUs);
  }

  /** For a frame that begins. One that never ended was shown to nobody, and is used again: a board may begin thousands. */
  #frameOf(recogniser: FrameRecogniser): OpenFrame {
    const unfinished = this.#frame;
    if (unfinished) this.counters.unfinishedFrames += 1;
    return unfinished?.recogniser === recogniser ? unfinished : new OpenFrame(recogniser);
  }

  #plain(byte: number, atUs: number): void {
    const frame = this.#frame;
    if (!frame) {
      this.#textByte(byte, atUs);
      return;
    }
    if (byte === LINE_FEED) {
      this.#frame = undefined;
      if (frame.overlong) return;
      this.counters.frames += 1;
      frame.bytes[frame.length] = byte;
      frame.recogniser.accept({ atUs, bytes: frame.bytes.subarray(0, frame.length + 1) });
      return;
    }
    if (frame.recogniser.allows?.(byte) === false) {
      this.#frame = undefined;
      if (!frame.overlong) {
        this.counters.brokenFrames += 1;
        for (const kept of frame.bytes.subarray(2, frame.length)) this.#textByte(kept, atUs);
      }
      this.#textByte(byte, atUs);
      return;
    }
    if (frame.overlong) return;
    // One byte of room is kept for the line feed.
    if (frame.length + 1 < frame.recogniser.lineBytesMax) frame.bytes[frame.length++] = byte;
    else {
      frame.overlong = true;
      this.counters.overlongFrames += 1;
    }
  }

  #textByte(byte: number, atUs: number): void {
    if (byte === LINE_FEED) {
      this.#endLine(atUs);
      return;
    }
    if (this.#textBytes === this.#text.length) {
      if (!this.#cutting) this.counters.cutLines += 1;
      this.#emitText(atUs);
      this.#cutting = true;
    }
    this.#text[this.#textBytes++] = byte;
  }

  #endLine(atUs: number): void {
    this.#emitText(atUs);
    this.#cutting = false;
  }

  #emitText(atUs: number): void {
    const text = this.pending;
    this.#textBytes = 0;
    // A blank line says nothing; the raw bytes of the capture keep it.
    if (text === "") return;
    this.counters.lines += 1;
    this.#onLine({ atUs, text });
  }
}

const ESC = "\u001b";
const BEL = "\u0007";
/** ECMA-48: CSI sequences (colours, cursor), OSC up to BEL or ST, and two-character escapes. */
const ESCAPES = new RegExp(`${ESC}(?:\\[[0-?]*[ -/]*[@-~]|\\][^${BEL}${ESC}]*(?:${BEL}|${ESC}\\\\)|[@-Z\\\\^_])`, "g");
/** All of Unicode's category Cc but the tab. As a range: a class of a category costs several times as much. */
const CONTROLS = new RegExp(String.raw`[\u0000-\u0008\u000a-\u001f\u007f-\u009f]`, "g");
const UTF8 = new TextDecoder("utf-8");

/**
 * Text of a line: UTF-8, or Latin-1 when it is not UTF-8, without escapes and control characters (tab stays).
 * @param scratch as long as the line, or longer.
 */
function cleanText(bytes: Uint8Array, scratch: Buffer): string {
  // Asked first: a decoder that throws costs more than all the rest, and a board may send nothing but noise.
  const isLatin1 = isAscii(bytes) || !isUtf8(bytes);
  // Most lines. Texts that are made of texts are garbage, and noise has thousands of lines a second.
  if (isLatin1) return scratch.toString("latin1", 0, plainBytes(bytes, scratch));
  return UTF8.decode(bytes).replaceAll(ESCAPES, "").replaceAll(CONTROLS, "");
}

const IS_CONTROL = Uint8Array.from({ length: 256 }, (_, byte) =>
  String.fromCharCode(byte).replaceAll(CONTROLS, "") === "" ? 1 : 0,
);
const CODE = { bel: 0x07, esc: 0x1b, csi: 0x5b, st: 0x5c, osc: 0x5d } as const;

/** As `ESCAPES` and `CONTROLS` do with a text of Latin-1. Copies what is left; how many bytes that is. */
function plainBytes(bytes: Uint8Array, into: Uint8Array): number {
  let kept = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte === CODE.esc) at = escapeEnd(bytes, at);
    else if (IS_CONTROL[byte] === 0) into[kept++] = byte;
  }
  return kept;
}

/** The last byte of the sequence that an ESC begins: that ESC where it begins none. */
function escapeEnd(bytes: Uint8Array, esc: number): number {
  let end = esc + 2;
  switch (bytes[esc + 1]) {
    case CODE.csi:
      while (isIn(bytes[end], 0x30, 0x3f)) end += 1;
      while (isIn(bytes[end], 0x20, 0x2f)) end += 1;
      return isIn(bytes[end], 0x40, 0x7e) ? end : esc;
    case CODE.osc:
      while (end < bytes.length && bytes[end] !== CODE.bel && bytes[end] !== CODE.esc) end += 1;
      if (bytes[end] === CODE.bel) return end;
      return bytes[end] === CODE.esc && bytes[end + 1] === CODE.st ? end + 1 : esc;
    default:
      return isIn(bytes[esc + 1], 0x40, 0x5f) ? esc + 1 : esc;
  }
}

function isIn(byte: number | undefined, from: number, to: number): boolean {
  return byte !== undefined && byte >= from && byte <= to;
}
