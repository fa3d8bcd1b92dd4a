import { equalBytes, viewOf } from "../../core/index.ts";

/** Length of the blocks that are looked for: one AES block. */
const CLEAR_BLOCK_BYTES = 16;

/** A block of the payload that stands in a file as it is. */
interface ClearBlock {
  readonly payloadOffset: number;
  readonly fileOffset: number;
}

export interface ClearSearch {
  /** The first few blocks found, by their offset in the file. */
  readonly found: readonly ClearBlock[];
  readonly foundCount: number;
  /** Blocks that were looked for. */
  readonly searched: number;
  /** Blocks left out because they repeat one to four bytes, or are nothing but 0x00 and 0xff: those stand in many files. */
  readonly trivial: number;
}

const FOUND_MAX = 16;
const TRIVIAL_PERIOD_BYTES = 4;

/**
 * Looks for a payload's 16-byte blocks anywhere in a file, at any offset: in an image that is really encrypted there
 * are none. Repeating blocks and a last part shorter than a block are not looked for.
 */
export function findClearBlocks(file: Uint8Array, payload: Uint8Array): ClearSearch {
  const { byFirstWord, searched, trivial } = blocksOf(payload);
  const found: ClearBlock[] = [];
  let foundCount = 0;
  const view = viewOf(file);
  for (let at = 0; at + CLEAR_BLOCK_BYTES <= file.length; at += 1) {
    const candidates = byFirstWord.get(view.getUint32(at, true));
    const payloadOffset = candidates?.find((start) => equalBytes(blockAt(payload, start), blockAt(file, at)));
    if (payloadOffset === undefined) continue;
    foundCount += 1;
    if (found.length < FOUND_MAX) found.push({ payloadOffset, fileOffset: at });
  }
  return { found, foundCount, searched, trivial };
}

/** Offsets of a payload's different blocks, by their first four bytes. */
function blocksOf(payload: Uint8Array): { byFirstWord: Map<number, number[]>; searched: number; trivial: number } {
  const byFirstWord = new Map<number, number[]>();
  const view = viewOf(payload);
  let [searched, trivial] = [0, 0];
  for (let start = 0; start + CLEAR_BLOCK_BYTES <= payload.length; start += CLEAR_BLOCK_BYTES) {
    if (isTrivial(payload, start)) {
      trivial += 1;
      continue;
    }
    searched += 1;
    const word = view.getUint32(start, true);
    const others = byFirstWord.get(word);
    if (others === undefined) byFirstWord.set(word, [start]);
    // Equal blocks are kept once: many may begin alike, and each would be compared.
    else if (!others.some((other) => equalBytes(blockAt(payload, other), blockAt(payload, start)))) others.push(start);
  }
  return { byFirstWord, searched, trivial };
}

/** Where zeros meet erased flash, as behind each image's header, the border is no sign of a payload either. */
function isTrivial(payload: Uint8Array, start: number): boolean {
  return blockAt(payload, start).every((byte) => byte === 0 || byte === 0xff) || isRepetition(payload, start);
}

function isRepetition(payload: Uint8Array, start: number): boolean {
  for (let at = start + TRIVIAL_PERIOD_BYTES; at < start + CLEAR_BLOCK_BYTES; at += 1) {
    if (payload[at] !== payload[at - TRIVIAL_PERIOD_BYTES]) return false;
  }
  return true;
}

function blockAt(bytes: Uint8Array, start: number): Uint8Array {
  return bytes.subarray(start, start + CLEAR_BLOCK_BYTES);
}
