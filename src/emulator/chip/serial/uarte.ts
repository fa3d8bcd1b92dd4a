import type { ChipContext } from "../parts/chip-context.ts";
import type { Dma } from "../parts/dma.ts";
import { kept, NrfPeripheral } from "../parts/nrf-peripheral.ts";

const ENABLED = 8;
const FIFO_BYTES = 6;
const BITS_A_FRAME = 10;
const US_A_SECOND = 1e6;
const BAUD_MIN = 1200;
const ERROR_OVERRUN = 1;
/** Without another byte for so long after STOPRX the receiver is off. */
const RXTO_BYTES = 5;

const TASK = { startRx: 0x000, stopRx: 0x004, startTx: 0x008, stopTx: 0x00c, flushRx: 0x02c };
const EVENT = {
  rxdRdy: 0x108,
  endRx: 0x110,
  txdRdy: 0x11c,
  endTx: 0x120,
  error: 0x124,
  rxTo: 0x144,
  rxStarted: 0x14c,
  txStarted: 0x150,
  txStopped: 0x158,
};
const MAXCNT = 0xffff;

/** PTR, MAXCNT and AMOUNT of one direction, and the transfer that runs: both are taken when it starts. */
class Buffer {
  pointer = 0;
  limit = 0;
  amount = 0;
  #at = 0;
  #bytes = 0;
  done = 0;
  isOn = false;

  start(): void {
    this.#at = this.pointer;
    this.#bytes = this.limit;
    this.done = 0;
    this.isOn = true;
  }

  end(): void {
    this.amount = this.done;
    this.isOn = false;
  }

  get isFull(): boolean {
    return this.done >= this.#bytes;
  }

  /** Address of the next byte; it counts as done. */
  next(): number {
    const address = this.#at + this.done;
    this.done += 1;
    return address;
  }
}

/**
 * UART with EasyDMA; the line is paced by its baud rate, in both directions, and flow control is not there.
 * Source: nRF5340 Product Specification v1.5, UARTE.
 */
export class Uarte extends NrfPeripheral {
  readonly #output: (byte: number) => void;
  readonly #dma: Dma;
  readonly #tx = new Buffer();
  readonly #rx = new Buffer();
  readonly #fifo: number[] = [];
  readonly #arriving: number[] = [];
  #isPaced = false;
  #sends = false;
  #listens = false;
  #baud = 0x0400_0000;
  #enable = 0;
  #errorSource = 0;
  #timeout = () => {};

