const BRANCH_TO_SELF = 0xe7fe;
const NOP = 0xbf00;
const BX_LR = 0x4770;
const VECTORS_BYTES = 0x200;
/** LDR (literal) reaches 1020 bytes: literals are placed before code is so long, in halfwords, with room for one act. */
const POOL_AFTER = 400;

/** Thumb code as halfwords; `ldr` loads a literal that is placed behind the code, or in it where that is long. */
export class ThumbProgram {
  readonly #halfwords: number[] = [];
  /** Places in the code where an exception begins, by its number. */
  readonly #handlers = new Map<number, number>();
  #literals: { readonly at: number; readonly register: number; readonly value: number }[] = [];

  op(...halfwords: number[]): this {
    this.#halfwords.push(...halfwords);
    return this;
  }

  ldr(register: number, value: number): this {
    this.#literals.push({ at: this.#halfwords.length, register, value });
    return this.op(0);
  }

  /** Stores a word: STR r1, [r0]. */
  store(address: number, value: number): this {
    return this.#room().ldr(0, address).ldr(1, value).op(0x6001);
  }

  /** Copies a word from one address to another. */
  copy(from: number, to: number): this {
    return this.#room().ldr(0, from).op(0x6801).ldr(2, to).op(0x6011);
  }

  /** Waits until a word is not zero. */
  wait(address: number): this {
    return this.#room().ldr(0, address).op(0x6801, 0x2900, 0xd0fc);
  }

  /** Stands still unless a word is as expected. */
  expect(address: number, value: number): this {
    return this.#room().ldr(0, address).op(0x6801).ldr(2, value).op(0x4291, 0xd000, BRANCH_TO_SELF);
  }

  /** An exception's handler, jumped over where it stands. @param body without its return */
  handler(exception: number, body: (program: this) => void): this {
    const at = this.#room().#halfwords.length;
    this.op(0);
    this.#handlers.set(exception, this.#halfwords.length);
    body(this);
    this.op(BX_LR);
    this.#halfwords[at] = 0xe000 | (this.#halfwords.length - at - 2);
    return this;
  }

  /** The whole flash content of a program: vectors, and the code behind them. @param address of the flash */
  image(address: number, stack: number): Uint8Array {
    const code = this.bytes();
    const image = new Uint8Array(VECTORS_BYTES + code.length).fill(0xff);
    const view = new DataView(image.buffer);
    view.setUint32(0, stack, true);
    view.setUint32(4, (address + VECTORS_BYTES) | 1, true);
    for (const [exception, at] of this.#handlers) {
      view.setUint32(4 * exception, (address + VECTORS_BYTES + 2 * at) | 1, true);
    }
    image.set(code, VECTORS_BYTES);
    return image;
  }

  bytes(): Uint8Array {
    const whole = new ThumbProgram();
    whole.#halfwords.push(...this.#halfwords, BRANCH_TO_SELF);
    whole.#literals = [...this.#literals];
    whole.#place();
    const image = new Uint8Array(2 * whole.#halfwords.length);
    const view = new DataView(image.buffer);
    for (const [index, halfword] of whole.#halfwords.entries()) view.setUint16(2 * index, halfword, true);
    return image;
  }

  /** Before an act whose branches must not be torn apart. */
  #room(): this {
    const [first] = this.#literals;
    if (first === undefined || this.#halfwords.length - first.at < POOL_AFTER) return this;
    const at = this.#halfwords.length;
    this.op(0);
    this.#place();
    this.#halfwords[at] = 0xe000 | (this.#halfwords.length - at - 2);
    return this;
  }

  /** Puts the literals here. */
  #place(): void {
    if (this.#halfwords.length % 2 === 1) this.op(NOP);
    for (const { at, register, value } of this.#literals) {
      const words = (2 * this.#halfwords.length - ((2 * at + 4) & ~3)) / 4;
      this.#halfwords[at] = 0x4800 | (register << 8) | words;
      this.op(value & 0xffff, (value >>> 16) & 0xffff);
    }
    this.#literals = [];
  }
}
