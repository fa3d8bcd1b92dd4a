import type { ChipContext } from "../parts/chip-context.ts";
import { kept, NrfPeripheral } from "../parts/nrf-peripheral.ts";

const EXTDOMAIN_PERM = 0x440;
const PERIPHID = 0x800;
const PERIPHERALS = 256;
const SECATTR = 0x10;
const LOCK = 0x100;
const WRITE = 0x2;
const FLASH_REGIONS = 64;
const FLASH_REGION_BYTES = 0x4000;
const FLASHACCERR = 0x104;
const PERIPHACCERR = 0x108;
/** SECUREMAPPING "user selectable", SECATTR secure, DMASEC secure, PRESENT. */
const PERIPHID_RESET = 0x8000_0032 | 0;
const REGION_RESET = 0x17;

/**
 * SPU: who may reach what. Peripherals are held to their security attribute, flash regions to their WRITE permission
 * (how a bootloader protects itself), both with their locks; all else of memory's permissions is kept, and not
 * enforced: nothing here runs with a Non-secure application. Source: nRF5340 Product Specification v1.5, SPU.
 */
export class Spu extends NrfPeripheral {
  readonly #flash = new Int32Array(FLASH_REGIONS).fill(REGION_RESET);
  readonly #peripherals = new Int32Array(PERIPHERALS).fill(PERIPHID_RESET);

  constructor(chip: ChipContext, start: number, irq: number) {
    super(chip, "SPU", start, irq);
    this.registers.set(0x400, { read: () => 1 });
    this.registers.set(0x404, kept());
    this.registers.set(EXTDOMAIN_PERM, kept(2));
    for (const offset of [0x480, 0x4c0, 0x4c8]) this.registers.set(offset, kept(-1));
    for (const offset of [0x484, 0x4c4, 0x4cc, 0x500, 0x504, 0x508, 0x50c, 0x540, 0x544, 0x548, 0x54c]) {
      this.registers.set(offset, kept());
    }
    for (let region = 0; region < FLASH_REGIONS; region += 1) {
      this.registers.set(0x600 + 4 * region, {
        read: () => this.#flash[region] as number,
        write: (value) => {
          if (((this.#flash[region] as number) & LOCK) === 0) this.#flash[region] = value;
        },
      });
      this.registers.set(0x700 + 4 * region, kept(REGION_RESET));
    }
    for (let id = 0; id < PERIPHERALS; id += 1) {
      this.registers.set(PERIPHID + 4 * id, {
        read: () => this.#peripherals[id] as number,
        write: (value) => this.#permit(id, value),
      });
    }
  }

  #permit(id: number, value: number): void {
    const before = this.#peripherals[id] as number;
    if ((before & LOCK) === 0) this.#peripherals[id] = (before & ~0x130) | (value & 0x130);
  }

  /** @param id of a peripheral, bits 19:12 of its address @returns whether it lies at its Secure address */
  isSecure(id: number): boolean {
    return ((this.#peripherals[id & 0xff] as number) & SECATTR) !== 0;
  }

  /** @param offset in the application core's flash @returns whether its region lets itself be programmed and erased */
  mayWriteFlash(offset: number): boolean {
    return ((this.#flash[Math.floor(offset / FLASH_REGION_BYTES)] ?? WRITE) & WRITE) !== 0;
  }

  /** A write to flash that its region does not allow. */
  flashViolated(): void {
    this.emit(FLASHACCERR);
  }

  /** An access to a peripheral at the address that its attribute does not give it. */
  violated(): void {
    this.emit(PERIPHACCERR);
  }
}
