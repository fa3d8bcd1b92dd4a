import { BenchError, type Clock, sleepUntil } from "../../core/index.ts";
import type { Link, PortRef } from "../../serial/index.ts";
import type { PowerBench } from "../driver/driver.ts";
import { type PortLine, portName } from "../driver/ports.ts";
import { Replies } from "../driver/replies.ts";

/** The serial line to a relay board: keeps frames apart, and collects what comes back. */
export class RelayLine implements AsyncDisposable {
  /** For people, in errors. */
  readonly name: string;
  readonly #link: Link;
  readonly #clock: Clock;
  readonly #replies: Replies;
  readonly #gapMs: number;
  #freeAtUs = 0;

  private constructor(link: Link, name: string, clock: Clock, gapMs: number) {
    this.name = name;
    this.#link = link;
    this.#clock = clock;
    this.#gapMs = gapMs;
    this.#replies = new Replies(link, clock);
  }

  /** @param line.gapMs milliseconds that a board needs between the end of one frame and the next. */
  static async open(
    { links, clock }: PowerBench,
    port: PortRef,
    line: PortLine & { readonly gapMs?: number },
  ): Promise<RelayLine> {
    const { gapMs = 0, ...rest } = line;
    return new RelayLine(await links.open(port, rest), portName(port), clock, gapMs);
  }

  /** Runs the first words with a board; closes the line when they fail. */
  async introduced(talk: () => Promise<void>): Promise<this> {
    try {
      await talk();
      return this;
    } catch (error) {
      await this[Symbol.asyncDispose]();
      throw error;
    }
  }

  /**
   * Hands a frame on: the first at once, for it may be the cut; later ones at their distance.
   * @returns when the line had taken it, in microseconds on the bench's clock.
   */
  async send(bytes: Uint8Array, signal?: AbortSignal): Promise<number> {
    if (this.#clock.nowUs() < this.#freeAtUs) await sleepUntil(this.#clock, this.#freeAtUs, signal);
    try {
      await this.#link.write(bytes, signal);
      return this.#clock.nowUs();
    } finally {
      this.#freeAtUs = this.#clock.nowUs() + this.#gapMs * 1000;
    }
  }

  /**
   * Sends, and waits for the first thing that `parse` recognises in what comes back. What came before does not count.
   * @returns `answer` undefined when `limitMs` milliseconds after the frame nothing was recognised.
   */
  async ask<T>(
    bytes: Uint8Array,
    limitMs: number,
    parse: (bytes: Uint8Array) => T | undefined,
    signal?: AbortSignal,
  ): Promise<{ readonly sentAtUs: number; readonly answer: T | undefined }> {
    signal?.throwIfAborted();
    this.#replies.clear();
    const sentAtUs = await this.send(bytes, signal);
    return { sentAtUs, answer: await this.#replies.reading(limitMs, parse) };
  }

  /** Waits for more of what the board sends, without asking; see `ask`. */
  hear<T>(limitMs: number, parse: (bytes: Uint8Array) => T | undefined): Promise<T | undefined> {
    return this.#replies.reading(limitMs, parse);
  }

  /** An error of a board that should have answered. */
  silence(board: string, hint: string): BenchError {
    return new BenchError(`${board} on ${this.name} did not answer.`, hint);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#link[Symbol.asyncDispose]();
    await this.#replies.ended;
  }
}
