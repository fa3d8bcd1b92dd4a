import { BenchError, type Clock, isKind, Listeners, TimeoutError, within } from "../../core/index.ts";
import { readAnswer } from "../packet/answer.ts";
import {
  type CommandRow,
  encodeRequest,
  type RequestOf,
  type ResponseOf,
  requestOp,
  type SmpVersion,
} from "../packet/command.ts";
import { decodeSmpHeader, SMP_HEADER_BYTES, type SmpHeader } from "../packet/header.ts";
import type { ReceivedPacket } from "../transport/console-framing.ts";
import type { SmpTransport } from "../transport/transport.ts";

/** Source: zephyr #100468, of a shell that polls. */
const ECHOED =
  " Our own requests come back: a loop-back plug in the port, or a shell on it that takes no SMP (one that polls never does).";

/** Deadline of a request whose row names none, in milliseconds. Others wait 2.5 to 10 s. */
const TIMEOUT_MS = 3_000;

export interface SessionOptions {
  readonly clock: Clock;
  /** SMP version that is sent; answers of every version are understood. Default 2. */
  readonly version?: SmpVersion;
  /** Deadline for commands whose row names none, in milliseconds. Default 3000. */
  readonly timeoutMs?: number;
  /** Requests in flight. Default 1: most servers have two line buffers and lose the rest in silence (measured). */
  readonly window?: number;
  /** Sequence number of the first request, 0 to 255. */
  readonly firstSequence?: number;
}

export interface RequestOptions {
  readonly signal?: AbortSignal | undefined;
  /** Deadline of one attempt (counted from 1), in milliseconds. */
  readonly timeoutMs?: number | ((attempt: number) => number) | undefined;
  /** Attempts after the first; default is the row's. */
  readonly retries?: number | undefined;
  /** Requests in flight that this one may join; default is the session's window. */
  readonly window?: number | undefined;
  /** The request's body (`encodePayload`), when it was made before its turn. */
  readonly payload?: Uint8Array | undefined;
}

/** One attempt at a request. */
interface Attempt {
  /** The row's name: "image upload". */
  readonly command: string;
  /** Counted from 1. */
  readonly attempt: number;
  readonly sentAtUs: number;
}

/**
 * What passes on the wire, in its order: a request, its answer or the lack of one, and what nobody had asked for.
 * `packet` is whole, header first; of "no answer" it is the request's. Times are the clock's, in microseconds.
 */
export type Exchange =
  | (Attempt & {
      readonly kind: "request" | "answer" | "no answer";
      readonly atUs: number;
      readonly packet: Uint8Array;
    })
  | {
      readonly kind: "dropped";
      readonly why: keyof SessionCounters;
      readonly atUs: number;
      readonly packet: Uint8Array;
    };

/** Packets that came and answered nothing. */
interface SessionCounters {
  /** Answers to requests that had been given up. */
  late: number;
  /** Answers to requests that were answered already. */
  duplicate: number;
  /** Answers whose group, command or sequence nobody asked for. */
  stray: number;
  /** Requests: our own bytes come back (a loop-back plug, or two clients on one line). */
  echoed: number;
}

interface Pending {
  readonly row: CommandRow;
  readonly made: Attempt;
  answered(packet: ReceivedPacket): void;
  failed(reason: unknown): void;
}

/** An answer with how it was had. */
interface Answered<C extends CommandRow> {
  readonly answer: ResponseOf<C>;
  /** 1 when the first request was answered. */
  readonly attempts: number;
  readonly atUs: number;
}

/**
 * Requests and answers over a transport: sequence numbers matched, late and repeated answers thrown away and counted,
 * a deadline for each attempt, attempts repeated only where the command's row allows it, both ends brought back to the
 * start of a frame after a timeout. The transport is closed with the session.
 */
export class SmpSession implements AsyncDisposable {
  readonly transport: SmpTransport;
  readonly clock: Clock;
  readonly counters: SessionCounters = { late: 0, duplicate: 0, stray: 0, echoed: 0 };
  readonly #options: SessionOptions;
  readonly #pending = new Map<number, Pending>();
  readonly #past = new Map<number, "answered" | "given up">();
  readonly #exchanges = new Listeners<Exchange>();
  readonly #ends = new Listeners<void>();
  readonly #undo: (() => void)[];
  readonly #waiting: (() => void)[] = [];
  #inFlight = 0;
  #sequence: number;
  #end: { readonly reason: unknown } | undefined;
  #timeouts = 0;
  #dirty = false;

