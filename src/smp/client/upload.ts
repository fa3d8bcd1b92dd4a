import { createHash } from "node:crypto";
import { equalBytes, isKind, ProtocolError } from "../../core/index.ts";
import { firstChunkDeadlineMs } from "../groups/erase-deadline.ts";
import { imageState, imageUpload } from "../groups/image.ts";
import { encodePayload, type RequestOf } from "../packet/command.ts";
import { SMP_HEADER_BYTES } from "../packet/header.ts";
import { LineQuality } from "../transport/line-quality.ts";
import type { Following } from "./ahead.ts";
import { dataRoom } from "./data-room.ts";
import type { RequestOptions } from "./exchange.ts";
import { answersEcho, unlessPassedOver } from "./passed-over.ts";
import type { SmpSession } from "./session.ts";
import type { UploadOptions, UploadResult } from "./upload-options.ts";
import { badLine, smallBuffers } from "./upload-timeouts.ts";
import { offsetIn, RoundTrips, UploadWindow, withOffset } from "./upload-window.ts";

/** A first chunk must hold the image header. Source: Zephyr img_mgmt.c. */
const FIRST_DATA_BYTES_MIN = 32;
const CHUNK_MS = 5_000;
/** Times a server may ask to start over, and times it may ask for the same offset, before that is an error. */
const RESTARTS_MAX = 3;
const STALLS_MAX = 3;
/** Attempts after the first at a chunk in packets of one size, while smaller ones are possible. */
const RETRIES_OF_A_SIZE = 1;
/** The same of the smallest packets, on a line that has lost some: of many hundred packets none may be given up by chance. */
const RETRIES_LOSSY = 9;
/** How long an echo may take that asks whether a board is busy, in milliseconds. */
const ECHO_MS = 2_000;
/** Chunks that are kept ready to be sent, or sent again. */
const READY_MAX = 8;
/** Times a server may go back in all. */
const STEPS_BACK_MAX = 32;

/**
 * Uploads an image in chunks that fill the packet exactly. The server's `off` is the truth: chunks follow it, an
 * upload that broke off is taken up where the server says.
 *
 * @param packetBytesMax largest packet that the server takes, header included.
 * @throws SmpRefused; TimeoutError; BenchError; ProtocolError when the server's answers lead nowhere or it finds that
 * what it holds is not the image; the signal's reason.
 * Source: Zephyr documentation, SMP group 1, "Image upload"; server behaviour measured on Zephyr 4.4.0.
 */
export async function uploadImage(
  session: SmpSession,
  bytes: Uint8Array,
  packetBytesMax: number,
  options: UploadOptions = {},
): Promise<UploadResult> {
  const upload = new Upload(session, bytes, options.packetBytesMax ?? packetBytesMax, options);
  return upload.run();
}

/** A chunk and the server's word on it. */
interface Sent {
  readonly at: number;
  readonly end: number;
  /** The offset that the server wants next. */
  readonly off: number;
  readonly match: boolean | undefined;
}

/** A chunk as it is sent. */
interface Chunk {
  readonly request: RequestOf<typeof imageUpload>;
  readonly payload: Uint8Array;
  /** Offset after its last byte. */
  readonly end: number;
}

/** A chunk that is on its way. */
interface Flight {
  /** How often the stream had gone back when it was sent. */
  readonly round: number;
  readonly answer: Promise<{ readonly flight: Flight; readonly sent: Sent }>;
  forget(): void;
}

class Upload {
  readonly #session: SmpSession;
  readonly #bytes: Uint8Array;
  readonly #sha: Uint8Array;
  readonly #line: LineQuality;
  readonly #options: UploadOptions;
  readonly #startedUs: number;
  #firstChunkUs = 0;
  #resumedAtBytes = 0;
  #chunks = 0;
  #restarts = 0;
  #retries = 0;
  #stalls = 0;
  #stepsBack = 0;
  /** Offset after the last byte that was ever sent: answers to chunks beyond the one that is asked for may be lost. */
  #sentTo = 0;
  readonly #window: UploadWindow;
  readonly #ready = new Map<number, Chunk>();
  readonly #roundTrips = new RoundTrips();
  /** An answer was missing: the next chunk goes alone, with all its attempts. */
  #oneAtATime = false;

