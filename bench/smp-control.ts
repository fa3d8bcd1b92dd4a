import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { concat } from "../src/core/index.ts";
import { CONSOLE_OVERHEAD_BYTES, dataRoom, encodeConsoleLines, encodeRequest, imageUpload } from "../src/smp/index.ts";

/** One chunk of an upload as any client sends it that fills its packets. */
export interface Chunk {
  readonly request: { off: number; len?: number; sha?: Uint8Array; data: Uint8Array };
  /** Its frame, as it goes over the line. */
  readonly frame: Uint8Array;
}

/** All chunks of an image for a server with buffers of so many bytes. */
export function chunksOf(image: Uint8Array, bufferBytes: number): readonly Chunk[] {
  const chunks: Chunk[] = [];
  const sha = Uint8Array.from(createHash("sha256").update(image).digest());
  for (let at = 0; at < image.length; ) {
    const fields = at === 0 ? { off: 0, len: image.length, sha } : { off: at };
    const room = dataRoom(fields, bufferBytes - CONSOLE_OVERHEAD_BYTES);
    const request = { ...fields, data: image.subarray(at, at + room) };
    const packet = encodeRequest(imageUpload, request, { sequence: chunks.length & 0xff, version: 2 });
    chunks.push({ request, frame: concat(...encodeConsoleLines(packet)) });
    at += request.data.length;
  }
  return chunks;
}

/** Writes the frames for smp-control.c into a folder, and returns the file. */
export function controlFrames(folder: string, chunks: readonly Chunk[]): string {
  const file = join(folder, "frames.bin");
  const length = (frame: Uint8Array) => {
    const head = Buffer.alloc(8);
    head.writeBigUInt64LE(BigInt(frame.length));
    return head;
  };
  writeFileSync(file, concat(...chunks.flatMap(({ frame }) => [length(frame), frame])));
  return file;
}
