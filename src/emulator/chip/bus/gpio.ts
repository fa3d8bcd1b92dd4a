import type { Region } from "../../memory/memory-map.ts";
import type { ChipContext } from "../parts/chip-context.ts";

const PINS = 32;
const PIN_CNF = 0x200;
const PULL_UP = 3;

/** One port: nothing is plugged into its pins, so that an input reads what its pull resistor says. */
class Port {
  #out = 0;
  #direction = 0;
  #latch = 0;
  #detectMode = 0;
  readonly #config = new Int32Array(PINS).fill(2);

  /** @returns undefined for an offset that is no register */
  read(offset: number): number | undefined {
    if (offset >= PIN_CNF && offset < PIN_CNF + 4 * PINS) return this.#config[(offset - PIN_CNF) / 4];
    switch (offset) {
      case 0x04:
      case 0x08:
      case 0x0c:
        return this.#out;
      case 0x10:
        return this.#levels();
      case 0x14:
      case 0x18:
      case 0x1c:
        return this.#direction;
      case 0x20:
        return this.#latch;
      case 0x24:
      case 0x28:
        return this.#detectMode;
      default:
        return undefined;
    }
  }

  /** @returns false for an offset that is no register */
  write(offset: number, value: number): boolean {
    if (offset >= PIN_CNF && offset < PIN_CNF + 4 * PINS) this.#configure((offset - PIN_CNF) / 4, value);
    else if (offset === 0x04) this.#out = value;
    else if (offset === 0x08) this.#out |= value;
    else if (offset === 0x0c) this.#out &= ~value;
    else if (offset === 0x14) this.#direction = value;
    else if (offset === 0x18) this.#direction |= value;
    else if (offset === 0x1c) this.#direction &= ~value;
    else if (offset === 0x20) this.#latch &= ~value;
    else if (offset === 0x24 || offset === 0x28) this.#detectMode = value & 1;
    else return false;
    return true;
  }

  #configure(pin: number, value: number): void {
    this.#config[pin] = value;
    if ((value & 1) === 1) this.#direction |= 1 << pin;
    else this.#direction &= ~(1 << pin);
  }

  #levels(): number {
    let levels = this.#out & this.#direction;
    for (const [pin, config] of this.#config.entries()) {
      if (((this.#direction >>> pin) & 1) === 0 && ((config >>> 2) & 3) === PULL_UP) levels |= 1 << pin;
    }
    return levels;
  }
}

const PORTS = [0x500, 0x800];

/** P0 and P1, which share a block. Source: nRF5340 Product Specification v1.5, GPIO. */
export class Gpio implements Region {
  readonly name = "GPIO";
  readonly start: number;
  readonly bytes = 0x1000;
  readonly executable = false;
  readonly #chip: ChipContext;
  readonly #ports = PORTS.map((first) => ({ first, port: new Port() }));

  constructor(chip: ChipContext, start: number) {
    this.#chip = chip;
    this.start = start;
  }

  read(offset: number, bytes: number): number {
    const word = this.#placed(offset)?.port.read(this.#register(offset));
    if (word === undefined) this.#chip.unknown({ peripheral: this.name, offset, kind: "read" });
    return bytes === 4 ? (word ?? 0) : (word ?? 0) >>> (8 * (offset & 3));
  }

  write(offset: number, _bytes: number, value: number): void {
    if (this.#placed(offset)?.port.write(this.#register(offset), value) === true) return;
    this.#chip.unknown({ peripheral: this.name, offset, kind: "write" });
  }

  #placed(offset: number): { readonly first: number; readonly port: Port } | undefined {
    return this.#ports.findLast(({ first }) => offset >= first);
  }

  #register(offset: number): number {
    return (offset & ~3) - (this.#placed(offset)?.first ?? 0);
  }
}
