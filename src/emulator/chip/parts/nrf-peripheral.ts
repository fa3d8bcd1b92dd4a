import type { Region } from "../../memory/memory-map.ts";
import type { ChipContext } from "./chip-context.ts";

const PERIPHERAL_BYTES = 0x1000;
const EVENTS_FIRST = 0x100;
const EVENTS_LAST = 0x17c;
const SHORTS = 0x200;
const INTEN = 0x300;
const INTENSET = 0x304;
const INTENCLR = 0x308;
const INTPEND = 0x30c;
/** SUBSCRIBE lies so far behind its task, PUBLISH behind its event. */
const ROUTE = 0x80;
const ROUTE_ON = 0x8000_0000;
const CHANNEL = 0xff;

/** A register that is neither task nor event. */
interface PeripheralRegister {
  readonly read?: () => number;
  readonly write?: (value: number) => void;
}

/** A register that keeps what is written to it. */
export function kept(initial = 0): PeripheralRegister {
  let value = initial;
  return {
    read: () => value,
    write: (written) => {
      value = written;
    },
  };
}

/**
 * A peripheral of Nordic's kind: tasks are started by writing 1, events are registers that read 1, and an interrupt's
 * line is high while an event is set that INTEN names; where the chip has channels (DPPI), tasks subscribe to them and
 * events publish on them. Source: nRF51 Series Reference Manual v3.0, chapter 10; nRF5340 Product Specification v1.5,
 * "Peripheral interface".
 */
export class NrfPeripheral implements Region {
  readonly name: string;
  readonly start: number;
  readonly bytes = PERIPHERAL_BYTES;
  readonly executable = false;
  protected readonly chip: ChipContext;
  /** By offset. */
  protected readonly tasks = new Map<number, () => void>();
  protected readonly registers = new Map<number, PeripheralRegister>();
  /** SHORTS bits: what an event starts by itself. */
  protected readonly shortcuts: { readonly bit: number; readonly event: number; readonly task: number }[] = [];
  readonly #irq: number | undefined;
  /** Bit n: the event at 0x100 + 4 n is set. */
  #events = 0;
  #inten = 0;
  #shorts = 0;
  #isHigh = false;
  /** SUBSCRIBE and PUBLISH registers, by their offsets, and what takes a subscription back. */
  readonly #routes = new Map<number, number>();
  readonly #subscriptions = new Map<number, () => void>();

  constructor(chip: ChipContext, name: string, start: number, irq?: number) {
    this.chip = chip;
    this.name = name;
    this.start = start;
    this.#irq = irq;
  }

  read(offset: number, bytes: number): number {
    const word = this.#word(offset & ~3);
    return bytes === 4 ? word : word >>> (8 * (offset & 3));
  }

  #word(offset: number): number {
    const register = this.registers.get(offset);
    if (register?.read) return register.read();
    if (offset >= EVENTS_FIRST && offset <= EVENTS_LAST) return this.has(offset) ? 1 : 0;
    if (offset === INTEN || offset === INTENSET || offset === INTENCLR) return this.#inten;
    if (offset === SHORTS) return this.#shorts;
    if (this.#isRoute(offset)) return this.#routes.get(offset) ?? 0;
    if (offset === INTPEND && this.chip.channels) return this.#events & this.#inten;
    // Tasks read as 0.
    if (!this.tasks.has(offset) && !register) this.chip.unknown({ peripheral: this.name, offset, kind: "read" });
    return 0;
  }

  write(offset: number, _bytes: number, value: number): void {
    const register = this.registers.get(offset);
    const task = this.tasks.get(offset);
    if (register) register.write?.(value);
    else if (task) {
      if ((value & 1) === 1) task();
    } else if (offset >= EVENTS_FIRST && offset <= EVENTS_LAST) this.#setEvent(offset, (value & 1) === 1);
    else if (offset === SHORTS) this.#shorts = value;
    else if (this.#isRoute(offset)) this.#route(offset, value);
    else if (!this.#writeInten(offset, value)) {
      this.chip.unknown({ peripheral: this.name, offset, kind: "write" });
    }
  }

  #writeInten(offset: number, value: number): boolean {
    if (offset === INTEN) this.#inten = value;
    else if (offset === INTENSET) this.#inten |= value;
    else if (offset === INTENCLR) this.#inten &= ~value;
    else return false;
    this.#updateLine();
    return true;
  }

  /** SUBSCRIBE of a task that is there, or PUBLISH of an event. */
  #isRoute(offset: number): boolean {
    if (this.chip.channels === undefined) return false;
    return this.tasks.has(offset - ROUTE) || (offset >= EVENTS_FIRST + ROUTE && offset <= EVENTS_LAST + ROUTE);
  }

  #route(offset: number, value: number): void {
    this.#routes.set(offset, value);
    const task = this.tasks.get(offset - ROUTE);
    if (task === undefined) return;
    this.#subscriptions.get(offset)?.();
    this.#subscriptions.delete(offset);
    const taken = (value & ROUTE_ON) === 0 ? undefined : this.chip.channels?.subscribe(value & CHANNEL, task);
    if (taken) this.#subscriptions.set(offset, taken);
  }

  /** Whether an event is set. @param offset of its register */
  protected has(offset: number): boolean {
    return ((this.#events >>> ((offset - EVENTS_FIRST) / 4)) & 1) === 1;
  }

  /** INTEN, for peripherals whose events depend on it. */
  protected get enabledInterrupts(): number {
    return this.#inten;
  }

  /** An event happens: its register reads 1, its shortcuts run, its channel hears of it. */
  protected emit(offset: number): void {
    this.#setEvent(offset, true);
    for (const { bit, event, task } of this.shortcuts) {
      if (event === offset && ((this.#shorts >>> bit) & 1) === 1) this.tasks.get(task)?.();
    }
    const route = this.#routes.get(offset + ROUTE) ?? 0;
    if ((route & ROUTE_ON) !== 0) this.chip.channels?.publish(route & CHANNEL);
  }

  #setEvent(offset: number, set: boolean): void {
    const bit = 1 << ((offset - EVENTS_FIRST) / 4);
    if (set) this.#events |= bit;
    else this.#events &= ~bit;
    this.#updateLine();
  }

  /** Bit n of INTEN belongs to the event at 0x100 + 4 n. */
  #updateLine(): void {
    const high = (this.#events & this.#inten) !== 0;
    if (this.#irq === undefined || high === this.#isHigh) return;
    this.#isHigh = high;
    this.chip.interrupt(this.#irq, high);
  }
}
