import type { ChipContext } from "../parts/chip-context.ts";
import { NrfPeripheral } from "../parts/nrf-peripheral.ts";

/** FICR or UICR: words that are there from the factory or were programmed, all ones elsewhere. */
export class InformationWords extends NrfPeripheral {
  readonly #words: Readonly<Record<number, number>>;

  constructor(chip: ChipContext, name: string, start: number, words: Readonly<Record<number, number>>) {
    super(chip, name, start);
    this.#words = words;
  }

  override read(offset: number, bytes: number): number {
    const word = this.#words[offset & ~3] ?? -1;
    return bytes === 4 ? word : word >>> (8 * (offset & 3));
  }

  override write(): void {
    // Programming these is not modelled: nothing on the way of an update does it.
  }
}
