/** Bytes of a run without a zero that one code byte can announce. */
const RUN_MAX = 254;

/**
 * Consistent overhead byte stuffing: the same bytes without a zero among them, so that a zero can end a frame.
 * Source: Cheshire and Baker, "Consistent Overhead Byte Stuffing"; MCUboot PR 2773.
 */
export function encodeCobs(bytes: Uint8Array): Uint8Array {
  const out: number[] = [0];
  let at = 0;
  for (const byte of bytes) {
    const run = out.length - at;
    if (byte !== 0) out.push(byte);
    if (byte !== 0 && run < RUN_MAX) continue;
    out[at] = out.length - at;
    at = out.length;
    out.push(0);
  }
  out[at] = out.length - at;
  return Uint8Array.from(out);
}

/** What was encoded; undefined for what no encoder makes: a zero, or a run that ends too early. */
export function decodeCobs(frame: Uint8Array): Uint8Array | undefined {
  const out: number[] = [];
  for (let at = 0; at < frame.length; ) {
    const code = frame[at] ?? 0;
    const run = frame.subarray(at + 1, at + code);
    if (code === 0 || run.length !== code - 1 || run.includes(0)) return undefined;
    out.push(...run);
    at += code;
    if (code <= RUN_MAX && at < frame.length) out.push(0);
  }
  return Uint8Array.from(out);
}

/** Bytes that `encodeCobs` makes of so many, at most. */
export function cobsBytesMax(bytes: number): number {
  return bytes + 1 + Math.floor(bytes / RUN_MAX);
}