  constructor(transport: SmpTransport, options: SessionOptions) {
    this.transport = transport;
    this.clock = options.clock;
    this.#options = options;
    this.#sequence = (options.firstSequence ?? 0) & 0xff;
    this.#undo = [
      transport.onPacket((packet) => this.#received(packet)),
      transport.onEnd((reason) => this.#ended(reason)),
    ];
  }

  /** Observes every packet of both directions as it passes. The returned function removes the observer. */
  onExchange(listener: (exchange: Exchange) => void): () => void {
    return this.#exchanges.add(listener);
  }

  /** Called once, when the session is closed or its transport ended. The returned function removes the observer. */
  onEnd(listener: () => void): () => void {
    return this.#ends.add(listener);
  }

  /**
   * Sends a command and waits for its answer.
   * @throws SmpRefused; TimeoutError; ProtocolError for an answer that makes no sense; BenchError when the port is
   * gone; ShapeFault for a request that does not fit its row; the signal's reason.
   */
  async request<C extends CommandRow>(
    row: C,
    request: RequestOf<C>,
    options: RequestOptions = {},
  ): Promise<ResponseOf<C>> {
    return (await this.exchange(row, request, options)).answer;
  }

  /** As `request`, and tells how many attempts it took: after a repeated one the server may have acted twice. */
  async exchange<C extends CommandRow>(
    row: C,
    request: RequestOf<C>,
    options: RequestOptions = {},
  ): Promise<Answered<C>> {
    const limit = options.timeoutMs ?? row.timeoutMs ?? this.#options.timeoutMs ?? TIMEOUT_MS;
    const attemptsMax = 1 + (options.retries ?? row.retries);
    const startedUs = this.clock.nowUs();
    await this.#enter(options.signal, options.window);
    try {
      for (let attempt = 1; ; attempt += 1) {
        try {
          const limitMs = typeof limit === "number" ? limit : limit(attempt);
          const packet = await this.#attempt(row, request, attempt, limitMs, options);
          const answer = readAnswer(row, packet.bytes.subarray(SMP_HEADER_BYTES));
          return { answer, attempts: attempt, atUs: packet.atUs };
        } catch (error) {
          if (!isKind(error, "timeout") || options.signal?.aborted) throw error;
          if (attempt === attemptsMax) throw this.#timeout(row.name, attempt, startedUs, error);
        }
      }
    } finally {
      this.#leave();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const undo of this.#undo.splice(0)) undo();
    this.#ended(undefined);
    await this.transport[Symbol.asyncDispose]();
  }

  async #attempt<C extends CommandRow>(
    row: C,
    request: RequestOf<C>,
    attempt: number,
    limitMs: number,
    { signal, payload }: RequestOptions,
  ): Promise<ReceivedPacket> {
    signal?.throwIfAborted();
    if (this.#end) throw this.#gone();
    await this.transport.ready?.(signal);
    const sequence = this.#nextSequence();
    const bytes = encodeRequest(row, request, { sequence, version: this.#options.version ?? 2, payload });
    if (this.#dirty) await this.transport.resynchronise(this.#timeouts, signal);
    this.#dirty = false;
    const made: Attempt = { command: row.name, attempt, sentAtUs: this.clock.nowUs() };
    this.#exchanges.emit({ kind: "request", ...made, atUs: made.sentAtUs, packet: bytes });
    let isOut = false;
    try {
      const awaited = `the answer to ${row.name} on ${this.transport.name}`;
      const lastSeen = () => this.transport.lastSeen();
      const answer = await within(
        this.clock,
        limitMs,
        awaited,
        async (stop) => {
          const arrived = this.#answerTo(sequence, { row, made }, stop);
          const sending = this.transport.send(bytes, stop).then(() => {
            isOut = true;
          });
          await Promise.all([sending, arrived]);
          return arrived;
        },
        { signal, lastSeen },
      );
      this.#timeouts = 0;
      return answer;
    } catch (error) {
      const isTimeout = isKind(error, "timeout");
      if (isTimeout) this.#timeouts += 1;
      // A request that was given up with all of its bytes out left nothing behind.
      if (isTimeout || !isOut) this.#dirty = true;
      this.#exchanges.emit({ kind: "no answer", ...made, atUs: this.clock.nowUs(), packet: bytes });
      throw error;
    }
  }

  #answerTo(sequence: number, asked: Pick<Pending, "row" | "made">, stop: AbortSignal): Promise<ReceivedPacket> {
    return new Promise((resolve, reject) => {
      const forget = (as: "answered" | "given up") => {
        this.#pending.delete(sequence);
        this.#past.set(sequence, as);
        stop.removeEventListener("abort", giveUp);
      };
      const giveUp = () => {
        forget("given up");
        reject(stop.reason);
      };
      stop.addEventListener("abort", giveUp, { once: true });
      this.#pending.set(sequence, {
        ...asked,
        answered: (packet) => {
          forget("answered");
          resolve(packet);
        },
        failed: (reason) => {
          forget("given up");
          reject(reason);
        },
      });
    });
  }

  #received(packet: ReceivedPacket): void {
    const header = decodeSmpHeader(packet.bytes);
    if (!header) return;
    const pending = this.#pending.get(header.sequence);
    if (pending && answers(header, pending.row)) {
      pending.answered(packet);
      this.#exchanges.emit({ kind: "answer", ...pending.made, atUs: packet.atUs, packet: packet.bytes });
      return;
    }
    const why = this.#whyDropped(header);
    this.counters[why] += 1;
    this.#exchanges.emit({ kind: "dropped", why, atUs: packet.atUs, packet: packet.bytes });
  }

  #whyDropped(header: SmpHeader): keyof SessionCounters {
    if (header.op % 2 === 0) return "echoed";
    const past = this.#past.get(header.sequence);
    if (past === undefined) return "stray";
    return past === "answered" ? "duplicate" : "late";
  }

