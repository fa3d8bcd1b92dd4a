import { BenchError, type Clock, isKind, Listeners, TimeoutError, within } from "../../core/index.ts";
import { readAnswer } from "../packet/answer.ts";
import { type CommandRow, encodeRequest, type RequestOf, type ResponseOf, requestOp } from "../packet/command.ts";
import { decodeSmpHeader, SMP_HEADER_BYTES, type SmpHeader } from "../packet/header.ts";
import type { ReceivedPacket } from "../transport/console-framing.ts";
import type { SmpTransport } from "../transport/transport.ts";
import { type AskedAhead, answerLike, type EncodedFollowing } from "./ahead.ts";
import type { Attempt, Exchange, RequestOptions, SessionCounters, SessionOptions } from "./exchange.ts";

/** Source: zephyr #100468, of a shell that polls. */
const ECHOED =
  " Our own requests come back: a loop-back plug in the port, or a shell on it that takes no SMP (one that polls never does).";

/** Deadline of a request whose row names none, in milliseconds. Others wait 2.5 to 10 s. */
const TIMEOUT_MS = 3_000;

interface Pending {
  readonly row: CommandRow;
  readonly made: Attempt;
  next?: EncodedFollowing;
  answered(packet: ReceivedPacket): void;
  failed(reason: unknown): void;
}

