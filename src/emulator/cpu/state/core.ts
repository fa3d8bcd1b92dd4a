import type { MemoryMap } from "../../memory/memory-map.ts";
import type { CoreConfig } from "./core-config.ts";
import { CpuFault, type FaultName } from "./cpu-fault.ts";
import { SystemState } from "./system-state.ts";

/** Index of a banked register: Non-secure 0, Secure 1. Cores without the Security Extension use bank 0 alone. */
export type Bank = 0 | 1;

/** So many 32-byte blocks are remembered for each kind of access. */
const ALLOWED = 8192;

/** Set where something other than the next instruction may be due: the run loop looks closer before it goes on. */
const LOOK_CLOSER = 1;

/**
 * State of one Arm core, and the few acts that every instruction needs. Registers are signed 32-bit numbers.
 * Source of names and rules: Armv8-M ARM (DDI 0553), B3 (programmers' model).
 */
export class Core {
  readonly config: CoreConfig;
  readonly memory: MemoryMap;
  readonly system: SystemState;

  /** r0 to r12, sp of the stack in use, lr; [15] is the address of the running instruction plus 4. */
  readonly r = new Int32Array(16);
  /** Address of the running instruction, unsigned; between instructions that of the next one. */
  pc = 0;
  /** Where the instruction after the running one lies. */
  next = 0;
  /** Condition flags. N is set where `n` is negative, Z where `z` is 0; so a result sets both by two stores. */
  n = 0;
  z = 1;
  c = 0;
  v = 0;
  q = 0;
  ge = 0;
  /** EPSR.IT of the running instruction, bits 7:0 as in ITSTATE; 0 outside an IT block. */
  it = 0;
  /** IT state after the running instruction. */
  itNext = 0;
  /** EPSR.T; 0 makes the next instruction fault (INVSTATE). */
  thumb = 1;
  /** IPSR: number of the exception that runs; 0 in thread mode. */
  exception = 0;
  bank: Bank;
  /** Carry out of the last shifter operand. */
  shiftCarry = 0;

  /** Stack pointers that are not in r13, and all limits: [MSP, PSP] of bank 0, then of bank 1. */
  readonly stacks = new Int32Array(4);
  readonly limits = new Int32Array(4);
  /** Index in `stacks` of the one that r13 holds. */
  stack = 0;
  /** CONTROL.SPSEL and CONTROL.nPRIV of each bank; FPCA and SFPA are not banked. */
  readonly spsel: [number, number] = [0, 0];
  readonly npriv: [number, number] = [0, 0];
  fpca = 0;
  sfpa = 0;
  readonly primask: [number, number] = [0, 0];
  readonly basepri: [number, number] = [0, 0];
  readonly faultmask: [number, number] = [0, 0];

  /** S0 to S31 as bits. */
  readonly s = new Int32Array(32);
  fpscr = 0;

  /** Address that the exclusive monitor has tagged; -1: none. */
  exclusive = -1;
  /** The event register of WFE. */
  event = false;
  /** WFI or WFE waits: no instruction runs until something is pending, or an event comes. */
  asleep: "no" | "wfi" | "wfe" = "no";
  /** Two faults too many: the core is dead until reset. */
  lockedUp = false;

  /** The chip's time; an instruction takes one cycle. */
  cycles = 0;
  /** Cycles in which no instruction ran: asleep, stalled by its flash, before it was started. */
  skipped = 0;
  /** Value of `cycles` at which the core is to stop for an event. */
  deadline = 0;
  /** Not 0: before the next instruction see what is due (exception, T bit, sleep). */
  attention = LOOK_CLOSER;
  /** MPU, SAU or another check looks at each access. */
  guarded = false;
  /** What decides, besides the rules of MPU and SAU, whether an access is allowed: bank, privilege, urgency; 0 to 7. */
  rights = 0;
  /** Accesses that were allowed, by 32-byte block: see `mayAccess`. */
  readonly allowed: { readonly read: Int32Array; readonly write: Int32Array };
  /** Instructions that came to something else than plain memory, by their addresses; undefined: nobody asks. */
  devices: Set<number> | undefined;
  /** Called when the rules of MPU or SAU changed, by which code may be fetched. */
  onRules: () => void = () => undefined;
  /** Called when privilege or security state may have changed. @param state equal numbers, equal rights to fetch */
  onState: (state: number) => void = () => undefined;

  /** SEV: the other cores of the chip hear of it. */
  sendEvent: () => void = () => undefined;

  /** A debugger wants to be told before these instructions; only the interpreter looks at them. */
  breakpoints: ReadonlySet<number> = new Set();
  /** Called when an instruction faults, at its address. */
  faulted: (fault: CpuFault) => void = () => undefined;
  /** AIRCR.SYSRESETREQ. */
  resetRequested: () => void = () => undefined;

