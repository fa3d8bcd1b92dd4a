/**
 * LCUS-n USB relays (CH340, 9600 8N1): A0, channel, op, sum modulo 256. One circuit board is sold with three
 * firmwares: all know ops 00 and 01, and they clash on the rest. Source: sellers' sheets; never run on hardware.
 */
export const LCUS_BAUD_RATE = 9_600;
/** Between two frames, in milliseconds: the board's controller may lose what comes back to back. */
export const LCUS_SPACING_MS = 50;
/** How long an answer may take, in milliseconds. */
export const LCUS_ANSWER_MS = 150;

export const LCUS_VARIANTS = ["write-only", "a", "b", "c"] as const;
export type LcusVariant = (typeof LCUS_VARIANTS)[number];

const HEAD = 0xa0;
const STATUS = 0xff;
const FRAME_BYTES = 4;
export const LCUS_CHANNELS_MAX = 8;
/** Firmware C: every channel at once. */
export const LCUS_ALL_CHANNELS = 0x0f;

interface LcusOp {
  readonly op: number;
  readonly name: string;
  readonly variants: readonly LcusVariant[];
  readonly coil: "off" | "on" | "toggle" | "keep";
  /** In a frame as it was asked, or as a line of text a channel (`CH1:ON`). */
  readonly answer: "none" | "frame" | "text";
  readonly source: string;
}

/** Firmware B's op 06 (a pulse of undocumented length) is left out. */
const LCUS_OPS = [
  { op: 0, name: "off", variants: LCUS_VARIANTS, coil: "off", answer: "none", source: "all sheets: A0 01 00 A1" },
  { op: 1, name: "on", variants: LCUS_VARIANTS, coil: "on", answer: "none", source: "all sheets: A0 01 01 A2" },
  { op: 2, name: "off, answered", variants: ["b"], coil: "off", answer: "frame", source: "sheet B: A0 01 02 A3" },
  {
    op: 2,
    name: "query",
    variants: ["c"],
    coil: "keep",
    answer: "text",
    source: "sheet C, Diustou's wiki: A0 01 02 A3",
  },
  { op: 3, name: "on, answered", variants: ["b"], coil: "on", answer: "frame", source: "sheet B: A0 01 03 A4" },
  { op: 4, name: "toggle", variants: ["b"], coil: "toggle", answer: "frame", source: "sheet B: A0 01 04 A5" },
  { op: 5, name: "query", variants: ["b"], coil: "keep", answer: "frame", source: "sheet B: A0 01 05 A6" },
] as const satisfies readonly LcusOp[];

type LcusOpName = (typeof LCUS_OPS)[number]["name"];

/** The row of a firmware; undefined when that firmware does not know it. */
export function lcusOp(variant: LcusVariant, wanted: LcusOpName | number): LcusOp | undefined {
  const rows: readonly LcusOp[] = LCUS_OPS;
  return rows.find((row) => (row.op === wanted || row.name === wanted) && row.variants.includes(variant));
}

/**
 * One frame of four bytes.
 * @param channel 1–8, or 0x0F for all (firmware C).
 * @param op 0–255; in an answer: 1 when the relay is on.
 */
export function lcusFrame(channel: number, op: number): Uint8Array {
  return Uint8Array.of(HEAD, channel, op, (HEAD + channel + op) & 0xff);
}

/** Firmware C's question for the state of all channels, on USB serial and HID boards alike. */
export const LCUS_QUERY_ALL = lcusFrame(LCUS_ALL_CHANNELS, 2);

/** Firmware A's question for the state of all channels: a single byte. */
export const LCUS_STATUS_REQUEST = Uint8Array.of(STATUS);

/** The answer of firmwares A and C: `CH1: ON`, one line for each of `channels` (from 1); default: all. */
export function lcusStatusText(
  coils: readonly boolean[],
  channels: readonly number[] = coils.map((_, at) => at + 1),
): string {
  return channels.map((channel) => `CH${channel}: ${coils[channel - 1] ? "ON" : "OFF"}\r\n`).join("");
}

/** One channel out of such an answer (blanks are seen on either side); undefined while its line is not complete. */
export function lcusStatusOf(text: string, channel: number): "on" | "off" | undefined {
  const state = new RegExp(`CH${channel}: ?(ON|OFF) ?\\r\\n`).exec(text)?.[1];
  if (state === undefined) return undefined;
  return state === "ON" ? "on" : "off";
}

export type LcusMessage =
  | { readonly kind: "frame"; readonly channel: number; readonly op: number }
  | { readonly kind: "status" };

/** Splits bytes into frames, however they are chopped; what fits no frame is dropped byte by byte and counted. */
export class LcusDecoder {
  #pending: number[] = [];
  droppedBytes = 0;

  feed(bytes: Uint8Array): LcusMessage[] {
    this.#pending.push(...bytes);
    const out: LcusMessage[] = [];
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      if (next === "dropped") this.droppedBytes += 1;
      else out.push(next);
    }
    return out;
  }

  #next(): LcusMessage | "dropped" | undefined {
    const [head, channel, op, sum] = this.#pending;
    if (head === undefined) return undefined;
    if (head === STATUS) {
      this.#pending.shift();
      return { kind: "status" };
    }
    if (head === HEAD && sum === undefined) return undefined;
    const known = channel !== undefined && op !== undefined && isChannel(channel);
    if (head !== HEAD || !known || sum !== ((HEAD + channel + op) & 0xff)) {
      this.#pending.shift();
      return "dropped";
    }
    this.#pending = this.#pending.slice(FRAME_BYTES);
    return { kind: "frame", channel, op };
  }
}

function isChannel(channel: number): boolean {
  return (channel >= 1 && channel <= LCUS_CHANNELS_MAX) || channel === LCUS_ALL_CHANNELS;
}
