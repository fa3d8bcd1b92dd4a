import { buffer } from "node:stream/consumers";
import { crc32 } from "node:zlib";
import { ConfigurationError, isHilError, messageOf } from "../../core/index.ts";

/** A file in an archive. */
export interface ZipEntry {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/**
 * What is unpacked of one archive at most. Firmware for a microcontroller, all cores together, is far smaller; a small
 * archive whose directory names one long file a thousand times must not take gigabytes.
 */
export const ZIP_LIMITS = { entries: 256, plainBytes: 64 * 1024 * 1024 } as const;
/** Deflate cannot pack tighter: 258 bytes in 2 bits. A size beyond is a lie. Source: RFC 1951, 3.2.5. */
const DEFLATE_RATIO_MAX = 1032;

const STORED = 0;
const DEFLATED = 8;

/**
 * The files of a zip archive (stored or deflated), in the order of its directory, read by yauzl.
 * @throws ConfigurationError for a damaged archive, a wrong checksum, a method or encryption it does not know, or more
 *   than `ZIP_LIMITS`; nothing that the directory claims is believed before it is bounded.
 */
export async function readZip(archive: Uint8Array): Promise<ZipEntry[]> {
  // Loaded on use: most calls of `hil image` meet no archive.
  const { fromBufferPromise } = await import("yauzl");
  const bytes = Buffer.from(archive.buffer, archive.byteOffset, archive.byteLength);
  const files: ZipEntry[] = [];
  try {
    // Names stay bytes: Nordic's tools write UTF-8 without saying so, and where a name may lead is for who unpacks it.
    const zip = await fromBufferPromise(bytes, { decodeStrings: false }).catch((cause: unknown) => {
      throw damaged(`it has no directory (${messageOf(cause)})`, cause);
    });
    if (zip.entryCount > ZIP_LIMITS.entries) {
      throw damaged(`its directory claims ${zip.entryCount} files, ${ZIP_LIMITS.entries} are the limit here`);
    }
    const entries = [];
    let plainBytes = 0;
    for await (const entry of zip.eachEntry()) {
      const name = Buffer.from(entry.fileName).toString("utf8");
      refuse(name, entry);
      plainBytes += entry.uncompressedSize;
      entries.push({ name, entry });
    }
    if (plainBytes > ZIP_LIMITS.plainBytes) {
      throw damaged(`it unpacks to ${plainBytes} bytes, ${ZIP_LIMITS.plainBytes} are the limit here`);
    }
    for (const { name, entry } of entries) {
      // A stream that is not as long as the directory says fails, and is never longer.
      const plain = new Uint8Array(await buffer(await zip.openReadStreamPromise(entry)));
      if (crc32(plain) !== entry.crc32) throw damaged(`${name} does not match its checksum`);
      files.push({ name, bytes: plain });
    }
  } catch (cause) {
    throw isHilError(cause) ? cause : damaged(messageOf(cause).replace(/\.$/, ""), cause);
  }
  return files;
}

/** What cannot be read, told before its data are touched. */
function refuse(
  name: string,
  entry: {
    readonly compressionMethod: number;
    readonly compressedSize: number;
    readonly uncompressedSize: number;
    isEncrypted(): boolean;
  },
): void {
  const { compressionMethod: method, compressedSize: packed, uncompressedSize: plain } = entry;
  if (entry.isEncrypted()) throw damaged(`${name} is encrypted`);
  if (method !== STORED && method !== DEFLATED) throw damaged(`${name} is packed with method ${method}`);
  if (plain > packed * (method === STORED ? 1 : DEFLATE_RATIO_MAX)) {
    throw damaged(`${name} claims ${plain} bytes out of ${packed}`);
  }
}

function damaged(why: string, cause?: unknown): ConfigurationError {
  return new ConfigurationError(`the zip archive cannot be read: ${why}.`, "Copy or build it again.", { cause });
}
