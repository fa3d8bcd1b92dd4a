import { concat, utf8 } from "../../core/index.ts";

const LINE_FEED = 0x0a;

/**
 * Puts the time before every line of a stream of bytes, `[   12.345678] ` in seconds since `startedUs`: when its first
 * byte arrived. Lines may come in pieces.
 */
export function stampedLines(startedUs: number): (bytes: Uint8Array, atUs: number) => Uint8Array {
  let atStart = true;
  return (bytes, atUs) => {
    const stamp = utf8(`[${((atUs - startedUs) / 1_000_000).toFixed(6).padStart(12)}] `);
    const pieces: Uint8Array[] = [];
    for (let from = 0; from < bytes.length; ) {
      const end = bytes.indexOf(LINE_FEED, from);
      const to = end < 0 ? bytes.length : end + 1;
      if (atStart) pieces.push(stamp);
      pieces.push(bytes.subarray(from, to));
      atStart = end >= 0;
      from = to;
    }
    return concat(...pieces);
  };
}