  constructor(session: SmpSession, bytes: Uint8Array, packetBytesMax: number, options: UploadOptions) {
    this.#session = session;
    this.#bytes = bytes;
    this.#sha = Uint8Array.from(createHash("sha256").update(bytes).digest());
    this.#line = new LineQuality(packetBytesMax, session.transport.overheadBytes > 0);
    this.#options = options;
    this.#window = new UploadWindow(options.window ?? 1);
    this.#startedUs = session.clock.nowUs();
  }

  async run(): Promise<UploadResult> {
    if (this.#bytes.length < FIRST_DATA_BYTES_MIN) {
      throw new ProtocolError(
        `a file of ${this.#bytes.length} bytes is no image.`,
        "Sign it first (`hil image sign`).",
      );
    }
    for (let offset = 0; ; ) {
      const alone = offset === 0 || this.#oneAtATime || this.#window.size === 1;
      const sent = alone ? await this.#sendOne(offset) : await this.#stream(offset);
      if (sent.off === this.#bytes.length) return this.#finished(sent.at === 0 && sent.end < sent.off, sent.match);
      const next = await this.#next(sent);
      if (next === "whole") return this.#finished(false, undefined);
      offset = next;
    }
  }

  async #sendOne(at: number): Promise<Sent> {
    const sent = await this.#adapting(at);
    this.#oneAtATime = false;
    this.#window.answered();
    return sent;
  }

