import type { ChipContext } from "../parts/chip-context.ts";
import { NrfPeripheral } from "../parts/nrf-peripheral.ts";

/** FICR or UICR: words that are there from the factory or were programmed, all ones elsewhere. */
export class InformationWords extends NrfPeripheral {
  readonly #words: Map<number, number>;
  readonly #mayProgram: () => boolean;

  /** @param mayProgram whether the flash controller lets a word be programmed now: bits are cleared, for good */
  constructor(
    chip: ChipContext,
    name: string,
    start: number,
    words: Readonly<Record<number, number>> | Map<number, number>,
    mayProgram: () => boolean = () => false,
  ) {
    super(chip, name, start);
    this.#words = words instanceof Map ? words : new Map(Object.entries(words).map(([at, word]) => [Number(at), word]));
    this.#mayProgram = mayProgram;
  }

  override read(offset: number, bytes: number): number {
    const word = this.#words.get(offset & ~3) ?? -1;
    return bytes === 4 ? word : word >>> (8 * (offset & 3));
  }

  override write(offset: number, _bytes: number, value: number): void {
    if (this.#mayProgram()) this.#words.set(offset & ~3, this.read(offset & ~3, 4) & value);
  }
}
