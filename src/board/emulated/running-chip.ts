import { BenchError, type Clock, ConfigurationError, Queue } from "../../core/index.ts";
import type { FlashContent, FlashOperation } from "../../mcuboot/index.ts";
import type { PowerFacts, PowerState, PowerSwitch } from "../../power/index.ts";
import type { Chunk, Link } from "../../serial/index.ts";
import type { FlashProgress, FlashStop } from "../parts/board.ts";

/** What a board needs of an emulated chip. Times are microseconds since power on. */
export interface EmulatedChip {
  readonly isOn: boolean;
  readonly nowUs: number;
  /** When something next happens of itself while every core sleeps; undefined while one runs. */
  readonly idleUntilUs: number | undefined;
  set watch(watch: (operation: FlashOperation) => void);
  readonly flash: {
    snapshot(): FlashContent;
    restore(content: FlashContent): void;
  };
  powerOn(): void;
  powerOff(): void;
  /** @param port number of the UART: 0 is the application core's */
  receive(bytes: Uint8Array, port?: number): void;
  run(us: number): void;
}

/** What a UART of the chip has sent, and when. */
interface Sent {
  readonly atUs: number;
  readonly byte: number;
  readonly port: number;
}

/** One UART of the chip, at the bench's end of its cable. */
class ChipPort implements Link {
  readonly name: string;
  readonly arrived = new Queue<Chunk>();
  readonly #write: (bytes: Uint8Array, signal?: AbortSignal) => Promise<void>;

  constructor(name: string, write: (bytes: Uint8Array, signal?: AbortSignal) => Promise<void>) {
    this.name = name;
    this.#write = write;
  }

  get chunks(): AsyncIterable<Chunk> {
    return this.arrived;
  }

  write(bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    return this.#write(bytes, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.arrived.end();
  }
}

/** How far the chip may be ahead of the bench's clock: what a cut by time can be late. */
const SLICE_US = 100;

/** Thrown by a flash operation that a watch waits for: the chip does not run on. */
const STANDS_STILL = Symbol("the chip stands still");

/**
 * An emulated chip on its bench: power, one UART, the bench's clock. The chip runs in slices, each right when its time
 * begins, and is never more than one slice ahead of the clock; a flash operation is one piece, so that it may be ahead
 * by as long as an erase takes.
 */
export class RunningChip implements PowerSwitch {
  readonly facts: PowerFacts = { cuts: "soc", readsBack: true, latency: "ms" };
  /** Its UARTs, in the order of their names. */
  readonly ports: readonly Link[];
  readonly #clock: Clock;
  readonly #chip: EmulatedChip;
  readonly #ports: readonly ChipPort[];
  #cancel = () => {};
  #onAtUs = 0;
  #sent: Sent[] = [];
  #beforeLast: { readonly untilUs: number; readonly content: FlashContent } | undefined;
  #erases = 0;
  #words = 0;
  #watch: { readonly progress: FlashProgress; readonly reached: () => void } | undefined;
  #failure: unknown;
  #isStill = false;

  /** @param names of its UARTs, the application core's first */
  constructor(names: readonly string[], chip: EmulatedChip, clock: Clock) {
    this.#chip = chip;
    this.#clock = clock;
    this.#ports = names.map((name, port) => new ChipPort(name, (bytes, signal) => this.#write(port, bytes, signal)));
    this.ports = this.#ports;
    chip.watch = (operation) => this.#beforeOperation(operation);
  }

