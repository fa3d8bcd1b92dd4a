import { Encoder } from "cbor-x";

/** Raised whenever a row changes: a cutter of another version is refused. */
export const CUTTER_VERSION = 1;
export const CUTTER_MAGIC = "hil-cutter";
/** Longest message before SLIP, in bytes. */
export const MESSAGE_BYTES_MAX = 160;
/** Longest delay of a cut, in microseconds: half of what a Pico's ticks can tell apart, rounded down. */
export const DELAY_US_MAX = 500_000_000;
/** Longest pattern, in bytes. */
export const PATTERN_BYTES_MAX = 96;

const MS_MAX = 3_600_000;
const US_MAX = Number.MAX_SAFE_INTEGER;

/** One field of a message: a number from 0 to `max`, or bytes or text of at most `max` bytes. */
interface Field {
  readonly name: string;
  readonly kind: "uint" | "bytes" | "text";
  readonly max: number;
}

const uint = <N extends string>(name: N, max: number) => ({ name, kind: "uint", max }) as const;
const text = <N extends string>(name: N, max: number) => ({ name, kind: "text", max }) as const;
const bytes = <N extends string>(name: N, max: number) => ({ name, kind: "bytes", max }) as const;

/**
 * What host and cutter say to each other: a CBOR list of the row's id, a number that pairs an answer with its request
 * (0: unrequested), and the fields in this order; one list a SLIP frame. Both ends are made from these rows: the
 * program on the Pico has them in messages.py. Moments are microseconds of the cutter's own clock, from its start.
 */
export const CUTTER_MESSAGES = [
  {
    id: 1,
    name: "hello",
    from: "host",
    fields: [text("magic", 16), uint("version", 255)],
    source: "first of all; no byte of it may be Ctrl-C (3), which would stop a program that nobody talks to yet",
  },
  {
    id: 2,
    name: "setup",
    from: "host",
    fields: [
      uint("pin", 47),
      uint("onLevel", 1),
      uint("uart", 1),
      uint("rxPin", 47),
      uint("baudRate", 3_000_000),
      uint("watchdogMs", 60_000),
    ],
    source: "the drive pin and its level while the board has power; where the board's TX line comes in",
  },
  { id: 4, name: "ping", from: "host", fields: [], source: "keeps power away, and tells the clocks' distance" },
  { id: 5, name: "set", from: "host", fields: [uint("on", 1)], source: "at once; whatever was armed is not any more" },
  {
    id: 6,
    name: "arm",
    from: "host",
    fields: [
      uint("cut", 0xffff),
      bytes("pattern", PATTERN_BYTES_MAX),
      uint("toLineEnd", 1),
      uint("fromUs", US_MAX),
      uint("delayUs", DELAY_US_MAX),
      uint("offMs", MS_MAX),
      uint("limitMs", MS_MAX),
    ],
    source: "cut when the pattern has come (and its line has ended), else at fromUs, else at once; offMs 0: until told",
  },
  { id: 7, name: "disarm", from: "host", fields: [], source: "a cut that was not made will not be; power stays" },
  { id: 8, name: "ask", from: "host", fields: [], source: "answered by state" },
  { id: 9, name: "bye", from: "host", fields: [], source: "Ctrl-C is Ctrl-C again" },
  {
    id: 65,
    name: "iam",
    from: "cutter",
    fields: [uint("version", 255), text("program", 64)],
    source: "answers hello",
  },
  { id: 66, name: "done", from: "cutter", fields: [uint("atUs", US_MAX)], source: "answers what was carried out" },
  { id: 67, name: "refused", from: "cutter", fields: [text("why", 64)], source: "answers what was not" },
  {
    id: 68,
    name: "state",
    from: "cutter",
    fields: [uint("on", 1), uint("doing", 3), uint("dropped", US_MAX)],
    source: "level of the drive pin; 0 idle, 1 listening, 2 about to cut, 3 dark; frames that were no messages",
  },
  {
    id: 69,
    name: "fired",
    from: "cutter",
    fields: [
      uint("cut", 0xffff),
      uint("matchUs", US_MAX),
      uint("cutUs", US_MAX),
      uint("gapUs", US_MAX),
      uint("heard", US_MAX),
    ],
    source: "a cut was made; gapUs: the longest time between two looks at the line; heard: bytes since it was armed",
  },
  {
    id: 70,
    name: "restored",
    from: "cutter",
    fields: [uint("cut", 0xffff), uint("atUs", US_MAX), uint("why", 2)],
    source: "power came back by itself: 1 the off time is over, 2 the host was silent",
  },
  {
    id: 71,
    name: "expired",
    from: "cutter",
    fields: [uint("cut", 0xffff), uint("heard", US_MAX)],
    source: "the pattern did not come in time; nothing is armed any more",
  },
] as const satisfies readonly {
  readonly id: number;
  readonly name: string;
  readonly from: "host" | "cutter";
  readonly fields: readonly Field[];
  readonly source: string;
}[];

