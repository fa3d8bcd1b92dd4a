import { type FlashOperation, operationBytes } from "./operation.ts";

/** What erased NOR flash reads. */
export const ERASED = 0xff;

/** Erased bytes to compare with: nearly all operations of a bootloader program what is erased. */
const ERASED_BYTES = new Uint8Array(4096).fill(ERASED);
/** From here on a comparison in one piece is quicker than one byte by byte. */
const PIECE_BYTES = 32;

/** True when these bytes are erased. */
export function isErased(bytes: Uint8Array, from = 0, to = bytes.length): boolean {
  let at = from;
  while (to - at >= PIECE_BYTES) {
    const length = Math.min(to - at, ERASED_BYTES.length);
    const piece = bytes.subarray(at, at + length);
    if (Buffer.compare(piece, length === ERASED_BYTES.length ? ERASED_BYTES : ERASED_BYTES.subarray(0, length)) !== 0) {
      return false;
    }
    at += length;
  }
  for (; at < to; at += 1) if (bytes[at] !== ERASED) return false;
  return true;
}

/** Programs data over what stands there: programming clears bits and never sets one. */
export function program(bytes: Uint8Array, offset: number, data: Uint8Array): void {
  if (isErased(bytes, offset, offset + data.length)) {
    bytes.set(data, offset);
    return;
  }
  for (let at = 0; at < data.length; at += 1) bytes[offset + at] = (bytes[offset + at] ?? 0) & (data[at] ?? 0);
}

/**
 * How far an operation got when power went away. `head`: the first half of its bytes; `tail`: only the second half;
 * `bits`: a write that reached only the low four bits of each byte, an erase that set only those; `prefixBytes`: the
 * first so many bytes, then nothing. `shows`: bits on the edge, which read as before the operation or as after it, so
 * many times, and the other way from then on, until the page is erased.
 */
export type Torn = "head" | "tail" | "bits" | { readonly prefixBytes: number } | TornUnsettled;

/** Bits on the edge that turn after one look at a trailer: it has four fields. */
const LOOK_READS = 4;

/** How a sweep tears operations: halves, half-set bits, and bits that read one way once and the other way later. */
export const SWEPT_TEARS: readonly Torn[] = [
  "head",
  "tail",
  "bits",
  { shows: "before", reads: LOOK_READS },
  { shows: "after", reads: LOOK_READS },
];

/** See `Torn`. */
interface TornUnsettled {
  readonly shows: "before" | "after";
  readonly reads: number;
}

/**
 * What the bytes under an operation read afterwards. Programming ANDs (it clears bits and never sets one), erasing
 * sets all bits.
 * @param before the bytes that the operation covers, as they were; not changed.
 * @param torn how it was cut short; without it, it was completed.
 * Source: nRF5340 Product Specification, NVMC; mcuboot golden vectors README, "sweeps".
 */
export function afterOperation(before: Uint8Array, operation: FlashOperation, torn?: Torn): Uint8Array {
  const { from, to } = reach(before.length, torn);
  const after = before.slice();
  const low = torn === "bits";
  if (operation.kind === "erase") {
    if (!low) return after.fill(ERASED, from, to);
    for (let at = from; at < to; at += 1) after[at] = (before[at] ?? 0) | 0x0f;
    return after;
  }
  const { data } = operation;
  const kept = low ? 0xf0 : 0;
  for (let at = from; at < to; at += 1) after[at] = (before[at] ?? 0) & ((data[at] ?? 0) | kept);
  return after;
}

function reach(bytes: number, torn: Torn | undefined): { from: number; to: number } {
  const half = Math.floor(bytes / 2);
  if (torn === "head") return { from: 0, to: half };
  if (torn === "tail") return { from: half, to: bytes };
  if (typeof torn === "object" && "prefixBytes" in torn) return { from: 0, to: Math.min(bytes, torn.prefixBytes) };
  return { from: 0, to: bytes };
}

/** What a flash device demands of operations, in bytes. */
interface FlashRules {
  readonly sectorBytes: number;
  readonly writeBytes: number;
}

/**
 * The rule of NOR flash that an operation breaks, as a sentence; undefined when it breaks none. A write that would have
 * to set a bit loses information silently on real flash, so it counts as a broken rule.
 * @param before the bytes that the operation covers, as they are; undefined: erased.
 */
export function brokenRule(
  before: Uint8Array | undefined,
  operation: FlashOperation,
  rules: FlashRules,
): string | undefined {
  const bytes = operationBytes(operation);
  const unit = operation.kind === "erase" ? rules.sectorBytes : rules.writeBytes;
  const what = () => `${operation.kind} of ${bytes} bytes at 0x${operation.offset.toString(16)}`;
  if (bytes === 0 || operation.offset % unit !== 0 || bytes % unit !== 0) {
    return `${what()} is not a whole number of ${unit}-byte units`;
  }
  if (operation.kind === "erase" || before === undefined) return undefined;
  const at = firstBitSet(before, operation.data);
  return at < 0 ? undefined : `${what()} would have to set a bit at 0x${(operation.offset + at).toString(16)}`;
}

/** Where a write would first have to set a bit; -1: nowhere. */
function firstBitSet(before: Uint8Array, data: Uint8Array): number {
  if (before.length >= data.length && isErased(before, 0, data.length)) return -1;
  for (let at = 0; at < data.length; at += 1) {
    const value = data[at] ?? 0;
    if (((before[at] ?? 0) & value) !== value) return at;
  }
  return -1;
}
