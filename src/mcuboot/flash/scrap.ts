/** From here on small arrays live in memory of their own; below, V8 keeps them in its heap, which costs little. */
const IN_HEAP_BYTES_MAX = 64;
/** So many copies of a page share one piece of memory, which lives as long as one of them. */
const BLOCK_BYTES = 8192;
/** Every copy begins at a multiple of this. */
const ALIGN_BYTES = 8;

let block = new Uint8Array(BLOCK_BYTES);
let used = 0;

/**
 * Memory for bytes that are all written at once: what it holds is not defined. A cut moves half a million pages and
 * chunks, and memory of their own is most of what each of them costs.
 */
export function scrapBytes(bytes: number): Uint8Array {
  if (bytes <= IN_HEAP_BYTES_MAX || bytes > BLOCK_BYTES / 4) return new Uint8Array(bytes);
  if (used + bytes > BLOCK_BYTES) {
    block = new Uint8Array(BLOCK_BYTES);
    used = 0;
  }
  const piece = block.subarray(used, used + bytes);
  used += Math.ceil(bytes / ALIGN_BYTES) * ALIGN_BYTES;
  return piece;
}

/** A copy of a part. */
export function scrapCopy(bytes: Uint8Array, from = 0, to = bytes.length): Uint8Array {
  if (to - from <= IN_HEAP_BYTES_MAX) return bytes.slice(from, to);
  const copy = scrapBytes(to - from);
  copy.set(from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to));
  return copy;
}