  #ended(reason: unknown): void {
    const isFirst = this.#end === undefined;
    this.#end ??= { reason };
    for (const pending of this.#pending.values()) pending.failed(this.#gone());
    if (isFirst) this.#ends.emit();
  }

  #gone(): unknown {
    return this.#end?.reason ?? new BenchError(`${this.transport.name} is closed.`, "Open it again.");
  }

  #nextSequence(): number {
    while (this.#pending.has(this.#sequence)) this.#sequence = (this.#sequence + 1) & 0xff;
    const sequence = this.#sequence;
    this.#sequence = (this.#sequence + 1) & 0xff;
    this.#past.delete(sequence);
    return sequence;
  }

  #timeout(command: string, attempts: number, startedUs: number, cause: unknown): TimeoutError {
    const times = attempts === 1 ? "" : `, asked ${attempts} times`;
    const echoed = this.counters.echoed > 0 ? ECHOED : "";
    const hint =
      "Check that the firmware speaks SMP on this port and at this baud rate; " +
      "on a J-Link switch the mass-storage drive off (it loses bytes).";
    const waitedMs = (this.clock.nowUs() - startedUs) / 1000;
    const lastSeen = `${this.transport.lastSeen()}${echoed}`;
    return new TimeoutError(`the answer to ${command} on ${this.transport.name}${times}`, waitedMs, lastSeen, hint, {
      cause,
    });
  }

  /** Waits for room in the window, in the order of asking. */
  async #enter(signal: AbortSignal | undefined, window = this.#options.window ?? 1): Promise<void> {
    signal?.throwIfAborted();
    if (this.#inFlight < window && this.#waiting.length === 0) {
      this.#inFlight += 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const turn = () => {
        signal?.removeEventListener("abort", giveUp);
        resolve();
      };
      const giveUp = () => {
        this.#waiting.splice(this.#waiting.indexOf(turn), 1);
        reject(signal?.reason);
      };
      this.#waiting.push(turn);
      signal?.addEventListener("abort", giveUp, { once: true });
    });
  }

  /** Hands the room on to who has waited longest. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#inFlight -= 1;
  }
}

function answers(header: SmpHeader, row: CommandRow): boolean {
  return header.group === row.group && header.id === row.id && header.op === requestOp(row) + 1;
}
