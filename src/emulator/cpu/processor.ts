import type { MemoryMap } from "../memory/memory-map.ts";
import { type Engine, Interpreter, TRANSLATOR } from "./interpreter.ts";
import { type Bank, Core } from "./state/core.ts";
import type { CoreConfig } from "./state/core-config.ts";
import { EXCEPTION } from "./state/cpu-fault.ts";
import { changedRules, updateGuard } from "./system/protection.ts";
import { sysTickDue, sysTickReached } from "./system/sys-tick.ts";
import { SystemControlSpace } from "./system/system-control-space.ts";

const BANKS: readonly Bank[] = [0, 1];

/** One core with its memory and system registers, ready to be reset and run. */
export class Processor {
  readonly core: Core;
  readonly #interpreter: Interpreter;

  constructor(config: CoreConfig, memory: MemoryMap, engine: Engine = TRANSLATOR) {
    this.core = new Core(config, memory);
    memory.add(new SystemControlSpace(this.core));
    if (config.security) memory.add(new SystemControlSpace(this.core, { alias: true }));
    this.#interpreter = new Interpreter(this.core, engine);
  }

  /** Starts at the vector table: stack pointer, then the address of the first instruction. Source: DDI 0553, TakeReset. */
  reset(vectors: number): void {
    const { core } = this;
    core.system.vtor[core.bank] = vectors;
    const word = (address: number) => {
      const region = core.memory.at(address);
      return region ? region.read(address - region.start, 4) : 0;
    };
    core.set(13, word(vectors) & ~3);
    core.stack = core.bank * 2;
    core.set(14, -1);
    const start = word(vectors + 4);
    core.thumb = start & 1;
    core.pc = (start & ~1) >>> 0;
    core.next = core.pc;
    updateGuard(core);
    core.lookCloser();
  }

  /** Stops before these instructions, by a `Breakpoint` that comes out of `run`: see `Core.breakpoints`. */
  breakAt(addresses: ReadonlySet<number>): void {
    if (this.core.breakpoints === addresses) return;
    this.core.breakpoints = addresses;
    // What was decoded before is not asked again.
    changedRules(this.core);
  }

  /** Its power is gone, or another takes its place after a reset. */
  end(): void {
    this.#interpreter.end();
  }

  /** Instructions since it was made. */
  get instructions(): number {
    return this.core.cycles - this.core.skipped;
  }

  /** Sets an interrupt's line. It pends when the line goes high, and again after its handler while it stays so. */
  interrupt(irq: number, high: boolean): void {
    const { exceptions } = this.core.system;
    const exception = EXCEPTION.irq0 + irq;
    const was = exceptions.line[exception] === 1;
    exceptions.line[exception] = high ? 1 : 0;
    if (!high || was) return;
    exceptions.pending[exception] = 1;
    this.core.lookCloser();
  }

  /** Cycle at which a SysTick counter next reaches 0; Infinity when none runs. */
  get nextTick(): number {
    return Math.min(...BANKS.map((bank) => sysTickDue(this.core, bank)));
  }

  /**
   * Runs so many cycles; less when the core sleeps with nothing to wake it, is locked up, or when something lowered
   * `core.deadline` on the way.
   */
  run(cycles: number): void {
    const { core } = this;
    const until = core.cycles + cycles;
    while (core.cycles < until && !core.lockedUp) {
      const due = this.nextTick;
      const planned = Math.min(until, due);
      core.deadline = planned;
      this.#interpreter.run();
      // A peripheral has something to do earlier than was planned: it is not ours to do.
      if (core.deadline < planned && core.cycles < until) return;
      if (core.asleep !== "no") {
        if (due > until) return;
        core.skipTo(due);
      }
      for (const bank of BANKS) if (sysTickDue(core, bank) <= core.cycles) sysTickReached(core, bank);
    }
  }
}
