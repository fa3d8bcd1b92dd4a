import { FlashContent, type FlashOperation, type Torn } from "../../../mcuboot/index.ts";
import { CODE_BLOCK_BITS, Ram } from "../../memory/ram.ts";

/** Called before each operation; one that throws keeps it from taking effect. */
export type FlashWatch = (operation: FlashOperation) => void;

/**
 * Flash as code and data: read like memory, changed by its controller alone, with the rules of the twin's flash
 * (programming clears bits, erasing sets a page). What is in doubt after a torn operation is read through
 * `FlashContent`; the rest straight from memory.
 */
export class FlashMemory extends Ram {
  readonly pageBytes: number;
  override readonly isWritable = false;
  /** What a store to the flash does: its controller decides. */
  store: (offset: number, bytes: number, value: number) => void = () => undefined;
  #content: FlashContent;

  /** @param deviceBytes more than `bytes` where another device lies behind this one in the same content */
  constructor(name: string, start: number, bytes: number, pageBytes: number, deviceBytes = bytes) {
    super(name, start, new Uint8Array(bytes).fill(0xff));
    this.pageBytes = pageBytes;
    this.#content = FlashContent.erased(deviceBytes, pageBytes);
  }

  override write(offset: number, bytes: number, value: number): void {
    this.store(offset, bytes, value);
  }

  /** An independent copy of all of it; cheap. */
  snapshot(): FlashContent {
    return this.#content.snapshot();
  }

  /** Puts a content in, as it was saved. Code that differs is forgotten. */
  restore(content: FlashContent): void {
    const before = this.content;
    const after = content.read(0, this.bytes);
    const block = 1 << CODE_BLOCK_BITS;
    for (let offset = 0; offset < this.bytes; offset += block) {
      const end = offset + block;
      if (Buffer.compare(before.subarray(offset, end), after.subarray(offset, end)) === 0) continue;
      before.set(after.subarray(offset, end), offset);
      this.forgetCode(offset);
    }
    this.#content = content.snapshot();
  }

  /** Carries out an operation, whole or torn. Offsets are from the flash's start. */
  apply(operation: FlashOperation, torn?: Torn): void {
    this.#content.apply(operation, torn);
    const { offset } = operation;
    if (offset >= this.bytes) return;
    const bytes = operation.kind === "erase" ? operation.bytes : operation.data.length;
    this.content.set(this.#content.read(offset, bytes), offset);
    for (let at = offset; at < offset + bytes; at += 1 << CODE_BLOCK_BITS) this.forgetCode(at);
    this.forgetCode(offset + bytes - 1);
  }

  /** Puts bytes in past the controller, as a debugger's flasher does. */
  load(offset: number, data: Uint8Array): void {
    this.#content.load(offset, data);
    if (offset < this.bytes) this.content.set(data, offset);
  }

  /** Bytes of the whole device, also of what lies behind this memory. */
  contentAt(offset: number, bytes: number): Uint8Array {
    return this.#content.read(offset, bytes);
  }
}
