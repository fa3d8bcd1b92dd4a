import { type Clock, type Random, sleepUntil } from "../core/index.ts";
import {
  brokenRule,
  bytesOfUnits,
  type Flash,
  FlashContent,
  type FlashOperation,
  type FlashTiming,
  FlashTrace,
  isErased,
  operationDurationUs,
  timingAt,
} from "../mcuboot/index.ts";

/** What an operation did, for those who watch the flash (traces, tests); `done` false: power was lost inside it. */
export interface FlashEvent {
  readonly atUs: number;
  readonly operation: FlashOperation;
  readonly done: boolean;
}

/** An operation that the flash is busy with, in microseconds of the twin's clock. */
export interface OperationGoing {
  readonly operation: FlashOperation;
  readonly startUs: number;
  readonly endUs: number;
}

/**
 * Between these shares of a word's time its bits cross the level at which they read as programmed; assumed, as no data
 * sheet says.
 */
const EDGE = { from: 0.45, to: 0.55 } as const;
/** Bits on the edge read one way so often, at most, and the other way from then on. */
const READS_MAX = 8;
/** The first broken rules tell the story. */
const BROKEN_RULES_MAX = 20;

/**
 * The simulated flash: the only thing that survives a power cut. NOR rules (erase sets ones, programming clears bits,
 * whole words), the nRF5340's times, and a count of erases for every page.
 * Source: nRF5340 Product Specification, NVMC, electrical specification.
 */
export class TwinFlash implements Flash {
  readonly content: FlashContent;
  readonly pageBytes: number;
  /** What it did, for the record; nobody else is told by it. */
  readonly trace: FlashTrace;
  /** Erase cycles of each page since the twin was made. */
  readonly wear: Uint32Array;
  /** What the firmware did that the flash does not allow and does not refuse, oldest first. */
  readonly brokenRules: string[] = [];
  /** Programs of each word since its page was erased. */
  readonly #programs: Uint8Array;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #timing: FlashTiming;
  #busyUntil: Promise<void> = Promise.resolve();
  #onOperation: ((event: FlashEvent) => void) | undefined;

  constructor(options: { clock: Clock; random: Random; timing: FlashTiming; flashBytes: number; pageBytes: number }) {
    this.content = FlashContent.erased(options.flashBytes, options.pageBytes);
    this.pageBytes = options.pageBytes;
    this.trace = new FlashTrace(options.pageBytes);
    this.wear = new Uint32Array(options.flashBytes / options.pageBytes);
    this.#programs = new Uint8Array(options.flashBytes / options.timing.wordBytes);
    this.#clock = options.clock;
    this.#random = options.random;
    this.#timing = options.timing;
  }

  onOperation(listener: (event: FlashEvent) => void): void {
    this.#onOperation = listener;
  }

  read(offset: number, bytes: number): Uint8Array {
    return this.content.read(offset, bytes);
  }

  identity(offset: number, bytes: number): string | undefined {
    return this.content.identity(offset, bytes);
  }

