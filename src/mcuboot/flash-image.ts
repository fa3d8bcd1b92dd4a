import { createHash } from "node:crypto";
import { ConfigurationError } from "../core/index.ts";
import { afterOperation, ERASED, type Torn } from "./flash-rules.ts";
import { type Flash, type FlashOperation, operationBytes } from "./steps.ts";

interface Sector {
  readonly bytes: Uint8Array;
  name: string | undefined;
  /** The flash that may change `bytes` in place, until it is copied. */
  readonly owner: object | undefined;
}

/**
 * A whole flash in memory. Sectors are shared between snapshots and replaced when they change, so that a snapshot costs
 * a list of references, and what a content is called is worked out once a sector.
 */
export class FlashImage implements Flash {
  readonly sectorBytes: number;
  readonly #sectors: Sector[];
  readonly #blank: Sector;
  #owner: object = {};

  private constructor(sectors: Sector[], blank: Sector, sectorBytes: number) {
    this.#sectors = sectors;
    this.#blank = blank;
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
    const blank: Sector = { bytes: new Uint8Array(sectorBytes).fill(ERASED), name: undefined, owner: undefined };
    return new FlashImage(
      Array.from({ length: bytes / sectorBytes }, () => blank),
      blank,
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
    const bytes = operationBytes(operation);
    if (torn === undefined && operation.kind === "write") this.#program(offset, operation.data);
    else if (torn === undefined && offset % this.sectorBytes === 0 && bytes % this.sectorBytes === 0) {
      this.#check(offset, bytes);
      this.#sectors.fill(this.#blank, offset / this.sectorBytes, (offset + bytes) / this.sectorBytes);
    } else this.load(offset, afterOperation(this.read(offset, bytes), operation, torn));
  }

  /** Puts bytes into the flash whatever was there, as a debugger's flasher does after erasing. */
  load(offset: number, bytes: Uint8Array): void {
    this.#check(offset, bytes.length);
    this.#walk(offset, bytes.length, (_, from, to, at) => {
      this.#own((offset + at - from) / this.sectorBytes).set(bytes.subarray(at, at + to - from), from);
    });
  }

  /** An independent copy; cheap. */
  snapshot(): FlashImage {
    // From now on neither may change what both hold.
    this.#owner = {};
    return new FlashImage(this.#sectors.slice(), this.#blank, this.sectorBytes);
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

  #program(offset: number, data: Uint8Array): void {
    this.#check(offset, data.length);
    this.#walk(offset, data.length, (sector, from, to, at) => {
      const bytes = this.#own((offset + at - from) / this.sectorBytes);
      if (sector === this.#blank) {
        bytes.set(data.subarray(at, at + to - from), from);
        return;
      }
      for (let index = from; index < to; index += 1)
        bytes[index] = (bytes[index] ?? 0) & (data[at + index - from] ?? 0);
    });
  }

  /** Bytes of a sector, to be changed in place; its name is forgotten. */
  #own(index: number): Uint8Array {
    const sector = this.#sectors[index];
    if (sector === undefined) throw new RangeError(`flash has no sector ${index}`);
    if (sector.owner === this.#owner) {
      sector.name = undefined;
      return sector.bytes;
    }
    const bytes = sector.bytes.slice();
    this.#sectors[index] = { bytes, name: undefined, owner: this.#owner };
    return bytes;
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
