import type { Region } from "../../memory/memory-map.ts";

/** The serial flash as memory: read only. Source: nRF5340 Product Specification v1.5, QSPI, "Execute in place". */
export class ExecuteInPlace implements Region {
  readonly name = "QSPI flash (XIP)";
  readonly executable = true;
  readonly start: number;
  readonly bytes: number;
  readonly #contentAt: (offset: number, bytes: number) => Uint8Array;

  constructor(start: number, bytes: number, contentAt: (offset: number, bytes: number) => Uint8Array) {
    this.start = start;
    this.bytes = bytes;
    this.#contentAt = contentAt;
  }

  read(offset: number, bytes: number): number {
    let value = 0;
    for (const [index, byte] of this.#contentAt(offset, bytes).entries()) value |= byte << (8 * index);
    return value;
  }

  write(): void {
    // Stores go nowhere: the flash is written through its controller.
  }
}
