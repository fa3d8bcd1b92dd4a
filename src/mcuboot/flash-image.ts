import { createHash } from "node:crypto";
import { ConfigurationError } from "../core/index.ts";
import { afterOperation, ERASED, type Torn } from "./flash-rules.ts";
import { type Flash, type FlashOperation, operationBytes } from "./steps.ts";

interface Sector {
  readonly bytes: Uint8Array;
  name: string | undefined;
}

/**
 * A whole flash in memory. Sectors are shared between snapshots and replaced when they change, so that a snapshot costs
 * a list of references, and what a content is called is worked out once a sector.
 */
export class FlashImage implements Flash {
  readonly sectorBytes: number;
  readonly #sectors: Sector[];

  private constructor(sectors: Sector[], sectorBytes: number) {
    this.#sectors = sectors;
    this.sectorBytes = sectorBytes;
  }

  /**
   * An erased flash.
   * @param bytes size of the device, a multiple of `sectorBytes`.
   * @throws ConfigurationError when it is not.
   */
  static erased(bytes: number, sectorBytes = 4096): FlashImage {
    if (bytes <= 0 || bytes % sectorBytes !== 0) {
      throw new ConfigurationError(
        `a flash of ${bytes} bytes is no whole number of sectors of ${sectorBytes} bytes.`,
        "Give a size that is a multiple of the erase page.",
      );
    }
    const blank: Sector = { bytes: new Uint8Array(sectorBytes).fill(ERASED), name: undefined };
    return new FlashImage(
      Array.from({ length: bytes / sectorBytes }, () => blank),
      sectorBytes,
    );
  }

  get bytes(): number {
    return this.#sectors.length * this.sectorBytes;
  }

  read(offset: number, bytes: number): Uint8Array {
    this.#check(offset, bytes);
    const out = new Uint8Array(bytes);
    this.#walk(offset, bytes, (sector, from, to, at) => out.set(sector.bytes.subarray(from, to), at));
    return out;
  }

  /** Carries out an operation, whole or torn. */
  apply(operation: FlashOperation, torn?: Torn): void {
    const { offset } = operation;
    const before = this.read(offset, operationBytes(operation));
    this.load(offset, afterOperation(before, operation, torn));
  }

  /** Puts bytes into the flash whatever was there, as a debugger's flasher does after erasing. */
  load(offset: number, bytes: Uint8Array): void {
    this.#check(offset, bytes.length);
    this.#walk(offset, bytes.length, (sector, from, to, at) => {
      const content = sector.bytes.slice();
      content.set(bytes.subarray(at, at + to - from), from);
      this.#sectors[(offset + at - from) / this.sectorBytes] = { bytes: content, name: undefined };
    });
  }

  /** An independent copy; cheap. */
  snapshot(): FlashImage {
    return new FlashImage(this.#sectors.slice(), this.sectorBytes);
  }

  /** Names the content of all sectors that the range touches. The whole flash by default. */
  identity(offset = 0, bytes = this.bytes): string {
    this.#check(offset, bytes);
    const hash = createHash("sha256");
    this.#walk(offset, bytes, (sector) => hash.update(nameOf(sector)));
    return hash.digest("base64");
  }

  /** Name of the content of one sector, by its number. */
  sectorIdentity(index: number): string {
    const sector = this.#sectors[index];
    if (sector === undefined) throw new RangeError(`flash has no sector ${index}`);
    return nameOf(sector);
  }

  /** SHA-256 of a range in hex, as the golden vectors and a board's flasher name a content. */
  sha256(offset = 0, bytes = this.bytes): string {
    this.#check(offset, bytes);
    const hash = createHash("sha256");
    this.#walk(offset, bytes, (sector, from, to) => hash.update(sector.bytes.subarray(from, to)));
    return hash.digest("hex");
  }

  #walk(offset: number, bytes: number, visit: (sector: Sector, from: number, to: number, at: number) => void): void {
    for (let at = 0; at < bytes; ) {
      const from = (offset + at) % this.sectorBytes;
      const to = Math.min(this.sectorBytes, from + bytes - at);
      const sector = this.#sectors[(offset + at - from) / this.sectorBytes];
      if (sector !== undefined) visit(sector, from, to, at);
      at += to - from;
    }
  }

  #check(offset: number, bytes: number): void {
    if (offset < 0 || bytes < 0 || offset + bytes > this.bytes) {
      throw new RangeError(`flash of ${this.bytes} bytes has no range 0x${offset.toString(16)} + ${bytes}`);
    }
  }
}

function nameOf(sector: Sector): string {
  sector.name ??= createHash("sha256").update(sector.bytes).digest("base64");
  return sector.name;
}
