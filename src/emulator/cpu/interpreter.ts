import type { Region } from "../memory/memory-map.ts";
import { CODE_BLOCK_BITS, Ram } from "../memory/ram.ts";
import { CodePage, PAGE_BYTES } from "./code-page.ts";
import { type Decoder, decoderOf, isLong } from "./decode/decoder.ts";
import { advanced, holds } from "./execute/branch.ts";
import type { Instruction } from "./execute/instruction.ts";
import { Breakpoint } from "./state/breakpoint.ts";
import type { Core } from "./state/core.ts";
import { CpuFault } from "./state/cpu-fault.ts";
import { takeException } from "./system/exception-entry.ts";
import { pendFault } from "./system/pend.ts";
import { executionPriority, groupPriority, highestPending } from "./system/priority.ts";
import { fetchFault } from "./system/protection.ts";
import { carryAndOverflowOf } from "./translate/flags-text.ts";
import { LINKS } from "./translate/links.ts";
import { STOP } from "./translate/port.ts";
import type { Entry, Exit, Translated } from "./translate/region.ts";
import { STATE } from "./translate/state.ts";
import { Translator } from "./translate/translator.ts";
import { Windows } from "./translate/windows.ts";

const SECURE_GATEWAY = 0xe97f;

/** Heat of a place that cannot be translated. */
const COLD = 0xffff;
const HEAT_OF_JUMP = 16;
const HEAT_OF_STEP = 1;

/** N and Z by one number: MSR may set both, which no result does. */
function isPlain({ n, z }: Core): boolean {
  return n >= 0 || z !== 0;
}

/** So often an access of translated code is left to the interpreter before it is written anew. */
const REFUSALS_MAX = 32;

/** Cycles that a region may use at once: its count is a small integer. */
const BUDGET_MAX = 0x3fff_ffff;

/** How a core's instructions are carried out. */
export interface Engine {
  /** Regions of code become JavaScript when control came to them so often; Infinity: never. */
  readonly translatedAfter: number;
}

export const TRANSLATOR: Engine = { translatedAfter: 12 };
export const INTERPRETER: Engine = { translatedAfter: Number.POSITIVE_INFINITY };

/**
 * Runs one core, an instruction at a time, or a region of translated code. What it decoded and translated it keeps
 * until the bytes or the protection change.
 */
export class Interpreter {
  readonly core: Core;
  readonly #decoder: Decoder;
  /** What was decoded, for each state that decides what may be fetched. */
  readonly #decoded = new Map<number, Map<number, CodePage>>();
  #pages = new Map<number, CodePage>();
  #state = 0;
  readonly #heard = new Map<Ram, () => void>();
  #page = new CodePage();
  #pageAt = -1;
  #windows: Windows | undefined;
  #translator: Translator | undefined;
  readonly #hot: number;
  #isStarted = false;
  /** Heat for the next place: control has just come there. */
  #arrived = 0;

  constructor(core: Core, engine: Engine) {
    this.core = core;
    this.#hot = engine.translatedAfter * HEAT_OF_JUMP;
    this.#decoder = decoderOf(core.config);
    this.#decoded.set(this.#state, this.#pages);
    core.onRules = () => {
      this.#forget();
      this.#windows?.forget();
    };
    core.onState = (state) => this.#enterState(state);
  }

