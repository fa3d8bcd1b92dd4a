import type { MemoryMap } from "../../memory/memory-map.ts";
import { Ram } from "../../memory/ram.ts";
import type { ChipContext } from "./chip-context.ts";

/** EasyDMA: RAM as peripherals reach it, flash not. Source: nRF5340 Product Specification v1.5, EasyDMA. */
export class Dma {
  readonly #chip: ChipContext;
  readonly #memory: MemoryMap;
  readonly #who: string;

  constructor(chip: ChipContext, memory: MemoryMap, who: string) {
    this.#chip = chip;
    this.#memory = memory;
    this.#who = who;
  }

  /** @returns a byte of RAM; zero, and a note, for an address that the DMA does not reach */
  read(address: number): number {
    const region = this.#at(address);
    return region ? region.read((address - region.start) >>> 0, 1) : 0;
  }

  write(address: number, byte: number): void {
    const region = this.#at(address);
    region?.write((address - region.start) >>> 0, 1, byte);
  }

  #at(address: number): Ram | undefined {
    const region = this.#memory.at(address >>> 0);
    if (region instanceof Ram && region.isWritable) return region;
    this.#chip.unknown({ peripheral: this.#who, offset: address >>> 0, kind: "DMA" });
    return undefined;
  }
}
