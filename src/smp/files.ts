import { concat, isKind, ProtocolError } from "../core/index.ts";
import { readFile, writeFile } from "./groups/file-system.ts";
import { isRefusal } from "./refusal.ts";
import type { SmpSession } from "./session.ts";
import { dataRoom } from "./upload.ts";

export interface FileTransferOptions {
  readonly signal?: AbortSignal | undefined;
  onProgress?:
    | ((progress: { readonly sentBytes: number; readonly totalBytes: number; readonly atUs: number }) => void)
    | undefined;
}

/** Largest file that is taken, in bytes: what a device says of a length is not believed without a bound. */
const FILE_BYTES_MAX = 64 * 1024 * 1024;

/**
 * A file of the board, in pieces of the server's choosing.
 * @throws SmpRefused (FILE_NOT_FOUND …); ProtocolError when the pieces make no file; what `SmpSession.request` throws.
 * Source: Zephyr documentation, SMP group 8, download.
 */
export async function downloadFile(
  session: SmpSession,
  name: string,
  options: FileTransferOptions = {},
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let totalBytes: number | undefined;
  for (let off = 0; totalBytes === undefined || off < totalBytes; ) {
    const { answer, atUs } = await session.exchange(readFile, { off, name }, { signal: options.signal });
    totalBytes ??= answer.len;
    if (totalBytes === undefined || totalBytes > FILE_BYTES_MAX) {
      throw new ProtocolError(`file download of ${name}: the board says its length is ${totalBytes ?? "nothing"}.`);
    }
    const wrong = answer.off !== off || off + answer.data.length > totalBytes;
    if (wrong || (answer.data.length === 0 && off < totalBytes)) {
      throw new ProtocolError(
        `file download of ${name}: ${answer.data.length} bytes at ${answer.off} came, not at ${off}.`,
      );
    }
    pieces.push(answer.data);
    off += answer.data.length;
    options.onProgress?.({ sentBytes: off, totalBytes, atUs });
  }
  return concat(...pieces);
}

/**
 * Writes a file to the board, in pieces that fill the packet. A piece whose answer is lost is asked about: the server
 * refuses one that it has already, and says how long the file is.
 * @param packetBytesMax largest packet that the server takes, header included.
 * @throws SmpRefused; TimeoutError; ProtocolError.
 * Source: Zephyr documentation, SMP group 8, upload; a repeated piece measured on Zephyr 4.4.0.
 */
export async function uploadFile(
  session: SmpSession,
  name: string,
  bytes: Uint8Array,
  packetBytesMax: number,
  options: FileTransferOptions = {},
): Promise<void> {
  let lost = 0;
  for (let off = 0, first = true; first || off < bytes.length; first = false) {
    const fields = off === 0 ? { off, name, len: bytes.length } : { off, name };
    const room = dataRoom({ ...fields }, packetBytesMax);
    if (room < 1) throw new ProtocolError(`file upload: no room for data beside the name "${name}".`);
    const data = bytes.subarray(off, off + room);
    try {
      const { answer, atUs } = await session.exchange(writeFile, { ...fields, data }, { signal: options.signal });
      if (answer.off !== off + data.length) {
        throw new ProtocolError(`file upload: the board has ${answer.off} bytes after ${off + data.length} were sent.`);
      }
      off = answer.off;
      options.onProgress?.({ sentBytes: off, totalBytes: bytes.length, atUs });
    } catch (error) {
      const had = isRefusal(error, "FILE_OFFSET_NOT_VALID") ? error.refusal.body["len"] : undefined;
      if (had === off + data.length) off += data.length;
      else if (!isKind(error, "timeout") || ++lost > LOST_MAX) throw error;
    }
  }
}

/** Answers that may be lost in one upload. */
const LOST_MAX = 3;