  /**
   * Performs one operation in its own time. When `power` aborts in the middle, the part that was reached by then stays:
   * a program has written the words whose time was over; an interrupted erase leaves bits in any state. Some of the
   * bits under the operation are on the edge: some reads later they read differently, until they are erased or
   * programmed. A device that keeps its power carries out what it was told last.
   * @throws the signal's reason; an Error when the firmware breaks a rule of the flash.
   */
  async perform(operation: FlashOperation, power: AbortSignal): Promise<void> {
    const before = this.#busyUntil;
    const act = before.then(() => this.#act(operation, power));
    this.#busyUntil = act.catch(() => {});
    await act;
  }

  /** Programs an image as a debugger does: at once, erasing the pages it touches. */
  program(offset: number, data: Uint8Array): void {
    const first = Math.floor(offset / this.pageBytes) * this.pageBytes;
    this.eraseAtOnce(first, Math.ceil((offset + data.length - first) / this.pageBytes) * this.pageBytes);
    this.content.load(offset, data);
  }

  /** Erases as a debugger does: at once. `offset` and `bytes` are multiples of the page. */
  eraseAtOnce(offset: number, bytes: number): void {
    this.#erased(offset, bytes);
    this.content.load(offset, new Uint8Array(bytes).fill(0xff));
  }

  async #act(operation: FlashOperation, power: AbortSignal): Promise<void> {
    power.throwIfAborted();
    const going = this.begin(operation);
    try {
      await sleepUntil(this.#clock, going.endUs, power);
    } catch (error) {
      this.interrupt(going);
      throw error;
    }
    this.finish(going);
  }

  /**
   * Begins an operation; `finish` carries it out when its time is over. For who has the flash to himself: `perform`
   * waits for its turn.
   * @throws an Error when the firmware breaks a rule of the flash.
   */
  begin(operation: FlashOperation): OperationGoing {
    const broken = brokenRule(this.#bitsUnder(operation), operation, {
      sectorBytes: this.pageBytes,
      writeBytes: this.#timing.wordBytes,
    });
    // A misaligned access faults. A bit that cannot be set is lost in silence, as on real flash, and remembered.
    if (broken?.includes("units")) throw new RangeError(`the firmware broke a rule of the flash: ${broken}`);
    if (broken !== undefined) this.#remember(broken);
    const startUs = this.#clock.nowUs();
    return { operation, startUs, endUs: startUs + operationDurationUs(operation, this.#timing) };
  }

  /** Its time is over. @returns true when nobody watches. */
  finish({ operation, startUs }: OperationGoing): boolean {
    this.#carryOut(operation);
    this.trace.take(operation, startUs, this.#clock.nowUs());
    this.#onOperation?.({ atUs: this.#clock.nowUs(), operation, done: true });
    return this.#onOperation === undefined;
  }

  /** Power went while it was going on: what was reached by now stays. */
  interrupt({ operation, startUs, endUs }: OperationGoing): void {
    const done = this.#clock.nowUs() >= endUs;
    if (done) this.#carryOut(operation);
    else this.#tear(operation, this.#clock.nowUs() - startUs);
    this.trace.take(operation, startUs, this.#clock.nowUs());
    this.#onOperation?.({ atUs: this.#clock.nowUs(), operation, done });
  }

  #carryOut(operation: FlashOperation): void {
    this.content.apply(operation);
    if (operation.kind === "erase") this.#erased(operation.offset, operation.bytes);
    else this.#programmed(operation.offset, operation.data);
  }

  #remember(broken: string): void {
    if (this.brokenRules.length < BROKEN_RULES_MAX) this.brokenRules.push(broken);
  }

  /** What the bits under an operation forbid it: an erase may meet any, and what is erased may be programmed. */
  #bitsUnder(operation: FlashOperation): Uint8Array | undefined {
    if (operation.kind === "erase" || this.content.isBlank(operation.offset, operation.data.length)) return undefined;
    return this.#bitsIn(operation);
  }

  /** Bits that may be ones, under an operation. */
  #bitsIn({ offset, ...operation }: FlashOperation): Uint8Array {
    const bytes = operation.kind === "erase" ? operation.bytes : operation.data.length;
    const doubt = this.content.doubt(offset, bytes);
    const read = this.content.peek(offset, bytes);
    return doubt === undefined ? read : read.map((byte, at) => byte | (doubt[at] ?? 0));
  }

  /**
   * Counts programs of words between erases of their page; all ones are none: they change no cell.
   * Source: nRF5340 Product Specification, NVMC, nWRITE.
   */
  #programmed(offset: number, data: Uint8Array): void {
    const { wordBytes, programsMax } = timingAt(this.#timing, offset);
    if (programsMax === undefined) return;
    const words = wordsOf(data, wordBytes);
    const counts = this.#programs.subarray(offset / wordBytes, (offset + data.length) / wordBytes);
    // Nearly every write: nothing was programmed there before, and no word of it is all ones.
    if (words !== undefined && programsMax > 0 && !words.includes(ONES) && isZero(counts)) {
      counts.fill(1);
      return;
    }
    for (let at = 0; at < data.length; at += wordBytes) {
      if (words === undefined ? isErased(data, at, Math.min(data.length, at + wordBytes)) : words[at >> 2] === ONES) {
        continue;
      }
      const word = (offset + at) / wordBytes;
      const count = (this.#programs[word] ?? 0) + 1;
      this.#programs[word] = count;
      if (count !== programsMax + 1) continue;
      const where = `0x${(offset + at).toString(16)}`;
      this.#remember(`word at ${where} programmed ${count} times without an erase; the flash allows ${programsMax}`);
    }
  }

  #erased(offset: number, bytes: number): void {
    const { wordBytes } = this.#timing;
    this.#programs.fill(0, offset / wordBytes, (offset + bytes) / wordBytes);
    this.#countErases(offset, bytes);
  }

