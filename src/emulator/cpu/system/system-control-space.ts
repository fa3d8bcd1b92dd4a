import type { Region } from "../../memory/memory-map.ts";
import type { Bank, Core } from "../state/core.ts";
import { INTERRUPT_REGISTERS } from "./nvic-registers.ts";
import { PROTECTION_REGISTERS } from "./protection-registers.ts";
import type { Register } from "./register.ts";
import { SYSTEM_REGISTERS } from "./system-registers.ts";

const SPACE_BYTES = 0x1000;

interface Placed {
  readonly register: Register;
  readonly index: number;
}

/** Registers by word offset. */
const BY_OFFSET: ReadonlyMap<number, Placed> = new Map(
  [...SYSTEM_REGISTERS, ...INTERRUPT_REGISTERS, ...PROTECTION_REGISTERS].flatMap(
    (register) =>
      Array.from({ length: register.count ?? 1 }, (_, index) => [register.offset + 4 * index, { register, index }]) as [
        number,
        Placed,
      ][],
  ),
);

/** The System Control Space at E000E000, and its Non-secure alias at E002E000. Source: DDI 0553, B8.3. */
export class SystemControlSpace implements Region {
  readonly name: string;
  readonly start: number;
  readonly bytes = SPACE_BYTES;
  readonly executable = false;
  readonly #core: Core;
  readonly #alias: boolean;

  constructor(core: Core, { alias = false } = {}) {
    this.#core = core;
    this.#alias = alias;
    this.start = alias ? 0xe002_e000 : 0xe000_e000;
    this.name = alias ? "System Control Space (Non-secure alias)" : "System Control Space";
  }

  read(offset: number, bytes: number): number {
    const placed = this.#placed(offset, bytes);
    if (placed === undefined) return 0;
    const word = placed.register.read?.(this.#core, this.#bank(), placed.index) ?? 0;
    const shifted = word >>> (8 * (offset & 3));
    return bytes === 4 ? word | 0 : shifted & (2 ** (8 * bytes) - 1);
  }

  write(offset: number, bytes: number, value: number): void {
    const placed = this.#placed(offset, bytes);
    if (placed === undefined) return;
    const shift = 8 * (offset & 3);
    const mask = bytes === 4 ? -1 : (2 ** (8 * bytes) - 1) << shift;
    placed.register.write?.(this.#core, this.#bank(), (value << shift) & mask, placed.index, mask);
    this.#core.lookCloser();
  }

  #bank(): Bank {
    return this.#alias ? 0 : this.#core.bank;
  }

  /** @throws CpuFault PRECISERR for unprivileged code, and for the alias out of Non-secure state */
  #placed(offset: number, bytes: number): Placed | undefined {
    const placed = BY_OFFSET.get(offset & ~3);
    const address = (this.start + offset) >>> 0;
    if (!this.#core.privileged && placed?.register.unprivileged !== true) this.#core.raise("PRECISERR", address);
    if (this.#alias && !this.#core.secure) return undefined;
    // Parts of a word: only where the manual lets them be reached by bytes.
    return bytes === 4 || placed?.register.byBytes === true ? placed : undefined;
  }
}
