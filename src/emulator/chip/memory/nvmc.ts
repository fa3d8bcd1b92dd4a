import type { FlashOperation } from "../../../mcuboot/index.ts";
import type { ChipContext } from "../parts/chip-context.ts";
import { NrfPeripheral } from "../parts/nrf-peripheral.ts";
import type { FlashMemory } from "./flash-memory.ts";

const READ_ONLY = 0;
const WRITE = 1;
const ERASE = 2;

/** How long the controller takes, and how firmware erases. */
interface NvmcKind {
  readonly pageEraseUs: number;
  readonly wordWriteUs: number;
  /** "register": ERASEPAGE holds the address (nRF51, nRF52). "write": a word is written to the page (nRF5340). */
  readonly erases: "register" | "write";
}

/** Source: nRF51822 Product Specification v3.3, 8.13: tERASEPAGE 22.3 ms, tWRITE 46.3 µs, at most. */
export const NRF51_NVMC: NvmcKind = { pageEraseUs: 22_300, wordWriteUs: 46.3, erases: "register" };

/** The processor stands still while the flash works. */
export interface Stall {
  /** Cycles that pass at once. */
  stall(cycles: number): void;
  /** @throws CpuFault: a write that the controller does not take */
  busError(address: number): never;
  /** Called before each operation, and may throw to keep it from happening. */
  before(operation: FlashOperation): void;
}

/**
 * The flash controller. Source: nRF51 Series Reference Manual v3.0, chapter 6; nRF5340 Product Specification v1.5,
 * NVMC.
 */
export class Nvmc extends NrfPeripheral {
  readonly #flash: FlashMemory;
  readonly #kind: NvmcKind;
  readonly #cpu: Stall;
  #config = READ_ONLY;

  constructor(chip: ChipContext, start: number, flash: FlashMemory, kind: NvmcKind, cpu: Stall) {
    super(chip, "NVMC", start);
    this.#flash = flash;
    this.#kind = kind;
    this.#cpu = cpu;
    flash.store = (offset, bytes, value) => this.#write(offset, bytes, value);
    this.registers.set(0x400, { read: () => 1 });
    this.registers.set(0x504, {
      read: () => this.#config,
      write: (value) => {
        this.#config = value & 3;
      },
    });
    if (kind.erases === "register") {
      this.registers.set(0x508, { read: () => 0, write: (address) => this.#erase(address >>> 0) });
    }
  }

  #write(offset: number, bytes: number, value: number): void {
    const address = this.#flash.start + offset;
    if (bytes !== 4 || (offset & 3) !== 0) this.#cpu.busError(address);
    if (this.#config === ERASE && this.#kind.erases === "write") this.#erase(address);
    else if (this.#config === WRITE) this.#program(offset, value);
    else this.#cpu.busError(address);
  }

  #program(offset: number, value: number): void {
    const data = new Uint8Array(4);
    new DataView(data.buffer).setInt32(0, value, true);
    this.#change({ kind: "write", offset, data }, this.#kind.wordWriteUs);
  }

  #erase(address: number): void {
    if (this.#config !== ERASE) return;
    const { pageBytes, start, bytes } = this.#flash;
    const offset = Math.floor((address - start) / pageBytes) * pageBytes;
    if (offset < 0 || offset >= bytes) return;
    this.#change({ kind: "erase", offset, bytes: pageBytes }, this.#kind.pageEraseUs);
  }

  #change(operation: FlashOperation, us: number): void {
    this.#cpu.before(operation);
    this.#flash.apply(operation);
    this.#cpu.stall(Math.round(us * this.chip.cyclesPerUs));
  }
}