  constructor(
    chip: ChipContext,
    name: string,
    start: number,
    irq: number,
    { dma, output }: { readonly dma: Dma; readonly output: (byte: number) => void },
  ) {
    super(chip, name, start, irq);
    this.#dma = dma;
    this.#output = output;
    const whenOn = (act: () => void) => () => {
      if (this.#enable === ENABLED) act();
    };
    this.tasks.set(
      TASK.startRx,
      whenOn(() => this.#startRx()),
    );
    this.tasks.set(
      TASK.stopRx,
      whenOn(() => this.#stopRx()),
    );
    this.tasks.set(
      TASK.startTx,
      whenOn(() => this.#startTx()),
    );
    this.tasks.set(
      TASK.stopTx,
      whenOn(() => this.#stopTx()),
    );
    this.tasks.set(
      TASK.flushRx,
      whenOn(() => this.#flush()),
    );
    this.shortcuts.push({ bit: 5, event: EVENT.endRx, task: TASK.startRx });
    this.shortcuts.push({ bit: 6, event: EVENT.endRx, task: TASK.stopRx });
    this.#addRegisters();
  }

  #addRegisters(): void {
    this.#addBuffer(0x534, this.#rx);
    this.#addBuffer(0x544, this.#tx);
    for (const offset of [0x508, 0x50c, 0x510, 0x514]) this.registers.set(offset, kept(-1));
    this.registers.set(0x56c, kept());
    this.registers.set(0x480, {
      read: () => this.#errorSource,
      write: (value) => {
        this.#errorSource &= ~value;
      },
    });
    this.registers.set(0x500, { read: () => this.#enable, write: (value) => this.#switch(value & 15) });
    this.registers.set(0x524, {
      read: () => this.#baud,
      write: (value) => {
        this.#baud = value;
      },
    });
  }

  #addBuffer(offset: number, buffer: Buffer): void {
    this.registers.set(offset, {
      read: () => buffer.pointer,
      write: (value) => {
        buffer.pointer = value >>> 0;
      },
    });
    this.registers.set(offset + 4, {
      read: () => buffer.limit,
      write: (value) => {
        buffer.limit = value & MAXCNT;
      },
    });
    this.registers.set(offset + 8, { read: () => buffer.amount });
  }

  #switch(enable: number): void {
    this.#enable = enable;
    if (enable === ENABLED) return;
    this.#timeout();
    this.#listens = false;
    this.#sends = false;
    this.#rx.isOn = false;
    this.#tx.isOn = false;
    this.#fifo.length = 0;
  }

  /** Cycles of one byte on the line. Source: BAUDRATE, baud = register * 16 MHz / 2^32, to some hundredths of a percent. */
  get #byteCycles(): number {
    const baud = ((this.#baud >>> 0) * 16e6) / 2 ** 32;
    return (BITS_A_FRAME * US_A_SECOND * this.chip.cyclesPerUs) / Math.max(baud, BAUD_MIN);
  }

  #startTx(): void {
    this.#tx.start();
    this.emit(EVENT.txStarted);
    if (!this.#sends) this.#sendNext();
  }

  #sendNext(): void {
    const tx = this.#tx;
    this.#sends = tx.isOn;
    if (!tx.isOn) return;
    if (tx.isFull) {
      tx.end();
      this.#sends = false;
      this.emit(EVENT.endTx);
      return;
    }
    const byte = this.#dma.read(tx.next());
    this.chip.scheduler.after(this.#byteCycles, () => {
      if (this.#enable !== ENABLED) return;
      this.#output(byte);
      this.emit(EVENT.txdRdy);
      this.#sendNext();
    });
  }

  /** The byte on the line still goes out; AMOUNT is what was sent. */
  #stopTx(): void {
    const after = this.#sends ? this.#byteCycles : 1;
    if (this.#tx.isOn) this.#tx.end();
    this.chip.scheduler.after(after, () => this.emit(EVENT.txStopped));
  }

  #startRx(): void {
    this.#timeout();
    this.#listens = true;
    this.#rx.start();
    this.emit(EVENT.rxStarted);
    while (this.#fifo.length > 0 && this.#rx.isOn) this.#put(this.#fifo.shift() ?? 0);
  }

  #stopRx(): void {
    if (!this.#listens) return;
    if (this.#rx.isOn) this.#endRx();
    this.#timeout();
    this.#timeout = this.chip.scheduler.after(RXTO_BYTES * this.#byteCycles, () => {
      this.#listens = false;
      this.emit(EVENT.rxTo);
    });
  }

  /** What came after STOPRX goes into the buffer. */
  #flush(): void {
    this.#rx.start();
    while (this.#fifo.length > 0 && !this.#rx.isFull) this.#dma.write(this.#rx.next(), this.#fifo.shift() ?? 0);
    this.#endRx();
  }

  #endRx(): void {
    this.#rx.end();
    this.emit(EVENT.endRx);
  }

  /** Bytes from the host arrive one after the other, as fast as the line carries them. */
  receive(bytes: Uint8Array): void {
    for (const byte of bytes) this.#arriving.push(byte);
    if (!this.#isPaced && this.#arriving.length > 0) this.#pace();
  }

  #pace(): void {
    this.#isPaced = true;
    this.chip.scheduler.after(this.#byteCycles, () => {
      this.#isPaced = false;
      const byte = this.#arriving.shift();
      if (byte !== undefined) this.#arrive(byte);
      if (this.#arriving.length > 0) this.#pace();
    });
  }

  /** What comes while the receiver is off is lost, as is what comes while the FIFO is full. */
  #arrive(byte: number): void {
    if (this.#enable !== ENABLED || !this.#listens) return;
    if (this.#rx.isOn) this.#put(byte);
    else if (this.#fifo.length < FIFO_BYTES) this.#fifo.push(byte);
    else {
      this.#errorSource |= ERROR_OVERRUN;
      this.emit(EVENT.error);
    }
  }

  #put(byte: number): void {
    if (!this.#rx.isFull) this.#dma.write(this.#rx.next(), byte);
    this.emit(EVENT.rxdRdy);
    if (this.#rx.isFull) this.#endRx();
  }
}