  /** Sends a chunk; one that nobody answers is sent in smaller packets, for the line may lose parts of large ones. */
  async #adapting(at: number): Promise<Sent> {
    const sinceUs = this.#session.clock.nowUs();
    for (;;) {
      const { canShrink } = this.#line;
      try {
        if (at === 0) return this.#line.isFramed ? await this.#first() : await this.#send(at);
        const isLossy = this.#line.oneIn !== undefined;
        return await this.#send(
          at,
          canShrink ? { retries: RETRIES_OF_A_SIZE } : isLossy ? { retries: RETRIES_LOSSY } : {},
        );
      } catch (error) {
        if (!isKind(error, "timeout")) throw error;
        // A first chunk may wait for an erase: only a board that answers other things has not got it.
        const isDeaf =
          at === 0 && (await answersEcho(this.#session, { signal: this.#options.signal, timeoutMs: ECHO_MS }));
        const failure = { session: this.#session, line: this.#line, sinceUs, cause: error };
        if (isDeaf && !canShrink) throw smallBuffers(failure);
        if (!canShrink || (at === 0 && !isDeaf)) throw this.#chunks === 0 ? error : badLine(failure);
        this.#line.shrink();
        this.#ready.clear();
      }
    }
  }

  /** The first chunk on a line that may lose it: that is known before its deadline. */
  #first(): Promise<Sent> {
    const awaited = `the answer to ${imageUpload.name} on ${this.#session.transport.name}`;
    return unlessPassedOver(this.#session, awaited, this.#options.signal, (signal) => this.#send(0, { signal }));
  }

  /** Sends the chunk at `at` and takes the server's word. */
  async #send(at: number, options: RequestOptions = {}): Promise<Sent> {
    const { signal, onProgress, firstChunkMs, chunkMs = CHUNK_MS } = this.#options;
    const firstTimeout = (attempt: number) => firstChunkMs ?? firstChunkDeadlineMs(attempt, this.#bytes.length);
    const { request, payload, end } = this.#chunk(at);
    const last = imageUpload.retries + 1;
    const chunkTimeout = (attempt: number) =>
      attempt === last ? chunkMs : this.#roundTrips.deadlineMs(attempt, chunkMs);
    const timing = at === 0 ? { timeoutMs: firstTimeout, retries: 1 } : { timeoutMs: chunkTimeout };
    const sentUs = this.#session.clock.nowUs();
    this.#sentTo = Math.max(this.#sentTo, end);
    const isAlone = at > 0 && options.window === undefined && this.#window.size === 1;
    const next = isAlone ? () => this.#following(end) : undefined;
    if (!isAlone) this.#makeReady(end);
    const sleepAgain = isAlone ? this.#roundTrips.stayAwake(this.#session.clock) : undefined;
    const bytes = SMP_HEADER_BYTES + payload.length;
    const attemptsMax = 1 + (options.retries ?? ("retries" in timing ? timing.retries : imageUpload.retries));
    const { answer, attempts, atUs } = await this.#session
      .exchange(imageUpload, request, { signal, payload, next, ...timing, ...options })
      .catch((error: unknown) => {
        if (isKind(error, "timeout")) {
          const attempts = options.signal?.aborted ? 1 : attemptsMax;
          this.#line.lost(bytes, attempts);
          // One that is sent alone is sent again, smaller or in the end never.
          if (options.window === undefined) this.#retries += attempts;
        }
        throw error;
      })
      .finally(() => sleepAgain?.());
    if (this.#line.answered(bytes, attempts - 1)) this.#ready.clear();
    this.#chunks += 1;
    this.#retries += attempts - 1;
    if (at === 0 && this.#firstChunkUs === 0) this.#firstChunkUs = atUs - sentUs;
    else if (at > 0 && attempts === 1) this.#roundTrips.took(atUs - sentUs);
    if (answer.off === undefined || answer.off > this.#bytes.length) {
      throw this.#lost(`answered offset ${answer.off ?? "nothing"} of ${this.#bytes.length}`);
    }
    onProgress?.({ sentBytes: answer.off, totalBytes: this.#bytes.length, atUs });
    return { at, off: answer.off, end, match: answer.match };
  }

  /**
   * Keeps several chunks in flight from `start` on. The server answers in order, so an answer stands for those that are
   * missing before it; one that wants an earlier offset than its chunk's tells at once that a chunk was lost, and the
   * stream goes back there. Ends when all is taken, when the server restarts, or with the first deadline.
   */
  async #stream(start: number): Promise<Sent> {
    let flights: Flight[] = [];
    let known = start;
    let next = start;
    let round = 0;
    const until = (off: number, match?: boolean): Sent => ({ at: start, end: next, off, match });
    try {
      for (;;) {
        while (flights.length < this.#window.size && next < this.#bytes.length) {
          flights.push(this.#launch(next, round));
          next = this.#chunk(next).end;
        }
        if (flights.length === 0) return until(known);
        const { flight, sent } = await Promise.race(flights.map(({ answer }) => answer));
        const place = flights.indexOf(flight);
        for (const passed of flights.slice(0, place)) passed.forget();
        flights = flights.slice(place + 1);
        if (sent.off === this.#bytes.length || sent.off < known) return until(sent.off, sent.match);
        known = sent.off;
        if (sent.off >= sent.end) {
          this.#window.answered();
          next = Math.max(next, sent.off);
        } else if (flight.round === round) {
          this.#window.dropped();
          this.#retries += 1;
          round += 1;
          next = sent.off;
        }
      }
    } catch (error) {
      if (!isKind(error, "timeout")) throw error;
      this.#window.dropped();
      this.#retries += 1;
      this.#oneAtATime = true;
      return until(known);
    } finally {
      for (const flight of flights) flight.forget();
    }
  }

  #launch(at: number, round: number): Flight {
    const stop = new AbortController();
    const signal = AbortSignal.any([stop.signal, ...(this.#options.signal ? [this.#options.signal] : [])]);
    const timeoutMs = this.#roundTrips.deadlineMs(1, this.#options.chunkMs ?? CHUNK_MS);
    const sending = this.#send(at, { signal, retries: 0, window: this.#window.size, timeoutMs });
    const flight: Flight = {
      round,
      answer: sending.then((sent) => ({ flight, sent })),
      forget: () => stop.abort(new Error("a later answer stands for this one")),
    };
    flight.answer.catch(() => undefined);
    return flight;
  }

  /** The chunk at an offset: its keys, and data that fill the packet; made once for a sending. */
  #chunk(at: number): Chunk {
    const ready = this.#ready.get(at);
    if (ready) return ready;
    // Serial recovery of MCUboot before 2.0 takes the image from every chunk, and 0 where it names none (PR 1502).
    const fields = at === 0 ? this.#firstFields() : { off: at, image: this.#options.image };
    const limit = this.#options.chunkBytesMax ?? Number.POSITIVE_INFINITY;
    const room = Math.max(
      Math.min(dataRoom(fields, this.#line.packetBytes), limit),
      at === 0 ? FIRST_DATA_BYTES_MIN : 1,
    );
    const data = this.#bytes.subarray(at, at + room);
    const request = { ...fields, data };
    const chunk = { request, payload: encodePayload(imageUpload, request), end: at + data.length };
    for (const oldest of this.#ready.keys()) {
      if (this.#ready.size < READY_MAX) break;
      this.#ready.delete(oldest);
    }
    this.#ready.set(at, chunk);
    return chunk;
  }

  /** Makes the chunk that comes next while the board is busy with this one. */
  #makeReady(at: number): void {
    const { clock } = this.#session;
    if (at < this.#bytes.length) clock.at(clock.nowUs(), () => void this.#chunk(at));
  }

  /** The chunk that comes next when this one is taken: it can go out in the moment of the answer. */
  #following(at: number): Following | undefined {
    // While packets may grow again, how large the next one is depends on the answer.
    if (at >= this.#bytes.length || this.#line.isReduced) return undefined;
    const { payload } = this.#chunk(at);
    return {
      row: imageUpload,
      payload,
      follows: (answer) => offsetIn(answer) === at,
      expected: (earlier) => withOffset(earlier, at),
    };
  }

  /** The keys of a first chunk; the hash that makes an upload resumable is left out where there is no room for it. */
  #firstFields() {
    const { image, upgrade } = this.#options;
    const bare = { off: 0, len: this.#bytes.length, image, upgrade };
    const full = { off: 0, len: this.#bytes.length, sha: this.#sha, image, upgrade };
    return dataRoom(full, this.#line.packetBytes) < FIRST_DATA_BYTES_MIN ? bare : full;
  }

  /** Where to go on after an answer, or that the server turns out to have it all. */
  async #next(sent: Sent): Promise<number | "whole"> {
    const { at: offset, end } = sent;
    if (offset === 0 && sent.off > end) this.#resumedAtBytes = sent.off;
    else if (sent.off > Math.max(end, this.#sentTo)) {
      throw this.#lost(`wants offset ${sent.off}, and has had ${Math.max(end, this.#sentTo)} bytes`);
    }
    if (sent.off > offset) {
      this.#stalls = 0;
      return sent.off;
    }
    if (sent.off === 0 && offset > 0) {
      if (end === this.#bytes.length && (await this.#alreadyOnBoard())) return "whole";
      this.#restarts += 1;
      if (this.#restarts > RESTARTS_MAX)
        throw this.#lost(`asked to start over ${this.#restarts} times, last at ${offset}`);
      return 0;
    }
    if (sent.off < offset) this.#stepsBack += 1;
    if (this.#stepsBack > STEPS_BACK_MAX) throw this.#lost(`went back ${this.#stepsBack} times, last to ${sent.off}`);
    this.#stalls += 1;
    if (this.#stalls > STALLS_MAX) throw this.#lost(`asked for offset ${sent.off} ${this.#stalls} times in a row`);
    return sent.off;
  }

  /** True when the server's list holds the image: the answer that ended its session was lost. */
  async #alreadyOnBoard(): Promise<boolean> {
    const { imageHash, signal, image = 0 } = this.#options;
    if (!imageHash) return false;
    const { images } = await this.#session.request(imageState, {}, { signal });
    return images.some(
      (entry) =>
        (entry.image ?? 0) === image && entry.active !== true && entry.hash && equalBytes(entry.hash, imageHash),
    );
  }

  #finished(alreadyPresent: boolean, match: boolean | undefined): UploadResult {
    if (match === false) {
      throw new ProtocolError(
        "image upload: the board finds that what it holds is not what was sent.",
        "The line or the flash loses bytes: try a lower baud rate or hardware flow control, then upload again.",
      );
    }
    return {
      totalBytes: this.#bytes.length,
      alreadyPresent,
      resumedAtBytes: alreadyPresent ? 0 : this.#resumedAtBytes,
      chunks: this.#chunks,
      restarts: this.#restarts,
      retries: this.#retries,
      lostOneIn: this.#line.oneIn,
      packetBytes: this.#line.smallestBytes,
      match,
      durationUs: this.#session.clock.nowUs() - this.#startedUs,
      firstChunkUs: this.#firstChunkUs,
    };
  }

  #lost(what: string): ProtocolError {
    return new ProtocolError(
      `image upload leads nowhere: the board ${what}.`,
      "Its flash may refuse to be written: look at its log, erase the slot (`hil smp image erase`), then run again.",
    );
  }
}
