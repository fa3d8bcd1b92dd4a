import { concat, ProtocolError, viewOf } from "../../core/index.ts";

/** One field of a packet: how many bytes it takes and what they mean. All of Bluetooth's numbers are little-endian. */
export interface HciField<T> {
  /** Bytes of the field; undefined: all that is left. */
  readonly bytes: number | undefined;
  read(bytes: Uint8Array): T;
  write(value: T): Uint8Array;
}

/** HciFields in the order in which they lie in a packet. */
export type HciFields = Readonly<Record<string, HciField<never> | HciField<number> | HciField<Uint8Array>>>;

export type HciValues<F extends HciFields> = {
  readonly [K in keyof F]: F[K] extends HciField<infer T> ? T : never;
};

/** An unsigned number, little-endian. */
function unsigned(bytes: 1 | 2): HciField<number> {
  return {
    bytes,
    read: (held) => held.reduceRight((sum, byte) => sum * 256 + byte, 0),
    write: (value) => {
      if (!Number.isInteger(value) || value < 0 || value >= 256 ** bytes)
        throw new RangeError(`${value} does not fit ${bytes} bytes`);
      return Uint8Array.from({ length: bytes }, (_, at) => Math.floor(value / 256 ** at) & 0xff);
    },
  };
}

export const U8 = unsigned(1);
export const U16 = unsigned(2);
/** A signed byte: signal strength in dBm. */
export const I8: HciField<number> = {
  bytes: 1,
  read: (held) => viewOf(held).getInt8(0),
  write: (value) => Uint8Array.of(value & 0xff),
};
/** So many bytes as they are. */
export const octets = (bytes: number): HciField<Uint8Array> => ({
  bytes,
  read: (held) => held.slice(),
  write: (value) => {
    if (value.length !== bytes) throw new RangeError(`${value.length} bytes where ${bytes} belong`);
    return value;
  },
});
/** A device's address: six bytes, the last one of its usual spelling first. */
export const ADDRESS = octets(6);
/** All that is left. */
export const REST: HciField<Uint8Array> = { bytes: undefined, read: (held) => held.slice(), write: (value) => value };

/**
 * The fields of `row` in `bytes`; bytes behind the last field are passed over, as newer releases append some.
 * @param what names the packet in an error.
 * @throws ProtocolError when it is shorter than its fields.
 */
export function readHci<F extends HciFields>(row: F, bytes: Uint8Array, what: string): HciValues<F> {
  const values: Record<string, unknown> = {};
  let offset = 0;
  for (const [name, field] of Object.entries(row)) {
    const end = field.bytes === undefined ? bytes.length : offset + field.bytes;
    if (end > bytes.length)
      throw new ProtocolError(`${what} ends before its field ${name}: ${bytes.length} bytes came.`);
    values[name] = field.read(bytes.subarray(offset, end));
    offset = end;
  }
  return values as HciValues<F>;
}

/** The bytes of a packet's fields. @throws RangeError for a value that does not fit its field. */
export function writeHci<F extends HciFields>(row: F, values: HciValues<F>): Uint8Array {
  return concat(
    ...Object.entries(row).map(([name, field]) => (field as HciField<unknown>).write(values[name as keyof F])),
  );
}
