import { BenchError, type Clock, isKind, messageOf, within } from "../../core/index.ts";
import type { Link } from "../../serial/index.ts";
import { CutterClock } from "./clock.ts";
import {
  type CutterMessage,
  decodeCutterMessage,
  encodeCutterMessage,
  type HostFields,
  type HostMessage,
  MESSAGE_BYTES_MAX,
} from "./messages.ts";
import { SlipPackets, slipFrame } from "./slip.ts";

/** How long a cutter may take to answer, in milliseconds: a Pico takes one or two. */
const ANSWER_MS = 1000;
const NUMBER_MAX = 0xffff;

type Answer = CutterMessage & { readonly number: number };

interface Waiting<T> {
  readonly take: (message: T, atUs: number) => void;
  readonly fail: (reason: unknown) => void;
}

export type CutterEvent = Extract<CutterMessage, { readonly name: "fired" | "restored" | "expired" }>;

/** The line to a cutter: pairs answers with requests, keeps the clocks' distance, hands on what was not requested. */
export class CutterLine implements AsyncDisposable {
  readonly name: string;
  readonly clocks = new CutterClock();
  readonly #link: Link;
  readonly #clock: Clock;
  readonly #waiting = new Map<number, Waiting<Answer>>();
  readonly #watching = new Set<Waiting<CutterEvent>>();
  readonly #gone = new AbortController();
  readonly #reading: Promise<void>;
  /** The first is 16: a greeting must not hold the byte of Ctrl-C. */
  #number = 15;

  constructor(link: Link, name: string, clock: Clock) {
    this.name = name;
    this.#link = link;
    this.#clock = clock;
    this.#reading = this.#read();
  }

  /** What the cutter says of one of its cuts. @throws BenchError when the line is gone before. */
  about(cut: number): Promise<CutterEvent> {
    return new Promise((resolve, reject) => {
      if (this.gone.aborted) {
        reject(this.gone.reason);
        return;
      }
      const watch: Waiting<CutterEvent> = {
        take: (event) => {
          if (event.fields.cut !== cut) return;
          this.#watching.delete(watch);
          resolve(event);
        },
        fail: reject,
      };
      this.#watching.add(watch);
    });
  }

  /** Aborts, with a BenchError, when the line is gone. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /**
   * Asks, and waits for the answer to this request.
   * @throws BenchError when none comes, when the cutter refuses, or the line is gone.
   */
  async ask<N extends HostMessage["name"]>(
    name: N,
    fields: HostFields<N>,
    signal?: AbortSignal,
  ): Promise<Answer & { readonly name: Exclude<Answer["name"], "refused"> }> {
    signal?.throwIfAborted();
    this.#number = this.#number >= NUMBER_MAX ? 1 : this.#number + 1;
    const number = this.#number;
    const frame = slipFrame(encodeCutterMessage({ name, number, fields: { ...fields } }));
    const answered = new Promise<Answer>((resolve, reject) => {
      const askedUs = this.#clock.nowUs();
      const take = (answer: Answer, answeredUs: number) => {
        if (answer.name === "done") this.clocks.add({ askedUs, answeredUs, cutterUs: answer.fields.atUs });
        resolve(answer);
      };
      this.#waiting.set(number, { take, fail: reject });
    });
    answered.catch(() => undefined);
    try {
      this.#gone.signal.throwIfAborted();
      await this.#link.write(frame, signal);
      const answer = await within(this.#clock, ANSWER_MS, `the cutter's answer to "${name}"`, () => answered);
      if (answer.name === "refused") throw this.#refusal(name, answer.fields.why);
      return answer;
    } catch (error) {
      if (!isKind(error, "timeout")) throw error;
      const hint =
        "Is it a Pico with the cutter's program (firmware-fixtures/cutter), and no other program on its port?";
      throw new BenchError(`the cutter on ${this.name} did not answer "${name}".`, hint, { cause: error });
    } finally {
      this.#waiting.delete(number);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#link[Symbol.asyncDispose]();
    await this.#reading;
  }

  #refusal(name: string, why: string): BenchError {
    return new BenchError(
      `the cutter on ${this.name} refused "${name}": ${why}.`,
      "Check its pins in the profile; unplug it if it was used by a run that was killed.",
    );
  }

  async #read(): Promise<void> {
    const packets = new SlipPackets(MESSAGE_BYTES_MAX);
    let reason: unknown = new BenchError(`the port of the cutter, ${this.name}, is closed.`, "Open it again.");
    try {
      for await (const { atUs, bytes } of this.#link.chunks) {
        for (const packet of packets.feed(bytes)) this.#take(decodeCutterMessage(packet), atUs);
      }
    } catch (error) {
      reason = isKind(error, "bench") ? error : new BenchError(`the cutter is gone: ${messageOf(error)}`);
    }
    this.#gone.abort(reason);
    for (const { fail } of [...this.#waiting.values(), ...this.#watching]) fail(reason);
  }

  #take(message: ReturnType<typeof decodeCutterMessage>, atUs: number): void {
    if (message === undefined || !isFromCutter(message)) return;
    if (isEvent(message)) for (const { take } of this.#watching) take(message, atUs);
    else this.#waiting.get(message.number)?.take(message, atUs);
  }
}

const FROM_CUTTER: readonly string[] = ["iam", "done", "refused", "state", "fired", "restored", "expired"];
const EVENTS: readonly string[] = ["fired", "restored", "expired"];

function isFromCutter(message: HostMessage | CutterMessage): message is CutterMessage {
  return FROM_CUTTER.includes(message.name);
}

function isEvent(message: CutterMessage): message is CutterEvent {
  return EVENTS.includes(message.name);
}
