import { encodedLines } from "./console-framing.ts";

/** The largest packet that is one line of a console frame, in bytes: 124 characters of base64, less length and CRC. */
const ONE_LINE_BYTES = 89;
/** Packets answered at once, after which larger ones are tried again. */
const CLEAN_RUN = 16;
/** How often the estimate of lost lines is made better. */
const ROUNDS = 60;

/**
 * How large the packets of an upload may be on this line. A packet is lost with any of its lines, so on a line that
 * loses one in twelve few packets of eleven lines arrive: smaller ones then, down to one line, and larger ones again
 * after a clean run, which is twice as long every time.
 */
export class LineQuality {
  readonly #largest: number;
  readonly #framed: boolean;
  /** Attempts that were answered, and that were not, by their lines. */
  readonly #answered = new Map<number, number>();
  readonly #lost = new Map<number, number>();
  #packetBytes: number;
  #smallest: number;
  #clean = 0;
  #cleanWanted = CLEAN_RUN;

  /** @param largest packet, in bytes. @param framed it goes in lines, as on a console; else a packet is one piece. */
  constructor(largest: number, framed: boolean) {
    this.#largest = largest;
    this.#packetBytes = largest;
    this.#smallest = largest;
    this.#framed = framed;
  }

  /** Largest packet now, header included, in bytes. */
  get packetBytes(): number {
    return this.#packetBytes;
  }

  /** The smallest that it came to. */
  get smallestBytes(): number {
    return this.#smallest;
  }

  /** Packets go in lines, of which a receiver may lose some. */
  get isFramed(): boolean {
    return this.#framed;
  }

  /** Packets are smaller than they could be, and may grow with any answer. */
  get isReduced(): boolean {
    return this.#packetBytes < this.#largest;
  }

  get canShrink(): boolean {
    return this.#framed && this.#packetBytes > ONE_LINE_BYTES;
  }

  /** A packet of so many bytes was answered after so many attempts that were not. Says whether larger ones fit now. */
  answered(packetBytes: number, lostAttempts: number): boolean {
    const lines = this.#linesOf(packetBytes);
    add(this.#answered, lines, 1);
    add(this.#lost, lines, lostAttempts);
    this.#clean = lostAttempts === 0 ? this.#clean + 1 : 0;
    if (this.#clean < this.#cleanWanted || this.#packetBytes === this.#largest) return false;
    this.#clean = 0;
    this.#packetBytes = Math.min(this.#largest, 2 * this.#packetBytes);
    return true;
  }

  /** Nobody answered so many attempts at a packet. */
  lost(packetBytes: number, attempts: number): void {
    add(this.#lost, this.#linesOf(packetBytes), attempts);
    this.#clean = 0;
  }

  shrink(): void {
    if (this.#packetBytes < this.#largest) this.#cleanWanted *= 2;
    this.#packetBytes = Math.max(Math.min(ONE_LINE_BYTES, this.#largest), this.#packetBytes >> 1);
    this.#smallest = Math.min(this.#smallest, this.#packetBytes);
    this.#clean = 0;
  }

  /**
   * One line of how many is lost, both ways together; undefined while none was. An attempt fails with one line or
   * several: how many they were follows from how often attempts of each length fail.
   */
  get oneIn(): number | undefined {
    const total = [...this.#answered, ...this.#lost].reduce((sum, [lines, count]) => sum + lines * count, 0);
    const failed = [...this.#lost].reduce((sum, [, count]) => sum + count, 0);
    if (failed === 0) return undefined;
    let share = failed / total;
    for (let round = 0; round < ROUNDS; round += 1) {
      const lines = [...this.#lost].reduce(
        (sum, [each, count]) => sum + (count * each * share) / (1 - (1 - share) ** each),
        0,
      );
      share = Math.min(0.99, lines / total);
    }
    return Math.max(1, Math.round(1 / share));
  }

  /** Lines of the packet and of its answer. */
  #linesOf(packetBytes: number): number {
    return (this.#framed ? encodedLines(packetBytes) : 1) + 1;
  }
}

function add(counts: Map<number, number>, lines: number, count: number): void {
  if (count > 0) counts.set(lines, (counts.get(lines) ?? 0) + count);
}
