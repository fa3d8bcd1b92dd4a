import type { Region } from "../memory/memory-map.ts";
import { CODE_BLOCK_BITS, Ram } from "../memory/ram.ts";
import { type Decoder, decoderOf, isLong } from "./decode/decoder.ts";
import { advanced, holds } from "./execute/branch.ts";
import type { Instruction } from "./execute/instruction.ts";
import type { Core } from "./state/core.ts";
import { CpuFault } from "./state/cpu-fault.ts";
import { takeException } from "./system/exception-entry.ts";
import { pendFault } from "./system/pend.ts";
import { executionPriority, groupPriority, highestPending } from "./system/priority.ts";
import { fetchFault } from "./system/protection.ts";

const PAGE_BYTES = 4096;
const SECURE_GATEWAY = 0xe97f;

type Page = (Instruction | undefined)[];

/** Runs one core, an instruction at a time. What it decoded it keeps until the bytes or the protection change. */
export class Interpreter {
  readonly core: Core;
  readonly #decoder: Decoder;
  /** What was decoded, for each state that decides what may be fetched. */
  readonly #decoded = new Map<number, Map<number, Page>>();
  #pages = new Map<number, Page>();
  #state = 0;
  readonly #heard = new Map<Ram, () => void>();
  #page: Page = [];
  #pageAt = -1;

  constructor(core: Core) {
    this.core = core;
    this.#decoder = decoderOf(core.config);
    this.#decoded.set(this.#state, this.#pages);
    core.onRules = () => this.#forget();
    core.onState = (state) => this.#enterState(state);
  }

  /** It runs no more: memory need not tell it of changes. */
  end(): void {
    for (const ended of this.#heard.values()) ended();
    this.#heard.clear();
  }

  /**
   * Runs until `core.deadline`, or until the core sleeps or is locked up.
   */
  run(): void {
    const { core } = this;
    while (core.cycles < core.deadline && !core.lockedUp) {
      try {
        this.#runOn();
        if (core.asleep !== "no") return;
      } catch (error) {
        if (!(error instanceof CpuFault)) throw error;
        this.#fault(error);
      }
    }
  }

  #runOn(): void {
    const { core } = this;
    while (core.cycles < core.deadline) {
      if (core.attention !== 0 && !this.#attend()) return;
      const { pc } = core;
      if ((pc & -PAGE_BYTES) !== this.#pageAt) this.#turnTo(pc);
      const instruction = this.#page[(pc & (PAGE_BYTES - 1)) >>> 1] ?? this.#decode(pc);
      core.r[15] = pc + 4;
      core.next = pc + instruction.bytes;
      core.cycles += 1;
      if (core.it === 0) instruction.run(core, instruction);
      else this.#runInIt(instruction);
      core.pc = core.next;
    }
  }

  #runInIt(instruction: Instruction): void {
    const { core } = this;
    core.itNext = advanced(core.it);
    if (holds(core, core.it >>> 4)) {
      const taken = instruction.inIt ?? instruction;
      taken.run(core, taken);
    }
    core.it = core.itNext;
  }

  /** What may be due before the next instruction. @returns false when the core sleeps or is dead. */
  #attend(): boolean {
    const { core } = this;
    core.attention = 0;
    if (core.lockedUp) return false;
    const pending = highestPending(core);
    if (pending && groupPriority(core, pending.exception, pending.bank) < executionPriority(core)) {
      core.asleep = "no";
      takeException(core, pending, core.pc);
      if (core.lockedUp) return false;
    }
    if (core.asleep !== "no" && !this.#wakes()) {
      core.lookCloser();
      return false;
    }
    if (core.thumb === 0) core.raise("INVSTATE");
    return true;
  }

  /** WFI ends when an exception would be taken if PRIMASK were clear; WFE also by an event. */
  #wakes(): boolean {
    const { core } = this;
    const masks = [...core.primask];
    core.primask.fill(0);
    const pending = highestPending(core);
    const urgent = pending && groupPriority(core, pending.exception, pending.bank) < executionPriority(core);
    core.primask[0] = masks[0] as number;
    core.primask[1] = masks[1] as number;
    if (!urgent && !(core.asleep === "wfe" && core.event)) return false;
    if (core.asleep === "wfe") core.event = false;
    core.asleep = "no";
    return true;
  }

  #fault(fault: CpuFault): void {
    const { core } = this;
    core.lookCloser();
    const pended = pendFault(core, fault);
    core.faulted(fault);
    if (pended === undefined) core.lockedUp = true;
    else takeException(core, pended, core.pc);
  }

  #turnTo(pc: number): void {
    this.#pageAt = pc & -PAGE_BYTES;
    const known = this.#pages.get(this.#pageAt);
    this.#page = known ?? Array.from({ length: PAGE_BYTES / 2 });
    if (!known) this.#pages.set(this.#pageAt, this.#page);
  }

  #forget(): void {
    this.#decoded.clear();
    this.#state = -1;
    this.#pageAt = -1;
  }

  #enterState(state: number): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#pageAt = -1;
    const known = this.#decoded.get(state);
    this.#pages = known ?? new Map<number, Page>();
    if (!known) this.#decoded.set(state, this.#pages);
  }

  #decode(pc: number): Instruction {
    const { core } = this;
    const first = this.#fetch(pc);
    const second = isLong(first) ? this.#fetch((pc + 2) >>> 0) : 0;
    const instruction = this.#decoder.decode(first, second);
    this.#page[(pc & (PAGE_BYTES - 1)) >>> 1] = instruction;
    core.r[15] = pc + 4;
    return instruction;
  }

  #fetch(address: number): number {
    const { core } = this;
    const region = core.memory.at(address);
    const half = () => (region ? region.read(address - region.start, 2) & 0xffff : 0);
    const fault = fetchFault(core, address, () => half() === SECURE_GATEWAY);
    if (fault !== undefined) core.raise(fault);
    if (region === undefined) return core.raise("IBUSERR");
    this.#listenTo(region, address);
    return half();
  }

  #listenTo(region: Region, address: number): void {
    if (!(region instanceof Ram)) return;
    region.markCode(address - region.start);
    if (this.#heard.has(region)) return;
    this.#heard.set(
      region,
      region.onCodeChanged((block) => this.#drop(block)),
    );
  }

  /** Forgets what was decoded in a block, and what may reach into it from the one before. */
  #drop(block: number): void {
    for (let address = block - 2; address < block + (1 << CODE_BLOCK_BITS); address += 2) {
      for (const pages of this.#decoded.values()) {
        const page = pages.get(address & -PAGE_BYTES);
        if (page) page[(address & (PAGE_BYTES - 1)) >>> 1] = undefined;
      }
    }
  }
}
