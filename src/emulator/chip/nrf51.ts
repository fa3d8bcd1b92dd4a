import { createHash } from "node:crypto";
import type { Random } from "../../core/index.ts";
import type { FlashOperation } from "../../mcuboot/index.ts";
import type { Engine } from "../cpu/interpreter.ts";
import { Processor } from "../cpu/processor.ts";
import type { Core } from "../cpu/state/core.ts";
import { NRF51 } from "../cpu/state/core-config.ts";
import { MemoryMap } from "../memory/memory-map.ts";
import { Ram } from "../memory/ram.ts";
import { ClockPower, RESET_REASON } from "./clock/clock.ts";
import { FlashMemory, type FlashWatch } from "./memory/flash-memory.ts";
import { InformationWords } from "./memory/information.ts";
import { NRF51_NVMC, Nvmc, type Stall } from "./memory/nvmc.ts";
import { type ChipContext, type UnknownAccess, UnknownAccesses } from "./parts/chip-context.ts";
import { type ChipNote, ChipNotes } from "./parts/chip-note.ts";
import { KeptRegisters } from "./parts/kept-registers.ts";
import { Scheduler } from "./parts/scheduler.ts";
import { RandomNumbers } from "./radio/random-numbers.ts";
import { ChipUart } from "./serial/uart.ts";
import { Rtc } from "./timers/rtc.ts";
import { Timer } from "./timers/timer.ts";
import { Watchdog } from "./timers/watchdog.ts";

const FLASH_BYTES = 0x4_0000;
const PAGE_BYTES = 0x400;
const RAM_START = 0x2000_0000;
const RAM_BYTES = 0x4000;
const CYCLES_PER_US = 16;
/**
 * What a reset takes: our choice, but it must be some time, or a chip without a vector table, which locks up with its
 * first fetch, or firmware that resets at once, starts anew for ever at one moment.
 */
const RESET_CYCLES = 1_000 * CYCLES_PER_US;

/** FICR of a chip with 256 KiB of flash. Source: nRF51 Series Reference Manual v3.0, chapter 7. */
const FICR = { 0x10: PAGE_BYTES, 0x14: FLASH_BYTES / PAGE_BYTES, 0x34: 1, 0x38: RAM_BYTES, 0x60: 0x4d2, 0x64: 0x929 };

interface ChipOptions {
  /** A byte left a UART. @param atUs time since power on, of the chip */
  readonly output: (byte: number, atUs: number) => void;
  readonly random: Random;
  /** How instructions are carried out; the same to the bit. */
  readonly engine?: Engine;
}

/** An nRF51 with 256 KiB of flash and 16 KiB of RAM: flash outlives its power, all else is born at power on. */
export class Nrf51 {
  readonly cycleUs = 1 / CYCLES_PER_US;
  readonly flash = new FlashMemory("flash", 0, FLASH_BYTES, PAGE_BYTES);
  /** Called before each flash operation; may throw to stop the chip there, as a power cut does. */
  watch: FlashWatch = () => undefined;
  readonly #unknown = new UnknownAccesses();
  readonly #notes = new ChipNotes();
  readonly #uicr = new Map<number, number>();
  readonly #options: ChipOptions;
  #processor: Processor | undefined;
  /** What ran before the last reset. */
  #instructions = 0;
  #scheduler: Scheduler | undefined;
  /** One for the chip's life: code that was translated knows it. */
  readonly #ram = new Ram("RAM", RAM_START, new Uint8Array(RAM_BYTES));
  #uart: ChipUart | undefined;

  #breakpoints: ReadonlySet<number> = new Set();

  constructor(options: ChipOptions) {
    this.#options = options;
  }

  /** Its core, for a debugger; a reset makes a new one; undefined without power. */
  get core(): Core | undefined {
    return this.#processor?.core;
  }

  /** See `Processor.breakAt`; they outlive a reset. */
  breakAt(addresses: ReadonlySet<number>): void {
    this.#breakpoints = addresses;
    this.#processor?.breakAt(addresses);
  }

  /** Registers that firmware used and that this emulator does not have. */
  get unknown(): readonly UnknownAccess[] {
    return this.#unknown.list;
  }

  /** Resets, lock-ups and faults since this was asked last, in their order; see `ChipNotes`. */
  takeNotes(): readonly ChipNote[] {
    return this.#notes.take();
  }

  /** Words that a programmer writes into UICR, by offset. */
  loadUicr(words: ReadonlyMap<number, number>): void {
    for (const [offset, word] of words) this.#uicr.set(offset, word | 0);
  }

  get isOn(): boolean {
    return this.#processor !== undefined;
  }

