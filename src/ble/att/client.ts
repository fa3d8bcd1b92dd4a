import { type Clock, Listeners, ProtocolError, within } from "../../core/index.ts";
import type { HciValues } from "../hci/fields.ts";
import { ATT, type AttName, type AttPdu, AttRefused, decodeAtt, encodeAtt } from "./pdus.ts";

/** What ATT begins with, and what it takes of each value. Source: Bluetooth Core 5.4, Vol 3 Part F, 3.2.8. */
export const ATT_MTU_DEFAULT = 23;
export const ATT_HEADER_BYTES = 3;
/** The most that is of use: a value of 512 bytes, in the longest PDU that carries one. */
export const ATT_MTU_MAX = 517;
/** How long a board may take for one request, in milliseconds. The specification allows 30 s, and no second request. */
const REQUEST_MS = 5_000;

/** A value that a board sent by itself. */
interface Notified {
  readonly atUs: number;
  readonly handle: number;
  readonly value: Uint8Array;
}

/** How a client sends, and for whom. */
interface AttBearer {
  readonly clock: Clock;
  /** For people: the board. */
  readonly name: string;
  send(pdu: Uint8Array, signal?: AbortSignal): Promise<void>;
}

/**
 * The client's side of ATT: one request at a time, each with a time limit. Indications are confirmed, requests of the
 * other side refused: nothing here is served.
 */
export class AttClient {
  readonly #bearer: AttBearer;
  readonly #notified = new Listeners<Notified>();
  #turn: Promise<unknown> = Promise.resolve();
  #answer:
    | { readonly wanted: AttName; readonly request: AttName; done(pdu: AttPdu): void; failed(why: unknown): void }
    | undefined;
  #end: { readonly reason: unknown } | undefined;
  /** Bytes of the largest PDU: the smaller of what both sides said. */
  mtu = ATT_MTU_DEFAULT;
  /** PDUs that made no sense. */
  badPdus = 0;

  constructor(bearer: AttBearer) {
    this.#bearer = bearer;
  }

  onNotified(listener: (notified: Notified) => void): () => void {
    return this.#notified.add(listener);
  }

  /** @returns the MTU that both sides take. @throws as `request`. */
  async exchangeMtu(mtu: number, signal?: AbortSignal): Promise<number> {
    const answer = await this.request("mtuRequest", { mtu }, "mtuResponse", { signal });
    this.mtu = Math.max(ATT_MTU_DEFAULT, Math.min(mtu, answer.mtu));
    return this.mtu;
  }

  /**
   * One request and its answer. @throws AttRefused for an error; TimeoutError; BenchError when the link ends; the
   * signal's reason.
   */
  request<N extends AttName, A extends AttName>(
    name: N,
    values: HciValues<(typeof ATT)[N]["fields"]>,
    answer: A,
    options: { readonly signal?: AbortSignal | undefined; readonly what?: string } = {},
  ): Promise<AttPdu & { readonly name: A }> {
    const turn = this.#turn.then(() => this.#ask(name, encodeAtt(name, values), answer, options));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** A write that nobody answers; resolves once the controller has it. */
  writeCommand(handle: number, value: Uint8Array, signal?: AbortSignal): Promise<void> {
    const pdu = new Uint8Array(ATT_HEADER_BYTES + value.length);
    pdu[0] = ATT.writeCommand.opcode;
    pdu[1] = handle & 0xff;
    pdu[2] = handle >> 8;
    pdu.set(value, ATT_HEADER_BYTES);
    return this.#bearer.send(pdu, signal);
  }

  /** What came on ATT's channel. */
  received(atUs: number, bytes: Uint8Array): void {
    const [opcode = 0, low = 0, high = 0] = bytes;
    if (opcode === ATT.notification.opcode && bytes.length >= ATT_HEADER_BYTES) {
      this.#notified.emit({ atUs, handle: low | (high << 8), value: bytes.subarray(ATT_HEADER_BYTES) });
      return;
    }
    try {
      this.#other(atUs, opcode, decodeAtt(bytes));
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.badPdus += 1;
      this.#answer?.failed(error);
    }
  }

  ended(reason: unknown): void {
    this.#end ??= { reason };
    this.#answer?.failed(reason);
  }

  #other(atUs: number, opcode: number, pdu: AttPdu | undefined): void {
    const waiting = this.#answer;
    if (pdu?.name === "indication") {
      this.#reply(encodeAtt("confirmation", {}));
      this.#notified.emit({ atUs, handle: pdu.handle, value: pdu.value });
    } else if (pdu?.name === "error" && waiting && pdu.request === ATT[waiting.request].opcode) {
      waiting.done(pdu);
    } else if (pdu && pdu.name === waiting?.wanted) waiting.done(pdu);
    else if (pdu?.name === "mtuRequest") this.#reply(encodeAtt("mtuResponse", { mtu: ATT_MTU_MAX }));
    // Even numbers without the command flag are requests. Source: Vol 3 Part F, 3.4.
    else if ((opcode & 0x41) === 0) this.#reply(encodeAtt("error", { request: opcode, handle: 0, code: 0x06 }));
  }

  #reply(pdu: Uint8Array): void {
    this.#bearer.send(pdu).catch(() => undefined);
  }

  async #ask<A extends AttName>(
    request: AttName,
    pdu: Uint8Array,
    wanted: A,
    {
      signal,
      what = `${request} to ${this.#bearer.name}`,
    }: { readonly signal?: AbortSignal | undefined; readonly what?: string },
  ): Promise<AttPdu & { readonly name: A }> {
    if (this.#end) throw this.#end.reason;
    const { clock, name } = this.#bearer;
    const answered = async (stop: AbortSignal) => {
      const answer = new Promise<AttPdu>((resolve, reject) => {
        this.#answer = { wanted, request, done: resolve, failed: reject };
      });
      answer.catch(() => undefined);
      await this.#bearer.send(pdu, stop);
      return answer;
    };
    try {
      const limits = { signal, hint: "The board is in the air but its Bluetooth host does not answer: reset it." };
      const answer = await within(clock, REQUEST_MS, `${name} to answer ATT's ${request}`, answered, limits);
      if (answer.name === "error") throw new AttRefused(what, answer.code);
      return answer as AttPdu & { readonly name: A };
    } finally {
      this.#answer = undefined;
    }
  }
}
