import type { Instruction } from "./execute/instruction.ts";
import type { Entry } from "./translate/region.ts";

export const PAGE_BYTES = 4096;

/** What is known of the code in a page, by halfword. */
export class CodePage {
  readonly instructions: (Instruction | undefined)[] = Array.from({ length: PAGE_BYTES / 2 });
  readonly entries: (Entry | undefined)[] = Array.from({ length: PAGE_BYTES / 2 });
  /** How often control came here. */
  readonly heat = new Uint16Array(PAGE_BYTES / 2);

  /** Forgets the entries of regions that reach into a block of code. */
  drop(block: number): void {
    this.dropWhere(({ blocks }) => blocks.has(block), 0);
  }

  /** @param heat how hot their places are from now on */
  dropWhere(isMeant: (entry: Entry) => boolean, heat: number): void {
    for (const slot of this.#filled) {
      const entry = this.entries[slot];
      if (entry === undefined || !isMeant(entry)) continue;
      this.entries[slot] = undefined;
      this.heat[slot] = heat;
      this.#filled.delete(slot);
    }
  }

  /** A halfword holds something else now. */
  forget(slot: number): void {
    this.instructions[slot] = undefined;
    this.heat[slot] = 0;
  }

  enter(slot: number, entry: Entry): void {
    if (this.entries[slot] !== undefined) return;
    this.entries[slot] = entry;
    this.#filled.add(slot);
  }

  readonly #filled = new Set<number>();
}
