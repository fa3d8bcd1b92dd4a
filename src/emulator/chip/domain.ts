import type { FlashOperation } from "../../mcuboot/index.ts";
import type { Engine } from "../cpu/interpreter.ts";
import { Processor } from "../cpu/processor.ts";
import type { CoreConfig } from "../cpu/state/core-config.ts";
import { MemoryMap } from "../memory/memory-map.ts";
import { DppiChannels } from "./bus/dppi.ts";
import type { Stall } from "./memory/nvmc.ts";
import type { ChipContext, UnknownAccess } from "./parts/chip-context.ts";
import { Dma } from "./parts/dma.ts";
import { Scheduler } from "./parts/scheduler.ts";

/** The time of a chip with several cores, in cycles. */
export interface ChipTime {
  readonly now: number;
  /** An event was planned: no core may run past it. */
  planned(cycle: number): void;
}

interface DomainOptions {
  readonly config: CoreConfig;
  readonly engine: Engine | undefined;
  readonly cyclesPerUs: number;
  readonly time: ChipTime;
  readonly unknown: (access: UnknownAccess) => void;
  /** Before each flash operation of this core's controllers. */
  readonly before: (operation: FlashOperation) => void;
  /** The core is dead until a reset. */
  readonly lockedUp: () => void;
}

/** One core with its memory map, its interrupts, channels and events. A reset makes a new one. */
export class Domain {
  readonly memory = new MemoryMap([]);
  readonly processor: Processor;
  readonly scheduler: Scheduler;
  readonly channels: DppiChannels;
  readonly chip: ChipContext;
  readonly stall: Stall;
  /** Something may have woken the core. */
  #isStirred = true;

  readonly #lockedUp: () => void;

  constructor({ config, engine, cyclesPerUs, time, unknown, before, lockedUp }: DomainOptions) {
    this.#lockedUp = lockedUp;
    this.processor = new Processor(config, this.memory, engine);
    const { core } = this.processor;
    core.skipTo(time.now);
    this.scheduler = new Scheduler(
      () => time.now,
      (cycle) => time.planned(cycle),
    );
    this.channels = new DppiChannels(this.scheduler, cyclesPerUs);
    this.chip = {
      scheduler: this.scheduler,
      cyclesPerUs,
      channels: this.channels,
      interrupt: (irq, high) => {
        this.processor.interrupt(irq, high);
        if (high) this.#stir(time.now);
      },
      unknown: (access) => unknown({ ...access, pc: core.pc }),
    };
    this.stall = {
      stall: (stalled) => {
        core.skip(Math.round(stalled));
      },
      busError: (address) => core.raise("PRECISERR", address),
      before,
    };
  }

  dma(who: string): Dma {
    return new Dma(this.chip, this.memory, who);
  }

  /** The core runs instructions, or may after what happened. */
  get isAwake(): boolean {
    const { core } = this.processor;
    return !core.lockedUp && (core.asleep === "no" || this.#isStirred);
  }

  get cycles(): number {
    return this.processor.core.cycles;
  }

  /** When something next happens by itself: an event of a peripheral, or the tick of a core that sleeps. */
  get next(): number {
    const tick = this.isAwake ? Number.POSITIVE_INFINITY : this.processor.nextTick;
    return Math.min(this.scheduler.next, tick);
  }

  /** Does what is due at a moment. */
  runDue(now: number): void {
    this.scheduler.runDue();
    if (!this.isAwake && this.processor.nextTick <= now) this.#stir(now);
  }

  /** Runs the core up to a cycle, or until it sleeps. */
  run(until: number): void {
    this.#isStirred = false;
    this.processor.run(until - this.cycles);
    if (this.processor.core.lockedUp) this.#lockedUp();
  }

  /** Power is gone, or a reset came: nothing that was planned happens. */
  end(): void {
    this.scheduler.clear();
    this.processor.end();
  }

  #stir(now: number): void {
    const { core } = this.processor;
    if (core.asleep !== "no") core.skipTo(now);
    this.#isStirred = true;
  }
}