  /** When something next happens while the core sleeps, in microseconds since power on; undefined while it runs. */
  get idleUntilUs(): number | undefined {
    if (this.#processor === undefined || this.#processor.core.asleep === "no") return undefined;
    return (this.#scheduler?.next ?? Number.POSITIVE_INFINITY) / CYCLES_PER_US;
  }

  /** Microseconds since power on. */
  get nowUs(): number {
    return (this.#processor?.core.cycles ?? 0) / CYCLES_PER_US;
  }

  /** Instructions since power on. */
  get instructions(): number {
    return this.#instructions + (this.#processor?.instructions ?? 0);
  }

  /** A word of RAM or of a register, as a debugger reads it; 0 without power. */
  ram(address: number): number {
    const region = this.#processor?.core.memory.at(address);
    return region ? region.read(address - region.start, 4) : 0;
  }

  powerOn(): void {
    this.#instructions = 0;
    this.#start(0, 0);
  }

  /** SHA-256 over memories, registers and clock: equal states, equal hashes. */
  stateHash(): string {
    const hash = createHash("sha256").update(this.flash.content).update(this.#ram.content);
    if (this.#processor) {
      const { r, stacks, pc, cycles, exception } = this.#processor.core;
      hash.update(r).update(stacks).update(`${pc} ${cycles} ${exception} ${this.#processor.core.xpsr()}`);
    }
    return hash.digest("hex");
  }

  powerOff(): void {
    this.#processor?.end();
    this.#processor = undefined;
    this.#scheduler = undefined;
    this.#uart = undefined;
  }

  /** Bytes from the host's side of the cable; lost without power. */
  receive(bytes: Uint8Array): void {
    this.#uart?.receive(bytes);
  }

  /** Runs so many microseconds of the chip's time. What `watch` throws comes out of here. */
  run(us: number): void {
    const until = this.nowUs * CYCLES_PER_US + us * CYCLES_PER_US;
    while (this.#processor !== undefined && this.#processor.core.cycles < until) {
      const { core } = this.#processor;
      if (core.lockedUp) {
        this.#note({ what: "lockup", detail: core.pc });
        this.#reset(RESET_REASON.lockup);
        continue;
      }
      this.#scheduler?.runDue();
      const next = () => Math.min(until, this.#scheduler?.next ?? until);
      if (next() > core.cycles) this.#processor.run(next() - core.cycles);
      // Asleep with nothing due before, by what was planned on the way, too: time passes.
      if (core.asleep !== "no") core.skipTo(next());
    }
  }

  #reset(reason: number): void {
    if (this.#processor === undefined) return;
    this.#note({ what: "reset", detail: reason });
    this.#start(reason, this.#processor.core.cycles + RESET_CYCLES);
  }

  #note(note: Pick<ChipNote, "what" | "detail" | "fault" | "address">): void {
    this.#notes.add({ ...note, core: "application", atUs: this.nowUs });
  }

  /** @param cycles what the clock shows: a reset does not set it back */
  #start(reason: number, cycles: number): void {
    this.#instructions = this.instructions;
    this.#processor?.end();
    this.#ram.clear();
    const memory = new MemoryMap([this.#ram]);
    const processor = new Processor(NRF51, memory, this.#options.engine);
    const { core } = processor;
    core.skipTo(cycles);
    const scheduler = new Scheduler(
      () => core.cycles,
      (cycle) => {
        core.deadline = Math.min(core.deadline, cycle);
      },
    );
    const chip: ChipContext = {
      scheduler,
      cyclesPerUs: CYCLES_PER_US,
      interrupt: (irq, high) => processor.interrupt(irq, high),
      unknown: (access) => this.#unknown.add({ ...access, pc: core.pc }),
    };
    const stall: Stall = {
      stall: (stalled) => {
        core.skip(stalled);
      },
      busError: (address) => core.raise("PRECISERR", address),
      before: (operation: FlashOperation) => this.watch(operation),
    };
    core.faulted = ({ fault, address }) => this.#note({ what: "fault", detail: core.pc, fault, address });
    core.resetRequested = () => {
      scheduler.after(1, () => this.#reset(RESET_REASON.software));
    };
    this.#wire(chip, memory, stall, reason);
    this.#processor = processor;
    this.#scheduler = scheduler;
    processor.reset(0);
    processor.breakAt(this.#breakpoints);
  }

  #wire(chip: ChipContext, memory: MemoryMap, stall: Stall, reason: number): void {
    const nvmc = new Nvmc(chip, 0x4001_e000, this.flash, NRF51_NVMC, stall);
    const uart = new ChipUart(chip, 0x4000_2000, 2, (byte) => this.#options.output(byte, this.nowUs));
    this.#uart = uart;
    const parts = [
      this.flash,
      nvmc,
      uart,
      new ClockPower(chip, 0x4000_0000, 0, reason),
      new Timer(chip, "TIMER0", 0x4000_8000, 8, 4),
      new Timer(chip, "TIMER1", 0x4000_9000, 9, 4),
      new Timer(chip, "TIMER2", 0x4000_a000, 10, 4),
      new Rtc(chip, "RTC0", 0x4000_b000, 11, 4),
      new Rtc(chip, "RTC1", 0x4001_1000, 17, 4),
      new Watchdog(chip, 0x4001_0000, 16, () => this.#reset(RESET_REASON.watchdog)),
      new RandomNumbers(chip, 0x4000_d000, 13, this.#options.random.fork("rng")),
      new KeptRegisters(chip, "GPIOTE", 0x4000_6000),
      new KeptRegisters(chip, "PPI", 0x4001_f000),
      new KeptRegisters(chip, "GPIO", 0x5000_0000),
      // Start-up code asks here which errata the silicon has; zeros name none.
      new KeptRegisters(chip, "ROM table", 0xf000_0000),
      new InformationWords(chip, "FICR", 0x1000_0000, FICR),
      new InformationWords(chip, "UICR", 0x1000_1000, this.#uicr),
    ];
    for (const part of parts) memory.add(part);
  }
}