/** A request on its way. */
interface OnItsWay {
  readonly made: Attempt;
  readonly packet: Uint8Array;
  readonly sequence: number;
  /** Of one that was sent before its caller made it. */
  readonly ahead?: {
    readonly payload: Uint8Array;
    readonly asked: AskedAhead;
    readonly sending: Promise<void>;
    readonly isOut: boolean;
  };
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
  /** Why there was nothing to ask: the transport has tried for as long as it may. */
  #notReady: unknown;
  #ahead: OnItsWay | undefined;
  /** The last answer that was taken. */
  #earlier: { readonly row: CommandRow; readonly packet: Uint8Array } | undefined;

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
          if (!isKind(error, "timeout") || options.signal?.aborted || error === this.#notReady) throw error;
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
    { signal, payload, next }: RequestOptions,
  ): Promise<ReceivedPacket> {
    signal?.throwIfAborted();
    if (this.#end) throw this.#gone();
    const encode = (sequence: number) =>
      encodeRequest(row, request, { sequence, version: this.#options.version ?? 2, payload });
    const sent = this.#takeAhead(payload) ?? (await this.#turn(row.name, attempt, encode, signal));
    const { made, packet: bytes, sequence, ahead } = sent;
    let isOut = false;
    try {
      const awaited = `the answer to ${row.name} on ${this.transport.name}`;
      const lastSeen = () => this.transport.lastSeen();
      const answer = await within(
        this.clock,
        limitMs,
        awaited,
        async (stop) => {
          const asked = ahead?.asked ?? this.#ask(sequence, { row, made });
          stop.addEventListener("abort", () => void asked.giveUp(stop.reason), { once: true });
          const sending = (ahead?.sending ?? this.transport.send(bytes, stop)).then(() => {
            isOut = true;
            this.#makeNext(sequence, next);
          });
          await Promise.all([sending, asked.answer]);
          return asked.answer;
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

  /** A request whose turn it is: both ends are at the start of a frame. */
  async #turn(
    command: string,
    attempt: number,
    encode: (sequence: number) => Uint8Array,
    signal: AbortSignal | undefined,
  ): Promise<OnItsWay> {
    await this.transport.ready?.(signal).catch((error: unknown) => {
      this.#notReady = error;
      throw error;
    });
    const sequence = this.#nextSequence();
    const packet = encode(sequence);
    if (this.#dirty) await this.transport.resynchronise(this.#timeouts, signal);
    this.#dirty = false;
    const made: Attempt = { command, attempt, sentAtUs: this.clock.nowUs() };
    this.#exchanges.emit({ kind: "request", ...made, atUs: made.sentAtUs, packet });
    return { made, packet, sequence };
  }

  #ask(sequence: number, request: Pick<Pending, "row" | "made">): AskedAhead {
    let giveUp: AskedAhead["giveUp"] = () => false;
    const answer = new Promise<ReceivedPacket>((resolve, reject) => {
      const pending: Pending = {
        ...request,
        answered: (packet) => {
          this.#pending.delete(sequence);
          this.#past.set(sequence, "answered");
          resolve(packet);
        },
        failed: (reason) => void giveUp(reason),
      };
      giveUp = (reason) => {
        if (this.#pending.get(sequence) !== pending) return false;
        this.#pending.delete(sequence);
        this.#past.set(sequence, "given up");
        this.transport.holdBack?.();
        reject(reason);
        return true;
      };
      this.#pending.set(sequence, pending);
    });
    return { answer, giveUp: (reason) => giveUp(reason) };
  }

  /** Encodes what comes next while the line is busy with what was sent as `sequence`. */
  #makeNext(sequence: number, next: RequestOptions["next"]): void {
    const { sendsAhead = this.clock.kind === "real", version = 2 } = this.#options;
    const pending = this.#pending.get(sequence);
    const following = sendsAhead && pending !== undefined ? next?.() : undefined;
    if (following === undefined || pending === undefined) return;
    const { row, payload } = following;
    const packet = encodeRequest(row, {}, { sequence: this.#sequence, version, payload });
    const earlier = this.#earlier?.row === row ? this.#earlier.packet : undefined;
    const body = earlier && following.expected?.(earlier.subarray(SMP_HEADER_BYTES));
    const isNext = this.#pending.size === 1 && this.#waiting.length === 0 && !this.#dirty;
    this.transport.prepare?.(packet, earlier && body && isNext ? answerLike(earlier, sequence, body) : undefined);
    pending.next = { ...following, sequence: this.#sequence, packet };
  }

  /** Sends what was made ready in the moment of the answer before it, unless anything is not as it was expected. */
  #sendAhead({ row, payload, packet, sequence, ...next }: EncodedFollowing, answer: ReceivedPacket): void {
    const isOut = this.transport.isOut?.(packet) ?? false;
    const isFree = this.#pending.size === 0 && this.#waiting.length === 0 && !this.#dirty && this.#end === undefined;
    const isTurn = isFree && sequence === this.#sequence && next.follows(answer.bytes.subarray(SMP_HEADER_BYTES));
    if (!isOut && !isTurn) return;
    this.#nextSequence();
    const made: Attempt = { command: row.name, attempt: 1, sentAtUs: this.clock.nowUs() };
    const stop = new AbortController();
    const ahead = { payload, isOut: false };
    const sending = this.transport.send(packet, stop.signal).then(() => {
      ahead.isOut = true;
    });
    const waiting = this.#ask(sequence, { row, made });
    const asked: AskedAhead = {
      answer: waiting.answer,
      giveUp: (reason) => {
        // A port that is away must not hold what is sent after this.
        stop.abort(reason);
        return waiting.giveUp(reason);
      },
    };
    // Who takes it over hears of what goes wrong; where nobody does, nobody minds.
    for (const promise of [sending, asked.answer]) promise.catch(() => undefined);
    this.#ahead = { made, packet, sequence, ahead: Object.assign(ahead, { asked, sending }) };
    this.#exchanges.emit({ kind: "request", ...made, atUs: made.sentAtUs, packet });
  }

  /** The request with this body, if it was sent ahead. Another one that was is given up: its caller has turned away. */
  #takeAhead(payload: Uint8Array | undefined): OnItsWay | undefined {
    const sent = this.#ahead;
    this.#ahead = undefined;
    if (sent?.ahead === undefined || sent.ahead.payload === payload) return sent;
    const { made, packet } = sent;
    if (!sent.ahead.isOut) this.#dirty = true;
    if (sent.ahead.asked.giveUp(new Error("nobody asked for this answer"))) {
      this.#exchanges.emit({ kind: "no answer", ...made, atUs: this.clock.nowUs(), packet });
    }
    return undefined;
  }

  #received(packet: ReceivedPacket): void {
    const header = decodeSmpHeader(packet.bytes);
    if (!header) return;
    const pending = this.#pending.get(header.sequence);
    if (pending && answers(header, pending.row)) {
      pending.answered(packet);
      this.#earlier = { row: pending.row, packet: packet.bytes };
      this.#exchanges.emit({ kind: "answer", ...pending.made, atUs: packet.atUs, packet: packet.bytes });
      if (pending.next) this.#sendAhead(pending.next, packet);
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
