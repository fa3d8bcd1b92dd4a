import type { ChipContext } from "./chip-context.ts";
import { kept, NrfPeripheral } from "./nrf-peripheral.ts";

/** Registers that only keep what firmware sets. */
export interface NamedRegister {
  readonly offset: number;
  /** As in the product specification; "errata": written by Nordic's start-up code, without a name anywhere. */
  readonly name: string;
  readonly initial?: number;
  /** So many words of the same kind follow each other. */
  readonly count?: number;
}

/** Tasks that do nothing here, and registers that keep what is written: enough where firmware only sets a block up. */
export class NamedRegisters extends NrfPeripheral {
  constructor(
    chip: ChipContext,
    name: string,
    start: number,
    { rows, tasks = [], irq }: { rows: readonly NamedRegister[]; tasks?: readonly number[]; irq?: number },
  ) {
    super(chip, name, start, irq);
    for (const { offset, initial = 0, count = 1 } of rows) {
      for (let index = 0; index < count; index += 1) this.registers.set(offset + 4 * index, kept(initial));
    }
    for (const offset of tasks) this.tasks.set(offset, () => undefined);
  }
}
