const BRANCH_TO_SELF = 0xe7fe;
const VECTORS_BYTES = 0x200;

/** Thumb code as halfwords; `ldr` loads a literal that is placed behind the code. */
export class ThumbProgram {
  readonly #halfwords: number[] = [];
  readonly #literals: { readonly at: number; readonly register: number; readonly value: number }[] = [];

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
    return this.ldr(0, address).ldr(1, value).op(0x6001);
  }

  /** Copies a word from one address to another. */
  copy(from: number, to: number): this {
    return this.ldr(0, from).op(0x6801).ldr(2, to).op(0x6011);
  }

  /** Waits until a word is not zero. */
  wait(address: number): this {
    return this.ldr(0, address).op(0x6801, 0x2900, 0xd0fc);
  }

  /** The whole flash content of a program: vectors, and the code behind them. @param address of the flash */
  image(address: number, stack: number): Uint8Array {
    const code = this.bytes();
    const image = new Uint8Array(VECTORS_BYTES + code.length).fill(0xff);
    const view = new DataView(image.buffer);
    view.setUint32(0, stack, true);
    view.setUint32(4, (address + VECTORS_BYTES) | 1, true);
    image.set(code, VECTORS_BYTES);
    return image;
  }

  bytes(): Uint8Array {
    const code = [...this.#halfwords, BRANCH_TO_SELF];
    if (code.length % 2 === 1) code.push(0xbf00);
    const image = new Uint8Array(2 * code.length + 4 * this.#literals.length);
    const view = new DataView(image.buffer);
    for (const [index, { at, register, value }] of this.#literals.entries()) {
      const place = 2 * code.length + 4 * index;
      view.setUint32(place, value >>> 0, true);
      code[at] = 0x4800 | (register << 8) | ((place - ((2 * at + 4) & ~3)) / 4);
    }
    for (const [index, halfword] of code.entries()) view.setUint16(2 * index, halfword, true);
    return image;
  }
}
