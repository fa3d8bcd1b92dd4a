export interface UploadOptions {
  /** Image pair: 0 = application, 1 = network core. Left out, the server takes 0. */
  readonly image?: number | undefined;
  /** Refuse when the running version is the same or newer. */
  readonly upgrade?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  onProgress?: ((progress: UploadProgress) => void) | undefined;
  /** Largest piece of the image in one packet, in bytes; default is what the server's buffer takes. */
  readonly chunkBytesMax?: number | undefined;
  /** Largest packet (header and CBOR), in bytes; default is what the server's parameters allow. */
  readonly packetBytesMax?: number | undefined;
  /**
   * Chunks in flight; default 1. More hide the time of flash and line from each other, on a server whose buffers take
   * them: at most its buffer count less one. While the server drops chunks they go one by one.
   */
  readonly window?: number | undefined;
  /**
   * Deadline for the first chunk, in milliseconds: its answer comes after the erase, which may be of the whole slot.
   * Default: 100 ms for each page of 8 MiB and 20 s, 224.8 s, then 60 s for its repetition (`firstChunkDeadlineMs`).
   */
  readonly firstChunkMs?: number | undefined;
  /**
   * Longest deadline for an attempt at every other chunk, in milliseconds; default 5000. First attempts wait shorter,
   * by what answers have taken so far.
   */
  readonly chunkMs?: number | undefined;
  /**
   * Hash TLV of the image. With it, a server that says "start over" to a repeated last chunk is asked for its list: the
   * image may be whole already (its session ended with the answer that was lost).
   */
  readonly imageHash?: Uint8Array | undefined;
}

export interface UploadProgress {
  /** Bytes that the server has, by its own word. */
  readonly sentBytes: number;
  readonly totalBytes: number;
  readonly atUs: number;
}

export interface UploadResult {
  readonly totalBytes: number;
  /** The server had the whole image before the first byte. */
  readonly alreadyPresent: boolean;
  /** Offset at which an earlier, unfinished upload was taken up; 0 for a new one. */
  readonly resumedAtBytes: number;
  /** Chunks that were answered, those that were sent again counted once. */
  readonly chunks: number;
  /** Times the server asked to start over. */
  readonly restarts: number;
  /** Attempts beyond the first, over all chunks. */
  readonly retries: number;
  /** One line of how many was lost on the way, both ways together; undefined when none was. */
  readonly lostOneIn: number | undefined;
  /** The smallest packet that was sent because of it, header included, in bytes. */
  readonly packetBytes: number;
  /** What the server says of its own check; undefined when it has none. */
  readonly match: boolean | undefined;
  /** Whole upload, and its first chunk (the erase), in microseconds. */
  readonly durationUs: number;
  readonly firstChunkUs: number;
}
