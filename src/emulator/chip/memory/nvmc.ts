import { type FlashOperation, type FlashTiming, NRF5340_INTERNAL } from "../../../mcuboot/index.ts";
import type { ChipContext } from "../parts/chip-context.ts";
import { refuseBlock } from "../parts/missing.ts";
import { kept, NrfPeripheral } from "../parts/nrf-peripheral.ts";
import type { FlashMemory } from "./flash-memory.ts";

const READ_ONLY = 0;
const WRITE = 1;
const ERASE = 2;
const PARTIAL_ERASE = 4;
const KMU_HINT =
  "Build the bootloader with its keys in the image (no CONFIG_BOOT_SIGNATURE_USING_KMU, no hardware unique key).";

/** How long the controller takes, and how firmware erases. */
interface NvmcKind {
  readonly pageEraseUs: number;
  readonly wordWriteUs: number;
  /** "register": ERASEPAGE holds the address (nRF51, nRF52). "write": a word is written to the page (nRF5340). */
  readonly erases: "register" | "write";
}

/** Source: nRF51822 Product Specification v3.3, 8.13: tERASEPAGE 22.3 ms, tWRITE 46.3 µs, at most. */
export const NRF51_NVMC: NvmcKind = { pageEraseUs: 22_300, wordWriteUs: 46.3, erases: "register" };

/** One column for the model and the emulator: both cores' flash takes the same times, the network core's in half the page. */
export const NRF5340_NVMC: NvmcKind = { ...timesOf(NRF5340_INTERNAL), erases: "write" };

function timesOf({ eraseUs, unitUs }: FlashTiming): { readonly pageEraseUs: number; readonly wordWriteUs: number } {
  return { pageEraseUs: eraseUs, wordWriteUs: unitUs };
}

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
  #partial = { page: -1, us: 0 };

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
        this.#config = value & (kind.erases === "write" ? 7 : 3);
      },
    });
    if (kind.erases === "register") {
      this.registers.set(0x508, { read: () => 0, write: (address) => this.#erase(address >>> 0) });
    } else this.#addNrf5340();
  }

  /** What may be programmed now: UICR asks, which is programmed like flash. */
  get mayProgram(): boolean {
    return this.#config === WRITE;
  }

  /** Registers of the nRF5340; the application core's KMU shares the address. */
  #addNrf5340(): void {
    this.registers.set(0x408, { read: () => 1 });
    this.registers.set(0x50c, { read: () => 0, write: (value) => this.#eraseAll(value) });
    this.registers.set(0x51c, kept(10));
    // Of the network core's, the cache: its switch, and its counters.
    for (const offset of [0x540, 0x548, 0x54c]) this.registers.set(offset, kept());
    // CONFIGNS, WRITEUICRNS, and what start-up code writes for faults of the silicon (MDK, without names).
    for (const offset of [0x584, 0x588, 0x530, 0xe04, 0xe08]) this.registers.set(offset, kept());
    const isRefused = () => refuseBlock("KMU", this.start, KMU_HINT);
    this.tasks.set(0x000, isRefused);
    for (const offset of [0x40c, 0x500]) this.registers.set(offset, { read: isRefused, write: isRefused });
  }

  #eraseAll(value: number): void {
    if (this.#config !== ERASE || (value & 1) === 0) return;
    const { bytes, pageBytes, start } = this.#flash;
    for (let offset = 0; offset < bytes; offset += pageBytes) this.#erase(start + offset);
  }

  #write(offset: number, bytes: number, value: number): void {
    const address = this.#flash.start + offset;
    if (bytes !== 4 || (offset & 3) !== 0) this.#cpu.busError(address);
    if (this.#config === ERASE && this.#kind.erases === "write") this.#erase(address);
    // Firmware erases in parts until the page is erased; the last of them counts here.
    else if (this.#config === PARTIAL_ERASE) this.#erasePart(address);
    else if (this.#config === WRITE) this.#program(offset, value);
    else this.#cpu.busError(address);
  }

  /** Source: nRF5340 Product Specification v1.5, NVMC: ERASEPAGEPARTIALCFG is the length of a part, in ms. */
  #erasePart(address: number): void {
    const page = Math.floor((address - this.#flash.start) / this.#flash.pageBytes);
    if (page !== this.#partial.page) this.#partial = { page, us: 0 };
    const us = 1000 * (this.read(0x51c, 4) & 0x7f);
    this.#partial.us += us;
    if (this.#partial.us < this.#kind.pageEraseUs) this.#cpu.stall(us * this.chip.cyclesPerUs);
    else {
      this.#partial = { page: -1, us: 0 };
      this.#change({ kind: "erase", offset: page * this.#flash.pageBytes, bytes: this.#flash.pageBytes }, us);
    }
  }

  #program(offset: number, value: number): void {
    const data = new Uint8Array(4);
    for (let at = 0; at < 4; at += 1) data[at] = value >>> (8 * at);
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
