import type { Region } from "./memory-map.ts";

/** Code is forgotten in blocks of so many bytes. */
export const CODE_BLOCK_BITS = 8;

/** Plain memory. Who runs code from it marks the block and hears of the first write to it. */
export class Ram implements Region {
  readonly name: string;
  readonly start: number;
  readonly bytes: number;
  readonly executable: boolean;
  readonly isPlain = true;
  /** Stores land here by themselves: not in flash. */
  readonly isWritable: boolean = true;
  /** 1 for each block of code whose changes somebody wants to hear of. */
  readonly marks: Uint8Array;
  #content: Uint8Array;
  #view: DataView;
  readonly #markListeners = new Set<() => void>();
  readonly #listeners = new Set<(address: number) => void>();

  constructor(name: string, start: number, content: Uint8Array, { executable = true } = {}) {
    this.name = name;
    this.start = start;
    this.bytes = content.length;
    this.executable = executable;
    this.#content = content;
    this.#view = viewOf(content);
    this.marks = new Uint8Array((content.length >>> CODE_BLOCK_BITS) + 1);
  }

  get content(): Uint8Array {
    return this.#content;
  }

  /** Its bytes lie elsewhere from now on, with the same content: who kept `content` has an old copy. */
  moveTo(place: Uint8Array): void {
    place.set(this.#content);
    this.#content = place;
    this.#view = viewOf(place);
  }

  read(offset: number, bytes: number): number {
    if (bytes === 4) return this.#view.getInt32(offset, true);
    return bytes === 2 ? this.#view.getUint16(offset, true) : this.#view.getUint8(offset);
  }

  write(offset: number, bytes: number, value: number): void {
    if (bytes === 4) this.#view.setInt32(offset, value, true);
    else if (bytes === 2) this.#view.setUint16(offset, value, true);
    else this.#view.setUint8(offset, value);
    this.forgetCode(offset);
    // A word over the border of two blocks: the second holds its last bytes.
    this.forgetCode(offset + bytes - 1);
  }

  /** Code was decoded here: its listeners want to hear of the next write to this block. */
  markCode(offset: number): void {
    const block = offset >>> CODE_BLOCK_BITS;
    if (this.marks[block] !== 0) return;
    this.marks[block] = 1;
    for (const marked of this.#markListeners) marked();
  }

  /** @param marked called when another block holds code, as long as this memory lives */
  onMarked(marked: () => void): void {
    this.#markListeners.add(marked);
  }

  /** As memory that had no power: zeros. Whoever ran code from it has ended. */
  clear(): void {
    this.#content.fill(0);
    this.marks.fill(0);
  }

  /**
   * @param changed called with the first address of a block whose code is no longer what was decoded
   * @returns what ends it
   */
  onCodeChanged(changed: (address: number) => void): () => void {
    this.#listeners.add(changed);
    return () => this.#listeners.delete(changed);
  }

  /** The block holds other bytes now: what was decoded there does not count. */
  protected forgetCode(offset: number): void {
    if (this.marks[offset >>> CODE_BLOCK_BITS] !== 0) this.#codeChanged(offset);
  }

  /** A write hit a marked block. */
  #codeChanged(offset: number): void {
    const block = offset >>> CODE_BLOCK_BITS;
    this.marks[block] = 0;
    for (const changed of this.#listeners) changed(this.start + (block << CODE_BLOCK_BITS));
  }
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