  #tear(operation: FlashOperation, elapsedUs: number): void {
    const { keepsPower = false } = timingAt(this.#timing, operation.offset);
    if (operation.kind === "write") this.#tearWrite(operation, elapsedUs, keepsPower);
    else if (elapsedUs > 0 && keepsPower) this.#carryOut(operation);
    else if (elapsedUs > 0) this.#tearErase(operation);
  }

  #tearWrite(operation: FlashOperation & { kind: "write" }, elapsedUs: number, keepsPower: boolean): void {
    const { offset, data } = operation;
    const { unitUs, wordBytes } = timingAt(this.#timing, offset);
    const bytesOf = (units: number) => bytesOfUnits(operation, this.#timing, units);
    const units = Math.floor(elapsedUs / unitUs);
    const [from, to] = [bytesOf(units), bytesOf(units + 1)];
    const words = ((to - from) / wordBytes) * (elapsedUs / unitUs - units);
    const done = keepsPower && words > 0 ? to : from + wordBytes * Math.floor(words + 1 - EDGE.to);
    const onEdge = !keepsPower && words % 1 > EDGE.from && words % 1 < EDGE.to;
    this.content.apply(operation, { prefixBytes: done });
    const reached = Math.min(data.length, onEdge ? done + wordBytes : done);
    this.#programmed(offset, data.subarray(0, reached));
    if (!onEdge) return;
    // Bits on their way to zero: some have arrived.
    const before = this.#bitsIn({ kind: "erase", offset: offset + done, bytes: reached - done });
    const reading = () => before.map((byte, at) => byte & ((data[done + at] ?? 0) | this.#random.below(256)));
    this.content.unsettle(offset + done, { first: reading(), later: reading(), reads: this.#reads() });
  }

  #tearErase(operation: FlashOperation & { kind: "erase" }): void {
    // Bits on their way to one: what was there, plus some of the new ones.
    const before = this.content.peek(operation.offset, operation.bytes);
    const noise = () => this.#random.bytes(operation.bytes);
    const [first, later] = [noise(), noise()].map((ones) => before.map((byte, at) => byte | (ones[at] ?? 0)));
    if (first === undefined || later === undefined) return;
    this.content.unsettle(operation.offset, { first, later, reads: this.#reads() });
    this.#countErases(operation.offset, operation.bytes);
  }

  #reads(): number {
    return 1 + this.#random.below(READS_MAX);
  }

  #countErases(offset: number, bytes: number): void {
    for (let at = offset; at < offset + bytes; at += this.pageBytes) {
      const page = at / this.pageBytes;
      this.wear[page] = (this.wear[page] ?? 0) + 1;
    }
  }
}

const ONES = 0xffff_ffff;
const ZEROS = new Uint8Array(1024);

function isZero(bytes: Uint8Array): boolean {
  if (bytes.length <= ZEROS.length) return Buffer.compare(bytes, ZEROS.subarray(0, bytes.length)) === 0;
  return bytes.every((byte) => byte === 0);
}

/** Data as words of 32 bits, where a word of the flash is one and memory allows it. */
function wordsOf({ buffer, byteOffset, length }: Uint8Array, wordBytes: number): Uint32Array | undefined {
  if (wordBytes !== 4 || byteOffset % 4 !== 0 || length % 4 !== 0) return undefined;
  return new Uint32Array(buffer, byteOffset, length >> 2);
}