  readonly #fault = new CpuFault();

  constructor(config: CoreConfig, memory: MemoryMap) {
    this.config = config;
    this.memory = memory;
    this.system = new SystemState(config);
    this.bank = config.security ? 1 : 0;
    const size = config.security || config.mpuRegions > 0 ? ALLOWED : 0;
    this.allowed = { read: new Int32Array(size).fill(-1), write: new Int32Array(size).fill(-1) };
  }

  get secure(): boolean {
    return this.bank === 1;
  }

  get privileged(): boolean {
    return this.exception !== 0 || this.npriv[this.bank] === 0;
  }

  /** Whether an access was allowed before, by the same rules and with the same rights. */
  mayAccess(access: "read" | "write", address: number, bytes: number): boolean {
    const key = ((address >>> 5) << 3) | this.rights;
    return this.allowed[access][allowedIndex(address)] === key && (address & 31) + bytes <= 32;
  }

  /** An access within a block is allowed by rules that hold for the whole block. */
  rememberAccess(access: "read" | "write", address: number): void {
    this.allowed[access][allowedIndex(address)] = ((address >>> 5) << 3) | this.rights;
  }

  /** The rules changed. */
  forgetAccesses(): void {
    this.allowed.read.fill(-1);
    this.allowed.write.fill(-1);
  }

  /** Time passes without an instruction. */
  skip(cycles: number): void {
    this.cycles += cycles;
    this.skipped += cycles;
  }

  /** Time passes without an instruction, up to a cycle; none where it is there already. */
  skipTo(cycle: number): void {
    if (cycle > this.cycles) this.skip(cycle - this.cycles);
  }

  /** Something may be due before the next instruction. */
  lookCloser(): void {
    this.attention = LOOK_CLOSER;
  }

  /** @returns a register; 15 reads as the running instruction's address plus 4. */
  get(register: number): number {
    return this.r[register] as number;
  }

  set(register: number, value: number): void {
    this.r[register] = value;
  }

  /** @throws CpuFault always: the running instruction does not complete. */
  raise(fault: FaultName, address = 0): never {
    this.#fault.fault = fault;
    this.#fault.address = address;
    throw this.#fault;
  }

  /** A write to the PC that leaves the state as it is: B, BL, MOV and ADD to the PC. */
  branch(address: number): void {
    this.next = (address & ~1) >>> 0;
  }

  /** APSR, IPSR and EPSR as one word. Bit 24 is T, 26:25 and 15:10 are IT, 19:16 GE, 27 Q. */
  xpsr(): number {
    const flags = (this.n < 0 ? 0x8000_0000 : 0) | (this.z === 0 ? 0x4000_0000 : 0) | (this.c << 29) | (this.v << 28);
    const state =
      (this.q << 27) | ((this.it & 3) << 25) | (this.thumb << 24) | (this.ge << 16) | ((this.it >> 2) << 10);
    return flags | state | this.exception;
  }

  /** Sets N, Z, C, V, Q from the top of a word, as MSR APSR_nzcvq does. */
  setFlags(word: number): void {
    this.n = word & 0x8000_0000;
    this.z = (word & 0x4000_0000) === 0 ? 1 : 0;
    this.c = (word >>> 29) & 1;
    this.v = (word >>> 28) & 1;
    this.q = (word >>> 27) & 1;
  }

  /** N and Z by a result. */
  setNz(result: number): void {
    this.n = result;
    this.z = result;
  }

  /** Puts the stack pointer in use into r13, after mode, SPSEL or security state changed. */
  selectStack(): void {
    const wanted = this.bank * 2 + (this.exception === 0 ? this.spsel[this.bank] : 0);
    if (wanted === this.stack) return;
    this.stacks[this.stack] = this.get(13);
    this.set(13, this.stacks[wanted] as number);
    this.stack = wanted;
  }

  /** @param stack index as in `stacks`; @returns its pointer, wherever it is kept. */
  stackPointer(stack: number): number {
    return stack === this.stack ? this.get(13) : (this.stacks[stack] as number);
  }

  setStackPointer(stack: number, value: number): void {
    if (stack === this.stack) this.set(13, value & ~3);
    else this.stacks[stack] = value & ~3;
  }

  /** Writes sp as an instruction does that is checked against the limit. @throws CpuFault STKOF */
  setCheckedStack(value: number): void {
    if (value >>> 0 < (this.limits[this.stack] as number) >>> 0) this.raise("STKOF");
    this.set(13, value & ~3);
  }
}

/** Code and data of the same low address have places of their own. */
function allowedIndex(address: number): number {
  return ((address >>> 5) ^ (address >>> 17)) & (ALLOWED - 1);
}