  async set(
    state: PowerState,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<{ sentAtUs: number }> {
    options.signal?.throwIfAborted();
    if (state === "on" && !this.#chip.isOn) this.#on();
    if (state === "off" && this.#chip.isOn) this.#off();
    return { sentAtUs: this.#clock.nowUs() };
  }

  async read(): Promise<PowerState> {
    return this.#chip.isOn ? "on" : "off";
  }

  /** A byte of the chip has left a UART. @param atUs since power on */
  sent(byte: number, atUs: number, port = 0): void {
    this.#sent.push({ atUs: Math.round(this.#onAtUs + atUs), byte, port });
  }

  /** Bytes to the board. Without power they are lost. */
  async #write(port: number, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (!this.#chip.isOn || this.#isStill) return;
    this.#catchUp();
    this.#chip.receive(bytes, port);
    this.#schedule();
  }

  /** Looks at each operation that is let through, and when it begins; may throw, and then the emulator has failed. */
  checkOperation: (operation: FlashOperation, atUs: number) => void = () => undefined;

  /** Called after each piece of time that the chip ran, and when it gets its power. */
  onRun: () => void = () => undefined;
  onPower: () => void = () => undefined;

  /** @param bytes of the device, from its start */
  flashContent(bytes: number): Uint8Array {
    return this.#chip.flash.snapshot().read(0, bytes);
  }

  /** Puts a content into the whole flash; a board that has power starts anew with it. */
  writeFlash(content: FlashContent): void {
    const wasOn = this.#chip.isOn;
    if (wasOn) this.#off();
    this.#chip.flash.restore(content);
    if (wasOn) this.#on();
  }

  /** See `Board.cuts`. */
  async stopAfter(progress: FlashProgress, signal: AbortSignal): Promise<FlashStop> {
    signal.throwIfAborted();
    this.#erases = 0;
    this.#words = 0;
    const reached = new Promise<void>((resolve, reject) => {
      this.#watch = { progress, reached: resolve };
      const givenUp = () => {
        this.#watch = undefined;
        reject(signal.reason);
      };
      signal.addEventListener("abort", givenUp, { once: true });
    });
    reached.catch(() => undefined);
    return { reached };
  }

  /** @throws what went wrong in the emulator itself. */
  check(): void {
    if (this.#failure === undefined) return;
    // The chip refuses what it does not have: that is for whoever built the firmware.
    if (this.#failure instanceof ConfigurationError) throw this.#failure;
    throw new BenchError("the emulator failed: this is no verdict about firmware.", "Report it with the record.", {
      cause: this.#failure,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#cancel();
    this.#chip.powerOff();
    for (const { arrived } of this.#ports) arrived.end();
  }

  #on(): void {
    this.#onAtUs = this.#clock.nowUs();
    this.#isStill = false;
    this.#beforeLast = undefined;
    this.#sent = [];
    this.#chip.powerOn();
    this.onPower();
    this.#schedule();
  }

  /** An erase that began less than a slice ago, by the bench's clock, has not happened: the chip was ahead. */
  #off(): void {
    this.#cancel();
    const last = this.#beforeLast;
    if (last && !this.#isStill && this.#clock.nowUs() < last.untilUs) this.#chip.flash.restore(last.content);
    this.#beforeLast = undefined;
    this.#flush(this.#clock.nowUs());
    this.#sent = [];
    this.#chip.powerOff();
  }

  #beforeOperation(operation: FlashOperation): void {
    const watch = this.#watch;
    if (watch && this.#isReached(watch.progress, operation)) {
      this.#watch = undefined;
      this.#isStill = true;
      watch.reached();
      throw STANDS_STILL;
    }
    this.checkOperation(operation, this.#chipUs);
    if (operation.kind === "erase") {
      this.#erases += 1;
      this.#words = 0;
      this.#beforeLast = { untilUs: this.#onAtUs + this.#chip.nowUs + SLICE_US, content: this.#chip.flash.snapshot() };
    } else this.#words += 1;
  }

  #isReached({ erases, words }: FlashProgress, { kind }: FlashOperation): boolean {
    if (this.#erases < erases) return false;
    return words === "all" ? kind === "erase" : this.#words >= words || kind === "erase";
  }

  /** The chip's time, on the bench's clock. */
  get #chipUs(): number {
    return this.#onAtUs + this.#chip.nowUs;
  }

  /** Lets a chip that slept reach the present. */
  #catchUp(): void {
    const behind = this.#clock.nowUs() - this.#chipUs;
    if (behind > 0) this.#run(behind);
  }

  #schedule(): void {
    this.#cancel();
    if (!this.#chip.isOn || this.#isStill) return;
    const idle = this.#chip.idleUntilUs;
    // While every core sleeps, nothing happens before the next event; what was sent is due, too.
    const next = idle === undefined ? this.#chipUs : this.#onAtUs + idle;
    const dueUs = this.#sent.length > 0 ? Math.min(next, Math.max(this.#chipUs, this.#clock.nowUs())) : next;
    if (!Number.isFinite(dueUs)) return;
    this.#cancel = this.#clock.at(dueUs, () => this.#step());
  }

  #step(): void {
    this.#flush(this.#clock.nowUs());
    this.#run(Math.max(0, this.#clock.nowUs() - this.#chipUs) + SLICE_US);
    this.#schedule();
  }

  #run(us: number): void {
    try {
      this.#chip.run(us);
      this.onRun();
    } catch (error) {
      if (error === STANDS_STILL) return;
      this.#failure ??= error;
      this.#isStill = true;
    }
  }

  /** Hands on what was sent by a moment, as one piece a UART. */
  #flush(untilUs: number): void {
    if (this.#sent.length === 0) return;
    const due = this.#sent.filter(({ atUs }) => atUs <= untilUs);
    this.#sent = this.#sent.filter(({ atUs }) => atUs > untilUs);
    for (const [port, { arrived }] of this.#ports.entries()) {
      const own = due.filter((sent) => sent.port === port);
      const last = own.at(-1);
      if (last) arrived.push({ atUs: last.atUs, bytes: Uint8Array.from(own, ({ byte }) => byte) });
    }
  }
}
