import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { concat, equalBytes, isKind, ProtocolError } from "../../core/index.ts";
import { closeFile, fileHash, fileStatus, readFile, writeFile } from "../groups/file-system.ts";
import { isRefusal } from "../packet/refusal.ts";
import { dataRoom } from "./data-room.ts";
import type { SmpSession } from "./session.ts";

interface FileTransferOptions {
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

/** What showed that a file arrived whole; "nothing" on firmware that tells neither hash nor length. */
type FileProof = "sha256" | "crc32" | "length" | "nothing";

/** Answers that may be lost in one upload, and times that it may begin anew. */
const LOST_MAX = 3;
const RESTARTS_MAX = 2;

/**
 * Writes a file to the board in pieces that fill the packet, and compares what is stored then. Another upload that was
 * stopped half-way is closed first: the server would go on with it. A piece whose answer was lost is sent again: the
 * server refuses one that it has, and says how long the file is. Only then is that length believed: after a reset it is
 * the old file's, and the upload begins anew.
 * @param packetBytesMax largest packet that the server takes, header included.
 * @throws SmpRefused; TimeoutError; ProtocolError when what is stored is not what was sent.
 * Source: Zephyr documentation, SMP group 8; close, repeated pieces and resets measured on Zephyr 4.4.0.
 */
export async function uploadFile(
  session: SmpSession,
  name: string,
  bytes: Uint8Array,
  packetBytesMax: number,
  options: FileTransferOptions = {},
): Promise<{ readonly comparedBy: FileProof }> {
  const lost = { answers: 0 };
  for (let restart = 0; ; restart += 1) {
    const last = restart === RESTARTS_MAX;
    await close(session, options);
    const end = await sendPieces(session, name, bytes, { packetBytesMax, lost, last, ...options });
    if (end === "restart") continue;
    const { comparedBy, same } = await compare(session, name, bytes, options);
    if (same) return { comparedBy };
    if (last || bytes.length === 0) throw differs(name, bytes, comparedBy);
  }
}

/** Firmware that cannot close (before Zephyr 3.5) also keeps no upload open for another to meet. */
async function close(session: SmpSession, { signal }: FileTransferOptions): Promise<void> {
  await session.request(closeFile, {}, { signal }).catch((error: unknown) => {
    if (!isRefusal(error)) throw error;
  });
}

interface Sending extends FileTransferOptions {
  readonly packetBytesMax: number;
  readonly lost: { answers: number };
  /** It must not begin anew again. */
  readonly last: boolean;
}

/** Sends the pieces. @returns "restart" when the server has forgotten those that it had taken: it was reset. */
async function sendPieces(
  session: SmpSession,
  name: string,
  bytes: Uint8Array,
  { packetBytesMax, lost, last, signal, onProgress }: Sending,
): Promise<"sent" | "restart"> {
  let answerLost = false;
  for (let off = 0, first = true; first || off < bytes.length; first = false) {
    const fields = off === 0 ? { off, name, len: bytes.length } : { off, name };
    const room = dataRoom({ ...fields }, packetBytesMax);
    if (room < 1) throw new ProtocolError(`file upload: no room for data beside the name "${name}".`);
    const data = bytes.subarray(off, off + room);
    try {
      const { answer, atUs } = await session.exchange(writeFile, { ...fields, data }, { signal });
      if (answer.off !== off + data.length) {
        throw new ProtocolError(`file upload: the board has ${answer.off} bytes after ${off + data.length} were sent.`);
      }
      off = answer.off;
      answerLost = false;
      onProgress?.({ sentBytes: off, totalBytes: bytes.length, atUs });
    } catch (error) {
      const had = isRefusal(error, "FILE_OFFSET_NOT_VALID") ? error.refusal.body["len"] : undefined;
      if (had !== undefined && answerLost && had === off + data.length) off += data.length;
      else if (had !== undefined && !last) return "restart";
      else if (!isKind(error, "timeout") || ++lost.answers > LOST_MAX) throw error;
      answerLost = isKind(error, "timeout");
    }
  }
  return "sent";
}

/** Holds what the board stores against what was sent, by the best that its firmware has. */
async function compare(
  session: SmpSession,
  name: string,
  bytes: Uint8Array,
  { signal }: FileTransferOptions,
): Promise<{ readonly comparedBy: FileProof; readonly same: boolean }> {
  const refused = (error: unknown): undefined => {
    if (!isRefusal(error)) throw error;
  };
  // An empty file has no hash.
  for (const type of bytes.length === 0 ? [] : (["sha256", "crc32"] as const)) {
    const answer = await session.request(fileHash, { name, type }, { signal }).catch(refused);
    if (answer === undefined || (answer.type !== undefined && answer.type !== type)) continue;
    const { output, len } = answer;
    const hashSame =
      typeof output === "number"
        ? output === crc32(bytes)
        : equalBytes(output, createHash("sha256").update(bytes).digest());
    return { comparedBy: type, same: hashSame && len === bytes.length };
  }
  const status = await session.request(fileStatus, { name }, { signal }).catch((error: unknown) => {
    if (isRefusal(error, "FILE_NOT_FOUND")) return { len: -1 };
    return refused(error);
  });
  if (status === undefined) return { comparedBy: "nothing", same: true };
  return { comparedBy: "length", same: status.len === bytes.length };
}

function differs(name: string, bytes: Uint8Array, comparedBy: FileProof): ProtocolError {
  if (bytes.length === 0) {
    return new ProtocolError(
      `file upload: ${name} is not empty on the board: its server does not write a file of 0 bytes.`,
      "Servers take an empty file for nothing to do, and have no command that deletes one: write at least one byte.",
    );
  }
  return new ProtocolError(
    `file upload: what the board stores as ${name} is not what was sent (${bytes.length} bytes; its ${comparedBy} differs).`,
    "Its file system may be full, or the board was reset in between: look at its log, then upload again.",
  );
}
