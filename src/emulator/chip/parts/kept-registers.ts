import type { ChipContext } from "./chip-context.ts";
import { NrfPeripheral } from "./nrf-peripheral.ts";

/** A peripheral whose registers keep what is written, and do nothing: enough where firmware only sets it up. */
export class KeptRegisters extends NrfPeripheral {
  readonly #values = new Map<number, number>();

  constructor(chip: ChipContext, name: string, start: number, initial: Readonly<Record<number, number>> = {}) {
    super(chip, name, start);
    for (const [offset, value] of Object.entries(initial)) this.#values.set(Number(offset), value);
  }

  override read(offset: number, bytes: number): number {
    const word = this.#values.get(offset & ~3) ?? 0;
    return bytes === 4 ? word : word >>> (8 * (offset & 3));
  }

  override write(offset: number, _bytes: number, value: number): void {
    this.#values.set(offset & ~3, value);
  }
}
