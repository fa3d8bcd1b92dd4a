import type { ChipContext } from "../parts/chip-context.ts";
import type { Dma } from "../parts/dma.ts";
import { kept, NrfPeripheral } from "../parts/nrf-peripheral.ts";
import type { SerialFlash } from "./serial-flash.ts";

const READY = 0x100;
const ENABLE = 0x500;
const REGISTERS_KEPT = [0x524, 0x528, 0x530, 0x534, 0x538, 0x53c, 0x540, 0x544, 0x54c, 0x600, 0x614, 0x624, 0x640];
/** XIP and DMA encryption: key and nonce are written blind. */
const ENCRYPTION = [0x560, 0x580];
const OPCODE = 0x634;
const DATA = [0x638, 0x63c];
const ERASE_BYTES = [0x1000, 0x1_0000, 0x80_0000];
/** Four lines at 8 MHz: a byte in two clocks. */
const BYTE_US = 0.25;
const COMMAND_US = 2;

/** QSPI: the controller of the serial flash. Source: nRF5340 Product Specification v1.5, QSPI. */
export class Qspi extends NrfPeripheral {
  readonly #flash: SerialFlash;
  readonly #dma: Dma;
  #busy = 0;
  #data = [0, 0];
  #control = 0;

  constructor(chip: ChipContext, start: number, irq: number, { flash, dma }: { flash: SerialFlash; dma: Dma }) {
    super(chip, "QSPI", start, irq);
    this.#flash = flash;
    this.#dma = dma;
    const words = new Map([0x504, 0x508, 0x50c, 0x510, 0x514, 0x518, 0x51c, 0x520].map((offset) => [offset, 0]));
    for (const offset of words.keys()) {
      this.registers.set(offset, {
        read: () => words.get(offset) ?? 0,
        write: (value) => words.set(offset, value >>> 0),
      });
    }
    const word = (offset: number) => words.get(offset) ?? 0;
    this.registers.set(ENABLE, kept());
    for (const offset of REGISTERS_KEPT) this.registers.set(offset, kept());
    for (const first of ENCRYPTION) {
      for (let offset = first; offset < first + 0x20; offset += 4) this.registers.set(offset, kept());
    }
    this.tasks.set(0x000, () => this.#ready(COMMAND_US));
    this.tasks.set(0x004, () => this.#read(word(0x504), word(0x508), word(0x50c)));
    this.tasks.set(0x008, () => this.#write(word(0x510), word(0x514), word(0x518)));
    this.tasks.set(0x00c, () => this.#ready(this.#flash.erase(word(0x51c), ERASE_BYTES[word(0x520) & 3] ?? 0x1000)));
    this.tasks.set(0x010, () => undefined);
    this.registers.set(0x604, { read: () => this.#status() });
    this.registers.set(OPCODE, { read: () => this.#control, write: (value) => this.#instruct(value) });
    for (const [index, offset] of DATA.entries()) {
      this.registers.set(offset, {
        read: () => this.#data[index] ?? 0,
        write: (value) => {
          this.#data[index] = value;
        },
      });
    }
  }

  #status(): number {
    return (this.#flash.status << 24) | (this.#busy === 0 ? 1 << 3 : 0) | (this.#flash.sleeps ? 1 << 2 : 0);
  }

  #ready(us: number): void {
    this.#busy += 1;
    this.chip.scheduler.after(us * this.chip.cyclesPerUs, () => {
      this.#busy -= 1;
      this.emit(READY);
    });
  }

  #read(from: number, to: number, bytes: number): void {
    const data = this.#flash.read(from, bytes);
    for (const [index, byte] of data.entries()) this.#dma.write(to + index, byte);
    this.#ready(COMMAND_US + bytes * BYTE_US);
  }

  #write(to: number, from: number, bytes: number): void {
    const data = Uint8Array.from({ length: bytes }, (_, index) => this.#dma.read(from + index));
    this.#ready(COMMAND_US + bytes * BYTE_US + this.#flash.program(to, data));
  }

  /** A custom instruction: opcode, and up to eight bytes each way, the lowest byte of CINSTRDAT0 first. */
  #instruct(control: number): void {
    this.#control = control;
    const length = Math.max(0, ((control >>> 8) & 15) - 1);
    const data = Array.from({ length }, (_, index) => ((this.#data[index >> 2] ?? 0) >>> (8 * (index & 3))) & 0xff);
    const done = this.#flash.instruct(control & 0xff, data);
    // Without a name of its own an opcode stands where an offset would.
    if (done === undefined)
      this.chip.unknown({ peripheral: "serial flash, opcode", offset: control & 0xff, kind: "write" });
    const words = [0, 0];
    for (const [index, byte] of (done?.answer ?? []).slice(0, length).entries()) {
      words[index >> 2] = (words[index >> 2] ?? 0) | (byte << (8 * (index & 3)));
    }
    if (done !== undefined && done.answer.length > 0) this.#data = words;
    this.#ready(COMMAND_US + (done?.us ?? 0));
  }
}
