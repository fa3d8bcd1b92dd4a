import { ConfigurationError, hexOf } from "../../../core/index.ts";
import type { ChipContext } from "./chip-context.ts";
import { NrfPeripheral } from "./nrf-peripheral.ts";

/** A block of the chip that is not modelled: its registers read as zero, each access is noted. */
export class MissingBlock extends NrfPeripheral {
  override read(offset: number): number {
    this.chip.unknown({ peripheral: this.name, offset, kind: "read" });
    return 0;
  }

  override write(offset: number): void {
    this.chip.unknown({ peripheral: this.name, offset, kind: "write" });
  }
}

/** Without this block firmware would go wrong in ways that look like its own fault: it is told so, by name. */
export class RefusedBlock extends NrfPeripheral {
  readonly #hint: string;

  constructor(chip: ChipContext, name: string, start: number, hint: string) {
    super(chip, name, start);
    this.#hint = hint;
  }

  /** @throws ConfigurationError always */
  override read(offset: number): number {
    return refuseBlock(this.name, this.start + offset, this.#hint);
  }

  /** @throws ConfigurationError always */
  override write(offset: number): void {
    refuseBlock(this.name, this.start + offset, this.#hint);
  }
}

/** @throws ConfigurationError that names the block and what helps */
export function refuseBlock(name: string, address: number, hint: string): never {
  throw new ConfigurationError(`the firmware uses ${name} (${hexOf(address)}), which is not emulated.`, hint);
}