type Row = (typeof CUTTER_MESSAGES)[number];
type FieldsOf<R extends Row> = {
  readonly [F in R["fields"][number] as F["name"]]: F["kind"] extends "uint"
    ? number
    : F["kind"] extends "text"
      ? string
      : Uint8Array;
};
type MessageOf<R extends Row> = R extends Row
  ? { readonly name: R["name"]; readonly number: number; readonly fields: FieldsOf<R> }
  : never;

export type HostMessage = MessageOf<Extract<Row, { from: "host" }>>;
export type CutterMessage = MessageOf<Extract<Row, { from: "cutter" }>>;
export type HostFields<N extends HostMessage["name"]> = Extract<HostMessage, { name: N }>["fields"];

const encoder = new Encoder({ useRecords: false, tagUint8Array: false });
const UINT32_MAX = 0xffff_ffff;

/**
 * One message, before SLIP.
 * @param message.number 0–65535.
 * @throws RangeError for a field beyond its row: a mistake of the caller.
 */
export function encodeCutterMessage(message: {
  readonly name: string;
  readonly number: number;
  readonly fields: Readonly<Record<string, unknown>>;
}): Uint8Array {
  const row = CUTTER_MESSAGES.find(({ name }) => name === message.name);
  if (!row) throw new RangeError(`no message "${message.name}"`);
  const values = row.fields.map((field: Field) => {
    const value = message.fields[field.name];
    if (!fits(field, value)) throw new RangeError(`${row.name}: ${field.name} is ${String(value)}`);
    // The library writes larger numbers as floats; a cutter has none.
    return typeof value === "number" && value > UINT32_MAX ? BigInt(value) : value;
  });
  return Uint8Array.from(encoder.encode([row.id, message.number, ...values]));
}

/** What a message means; undefined for what is none by the rows: no list, an unknown id, a field of another kind. */
export function decodeCutterMessage(frame: Uint8Array): HostMessage | CutterMessage | undefined {
  const items = listOf(frame);
  const [id, number, ...values] = items ?? [];
  const row = CUTTER_MESSAGES.find((known) => known.id === id);
  if (!row || !isUint(number, 0xffff) || values.length !== row.fields.length) return undefined;
  const fields: Record<string, unknown> = {};
  for (const [index, field] of (row.fields as readonly Field[]).entries()) {
    if (!fits(field, values[index])) return undefined;
    fields[field.name] = values[index];
  }
  return { name: row.name, number, fields } as unknown as HostMessage | CutterMessage;
}

function listOf(frame: Uint8Array): readonly unknown[] | undefined {
  if (frame.length === 0 || frame.length > MESSAGE_BYTES_MAX) return undefined;
  try {
    const value: unknown = encoder.decode(frame);
    return Array.isArray(value) ? value.map((item) => (typeof item === "bigint" ? Number(item) : item)) : undefined;
  } catch {
    return undefined;
  }
}

function fits({ kind, max }: Field, value: unknown): boolean {
  if (kind === "uint") return isUint(value, max);
  if (kind === "text") return typeof value === "string" && Buffer.byteLength(value) <= max;
  return value instanceof Uint8Array && value.length <= max;
}

function isUint(value: unknown, max: number): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && value <= max;
}