  /** Before the first instruction: where its code and its stack are. */
  #start(): void {
    const { core } = this;
    LINKS.epoch += 1;
    this.#isStarted = true;
    this.#arrived = HEAT_OF_JUMP;
    if (!Number.isFinite(this.#hot)) return;
    this.#windows = Windows.of(core.memory, { stack: core.get(13), start: core.pc });
    this.#windows?.forget();
    if (this.#windows === undefined) return;
    this.#translator = new Translator(core, this.#decoder, this.#windows);
    core.devices = this.#windows.devices;
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
    if (!this.#isStarted) this.#start();
    while (core.cycles < core.deadline && !core.lockedUp) {
      try {
        this.#runOn();
        if (core.asleep !== "no") break;
      } catch (error) {
        if (!(error instanceof CpuFault)) throw error;
        this.#fault(error);
      }
    }
    // What it was does not matter between instructions, and translated code does not keep it.
    core.r[15] = core.pc + 4;
  }

  #runOn(): void {
    const { core } = this;
    while (core.cycles < core.deadline) {
      if (core.attention !== 0 && !this.#attend()) return;
      const { pc } = core;
      if ((pc & -PAGE_BYTES) !== this.#pageAt) this.#turnTo(pc);
      const slot = (pc & (PAGE_BYTES - 1)) >>> 1;
      const entry = this.#page.entries[slot] ?? (this.#arrived === 0 ? undefined : this.#warmed(pc, slot));
      if (entry !== undefined && core.it === 0 && isPlain(core) && !this.#enter(entry)) continue;
      this.#step();
    }
  }

  /** One instruction. */
  #step(): void {
    const { core } = this;
    const { pc } = core;
    if ((pc & -PAGE_BYTES) !== this.#pageAt) this.#turnTo(pc);
    const instruction = this.#page.instructions[(pc & (PAGE_BYTES - 1)) >>> 1] ?? this.#decode(pc);
    const after = pc + instruction.bytes;
    core.r[15] = pc + 4;
    core.next = after;
    core.cycles += 1;
    if (core.it === 0) instruction.run(core, instruction);
    else this.#runInIt(instruction);
    core.pc = core.next;
    if (core.next !== after) this.#arrived = HEAT_OF_JUMP;
  }

  /**
   * Runs translated code from an entry on, region after region.
   * @returns whether an instruction is to be interpreted now: translated code does not do it
   */
  #enter(first: Entry): boolean {
    const { core } = this;
    const windows = this.#windows as Windows;
    const { state, port } = windows;
    const { r } = core;
    windows.admit(core);
    let left = Math.min(core.deadline - core.cycles, BUDGET_MAX);
    port.open(core, left);
    let entry: Entry | undefined = first;
    let ran: Translated;
    let exit: Exit;
    let pc: number;
    state[STATE.nz] = core.z === 0 ? 0 : core.n < 0 ? -1 : 1;
    state[STATE.c] = core.c;
    state[STATE.v] = core.v;
    state[STATE.kind] = 0;
    do {
      ran = entry.run;
      left = ran(r, entry.block, left);
      exit = entry.exits[state[STATE.exit] as number] as Exit;
      left += exit.ahead;
      if (exit.kind >= 0) state[STATE.kind] = exit.kind;
      pc = exit.pc < 0 ? (state[STATE.pc] as number) >>> 0 : exit.pc;
      if (exit.isRefused || exit.it !== 0 || left <= 0 || state[STATE.stop] !== STOP.none) break;
      if (exit.epoch === LINKS.epoch && exit.to === pc) entry = exit.link;
      else {
        entry = this.#entryAt(pc);
        exit.link = entry;
        exit.to = pc;
        exit.epoch = entry === undefined ? -1 : LINKS.epoch;
      }
    } while (entry !== undefined);
    core.pc = pc;
    core.it = exit.it;
    this.#takeFlags(state);
    if (state[STATE.stop] === STOP.failed) this.#failed();
    core.cycles = port.end - left;
    this.#arrived = exit.isRefused ? HEAT_OF_STEP : HEAT_OF_JUMP;
    if (exit.isOfAccess) this.#refused(exit, ran);
    return exit.isRefused && core.cycles < core.deadline;
  }

  /** An access of translated code was not to plain memory: after some of them its region is written anew, with the port. */
  #refused(exit: Exit, run: Translated): void {
    exit.refusals += 1;
    if (exit.refusals !== REFUSALS_MAX) return;
    this.#windows?.devices.add(exit.pc);
    this.#translator?.forget(run);
    LINKS.epoch += 1;
    for (const pages of this.#decoded.values()) {
      for (const page of pages.values()) page.dropWhere((entry) => entry.run === run, this.#hot);
    }
  }

  /** An access through the port did not complete. */
  #failed(): never {
    const { core } = this;
    core.r[15] = core.pc + 4;
    throw this.#windows?.port.failure;
  }

  /** The flags as translated code left them. */
  #takeFlags(state: Int32Array): void {
    const { core } = this;
    const nz = state[STATE.nz] as number;
    const kind = state[STATE.kind] as number;
    const c = state[STATE.c] as number;
    core.n = nz;
    core.z = nz;
    core.c = c;
    core.v = state[STATE.v] as number;
    if (kind === 0) return;
    const flags = carryAndOverflowOf(kind, c, {
      fa: state[STATE.fa] as number,
      fb: state[STATE.fb] as number,
      fr: state[STATE.fr] as number,
    });
    core.c = flags & 1;
    core.v = flags >>> 1;
  }

  /** Control has come to a place without translated code: often enough, and it has some. */
  #warmed(pc: number, slot: number): Entry | undefined {
    const { heat, entries } = this.#page;
    const arrived = this.#arrived;
    this.#arrived = 0;
    if (this.#translator === undefined || heat[slot] === COLD) return undefined;
    heat[slot] = Math.min((heat[slot] as number) + arrived, COLD - 1);
    if (heat[slot] <= this.#hot || this.core.it !== 0) return undefined;
    const region = this.#translator.regionAt(pc, (address) => this.#listenAt(address));
    heat[slot] = COLD;
    for (const [address, entry] of region ?? []) this.#setEntry(address, entry);
    return entries[slot];
  }

  #entryAt(address: number): Entry | undefined {
    return this.#pages.get(address & -PAGE_BYTES)?.entries[(address & (PAGE_BYTES - 1)) >>> 1];
  }

  #setEntry(address: number, entry: Entry): void {
    this.#pageOf(address & -PAGE_BYTES).enter((address & (PAGE_BYTES - 1)) >>> 1, entry);
  }

  #listenAt(address: number): void {
    const region = this.core.memory.at(address);
    if (region) this.#listenTo(region, address);
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
    this.#page = this.#pageOf(this.#pageAt);
  }

