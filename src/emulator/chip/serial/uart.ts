import type { ChipContext } from "../parts/chip-context.ts";
import { kept, NrfPeripheral } from "../parts/nrf-peripheral.ts";

const FIFO_BYTES = 6;
const BITS_A_FRAME = 10;
const RXDRDY = 0x108;
const TXDRDY = 0x11c;
const ERROR = 0x124;
const RXTO = 0x144;
const ERROR_OVERRUN = 1;
const ENABLED = 4;
const US_A_SECOND = 1e6;

/** Bytes that a UART sends leave through this. */
type UartOutput = (byte: number) => void;

/** The line's side of a UART: what a host's cable is plugged into. */
interface UartLine {
  /** Bytes from the host arrive one after the other, as fast as the line carries them. */
  receive(bytes: Uint8Array): void;
}

/** UART without DMA. Source: nRF51 Series Reference Manual v3.0, chapter 29. */
export class ChipUart extends NrfPeripheral implements UartLine {
  readonly #output: UartOutput;
  readonly #fifo: number[] = [];
  #arriving: number[] = [];
  #isPaced = false;
  #receives = false;
  #sends = false;
  #baudRegister = 0x0400_0000;
  #errorSource = 0;
  #enable = 0;

  constructor(chip: ChipContext, start: number, irq: number, output: UartOutput) {
    super(chip, "UART0", start, irq);
    this.#output = output;
    this.tasks.set(0x000, () => {
      this.#receives = true;
    });
    this.tasks.set(0x004, () => {
      this.#receives = false;
      this.emit(RXTO);
    });
    this.tasks.set(0x008, () => {
      this.#sends = true;
    });
    this.tasks.set(0x00c, () => {
      this.#sends = false;
    });
    this.tasks.set(0x01c, () => {
      this.#sends = false;
      this.#receives = false;
    });
    this.registers.set(0x480, {
      read: () => this.#errorSource,
      write: (value) => {
        this.#errorSource &= ~value;
      },
    });
    this.registers.set(0x518, { read: () => this.#take() });
    this.registers.set(0x51c, { write: (value) => this.#send(value & 0xff) });
    this.registers.set(0x524, {
      read: () => this.#baudRegister,
      write: (value) => {
        this.#baudRegister = value;
      },
    });
    this.registers.set(0x500, {
      read: () => this.#enable,
      write: (value) => this.#switch(value & 7),
    });
    for (const offset of [0x508, 0x50c, 0x510, 0x514, 0x56c]) this.registers.set(offset, kept());
  }

  /** ENABLE: what is not on receives nothing, sends nothing and keeps nothing. */
  #switch(enable: number): void {
    this.#enable = enable;
    if (enable === ENABLED) return;
    this.#receives = false;
    this.#sends = false;
    this.#fifo.length = 0;
  }

  /** Cycles of one byte on the line. Source: BAUDRATE, baud = register * 16 MHz / 2^32. */
  get #byteCycles(): number {
    const baud = ((this.#baudRegister >>> 0) * 16e6) / 2 ** 32;
    return (BITS_A_FRAME * US_A_SECOND * this.chip.cyclesPerUs) / Math.max(baud, 1200);
  }

  receive(bytes: Uint8Array): void {
    this.#arriving.push(...bytes);
    if (!this.#isPaced && this.#arriving.length > 0) this.#pace();
  }

  #pace(): void {
    this.#isPaced = true;
    this.chip.scheduler.after(this.#byteCycles, () => {
      const [byte, ...rest] = this.#arriving;
      this.#arriving = rest;
      if (byte !== undefined) this.#arrive(byte);
      this.#isPaced = false;
      if (rest.length > 0) this.#pace();
    });
  }

  /** What comes while the receiver is off is lost, as is what comes while the FIFO is full. */
  #arrive(byte: number): void {
    if (!this.#receives) return;
    if (this.#fifo.length === FIFO_BYTES) {
      this.#errorSource |= ERROR_OVERRUN;
      this.emit(ERROR);
      return;
    }
    this.#fifo.push(byte);
    if (this.#fifo.length === 1) this.emit(RXDRDY);
  }

  /** RXD: takes a byte; RXDRDY comes again where there is another. */
  #take(): number {
    const byte = this.#fifo.shift() ?? 0;
    if (this.#fifo.length > 0) this.chip.scheduler.after(1, () => this.emit(RXDRDY));
    return byte;
  }

  #send(byte: number): void {
    if (!this.#sends) return;
    this.chip.scheduler.after(this.#byteCycles, () => {
      this.#output(byte);
      this.emit(TXDRDY);
    });
  }
}