  #pageOf(at: number): CodePage {
    const known = this.#pages.get(at);
    if (known) return known;
    const page = new CodePage();
    this.#pages.set(at, page);
    return page;
  }

  #forget(): void {
    LINKS.epoch += 1;
    this.#decoded.clear();
    this.#state = -1;
    this.#pageAt = -1;
  }

  #enterState(state: number): void {
    if (state === this.#state) return;
    LINKS.epoch += 1;
    this.#state = state;
    this.#pageAt = -1;
    const known = this.#decoded.get(state);
    this.#pages = known ?? new Map<number, CodePage>();
    if (!known) this.#decoded.set(state, this.#pages);
  }

  #decode(pc: number): Instruction {
    const { core } = this;
    if (core.breakpoints.has(pc)) throw new Breakpoint();
    const first = this.#fetch(pc);
    const second = isLong(first) ? this.#fetch((pc + 2) >>> 0) : 0;
    const instruction = this.#decoder.decode(first, second);
    this.#page.instructions[(pc & (PAGE_BYTES - 1)) >>> 1] = instruction;
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

  /** Forgets what was decoded in a block, and what may reach into it: the instruction before, and regions. */
  #drop(block: number): void {
    LINKS.epoch += 1;
    this.#windows?.forget();
    for (const pages of this.#decoded.values()) {
      for (let address = block - 2; address < block + (1 << CODE_BLOCK_BITS); address += 2) {
        const page = pages.get(address & -PAGE_BYTES);
        page?.forget((address & (PAGE_BYTES - 1)) >>> 1);
      }
      for (const page of pages.values()) page.drop(block);
    }
  }
}
