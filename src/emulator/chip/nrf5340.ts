import { createHash } from "node:crypto";
import type { Random } from "../../core/index.ts";
import { type FlashOperation, INTERNAL_FLASH_BYTES } from "../../mcuboot/index.ts";
import type { Engine } from "../cpu/interpreter.ts";
import type { Core } from "../cpu/state/core.ts";
import { NRF5340_APPLICATION, NRF5340_NETWORK } from "../cpu/state/core-config.ts";
import { CpuFault } from "../cpu/state/cpu-fault.ts";
import type { Region } from "../memory/memory-map.ts";
import { Ram } from "../memory/ram.ts";
import { type Ipc, IpcWires } from "./bus/ipc.ts";
import { Mutex } from "./bus/mutex.ts";
import { Domain } from "./domain.ts";
import { ExecuteInPlace } from "./memory/execute-in-place.ts";
import { FlashMemory, type FlashWatch } from "./memory/flash-memory.ts";
import { wireApplication } from "./nrf5340-application.ts";
import { wireNetwork } from "./nrf5340-network.ts";
import { NRF5340_RESET, UICR_APPLICATION, UICR_NETWORK } from "./nrf5340-registers.ts";
import { type UnknownAccess, UnknownAccesses } from "./parts/chip-context.ts";
import { type ChipCore, type ChipNote, ChipNotes } from "./parts/chip-note.ts";
import { SerialFlash } from "./serial/serial-flash.ts";
import type { Uarte } from "./serial/uarte.ts";
import { Turns } from "./turns.ts";

const CYCLES_PER_US = 64;
const QSPI_BYTES = 0x80_0000;
const XIP = 0x1000_0000;
const NETWORK_FLASH = 0x0100_0000;

/** Sizes and pages. Source: nRF5340 Product Specification v1.5, "Memory"; NVMC of each core. */
const APPLICATION = { flash: INTERNAL_FLASH_BYTES, page: 0x1000, ram: 0x8_0000, ramStart: 0x2000_0000 };
const NETWORK = { flash: 0x4_0000, page: 0x800, ram: 0x1_0000, ramStart: 0x2100_0000 };

interface Nrf5340Options {
  /** A byte left a UART. @param uart number of the UARTE @param atUs time since power on, of the chip */
  readonly output: (core: ChipCore, uart: number, byte: number, atUs: number) => void;
  readonly random: Random;
  /** How instructions are carried out; the same to the bit. */
  readonly engine?: Engine;
}

/** From a lock-up or a reset to the first instruction: our choice, but it must be some time. */
const RESET_US = 1000;

/**
 * An nRF5340 with its serial flash: both cores, in deterministic turns. Flash outlives its power; RAM and the two
 * registers that firmware keeps outlive a reset.
 */
export class Nrf5340 {
  readonly cycleUs = 1 / CYCLES_PER_US;
  /** Application core's flash, and behind it the serial one. */
  readonly flash = new FlashMemory("flash", 0, APPLICATION.flash, APPLICATION.page, APPLICATION.flash + QSPI_BYTES);
  readonly networkFlash = new FlashMemory("network flash", NETWORK_FLASH, NETWORK.flash, NETWORK.page);
  /** Called before each operation on `flash`; may throw to stop the chip there, as a power cut does. */
  watch: FlashWatch = () => undefined;
  /** The same for the network core's flash. */
  watchNetwork: FlashWatch = () => undefined;
  readonly #unknown = new UnknownAccesses();
  readonly #notes = new ChipNotes();
  readonly #uicr = new Map(UICR_APPLICATION);
  readonly #networkUicr = new Map(UICR_NETWORK);
  readonly #options: Nrf5340Options;
  readonly #serialFlash: SerialFlash;
  readonly #turns = new Turns(() => this.#domains);
  #domains: readonly Domain[] = [];
  /** What cores ran that have no power any more. */
  #instructions = 0;
  #application: Domain | undefined;
  #network: Domain | undefined;
  #uarts: readonly Uarte[] = [];
  #networkUart: Uarte | undefined;
  #networkIpc: Ipc | undefined;
  /** Both for the chip's life: code that was translated knows them. */
  readonly #ram = new Ram("RAM", APPLICATION.ramStart, new Uint8Array(APPLICATION.ram));
  readonly #networkRam = new Ram("network RAM", NETWORK.ramStart, new Uint8Array(NETWORK.ram));
  #wires = new IpcWires();
  #forceOff = 1;
  #breakpoints: ReadonlySet<number> = new Set();
  #control = { reasons: 0, retained: [0, 0] as [number, number] };
  #networkControl = { reasons: 0, retained: [0, 0] as [number, number] };

  constructor(options: Nrf5340Options) {
    this.#options = options;
    this.#serialFlash = new SerialFlash({
      read: (offset, bytes) => this.flash.contentAt(APPLICATION.flash + offset, bytes),
      change: (operation) => {
        const placed: FlashOperation = { ...operation, offset: APPLICATION.flash + operation.offset };
        this.watch(placed);
        this.flash.apply(placed);
      },
    });
  }

  /** The application core, for a debugger; a reset makes a new one; undefined without power. */
  get core(): Core | undefined {
    return this.#application?.processor.core;
  }

  /** Stops the application core: see `Processor.breakAt`. They outlive a reset. */
  breakAt(addresses: ReadonlySet<number>): void {
    this.#breakpoints = addresses;
    this.#application?.processor.breakAt(addresses);
  }

  /** Registers that firmware used and that this emulator does not have. */
  get unknown(): readonly UnknownAccess[] {
    return this.#unknown.list;
  }

  /** Resets, lock-ups and faults since this was asked last, in their order; see `ChipNotes`. */
  takeNotes(): readonly ChipNote[] {
    return this.#notes.take();
  }

  /** Words that a programmer writes into a core's UICR, by offset. */
  loadUicr(words: ReadonlyMap<number, number>, core: ChipCore = "application"): void {
    for (const [offset, word] of words) (core === "network" ? this.#networkUicr : this.#uicr).set(offset, word | 0);
  }

  get isOn(): boolean {
    return this.#application !== undefined;
  }

  /** Whether the network core was let go. */
  get isNetworkOn(): boolean {
    return this.#network !== undefined;
  }

  get nowUs(): number {
    return this.#turns.reached / CYCLES_PER_US;
  }

  /** When something next happens while both cores sleep, in microseconds since power on; undefined while one runs. */
  get idleUntilUs(): number | undefined {
    const idle = this.#turns.idleUntil;
    return idle === undefined ? undefined : idle / CYCLES_PER_US;
  }

  /** Instructions of both cores since power on. */
  get instructions(): number {
    return this.#domains.reduce((sum, { processor }) => sum + processor.instructions, this.#instructions);
  }

  powerOn(): void {
    this.#instructions = 0;
    this.#ram.clear();
    this.#networkRam.clear();
    this.#control = { reasons: 0, retained: [0, 0] };
    this.#networkControl = { reasons: 0, retained: [0, 0] };
    this.#turns.restart();
    this.#start(0);
  }

  powerOff(): void {
    this.#endNetwork();
    this.#application?.end();
    this.#application = undefined;
    this.#uarts = [];
    this.#domains = [];
  }

  /** Bytes from the host's side of a cable; lost without power. */
  receive(bytes: Uint8Array, core: ChipCore = "application", uart = 0): void {
    if (core === "network") this.#networkUart?.receive(bytes);
    else this.#uarts[uart]?.receive(bytes);
  }

  /** Runs so many microseconds of the chip's time. What a watch throws comes out of here. */
  run(us: number): void {
    if (!this.isOn) return;
    this.#turns.run(this.#turns.reached + us * CYCLES_PER_US);
  }

  /** A word of memory or of a register, as a debugger on that core reads it; 0 without power, or where a read faults. */
  word(address: number, core: ChipCore = "application"): number {
    const memory = (core === "network" ? this.#network : this.#application)?.memory;
    const region = memory?.at(address);
    try {
      return region ? region.read(address - region.start, 4) : 0;
    } catch (error) {
      if (error instanceof CpuFault) return 0;
      throw error;
    }
  }

  /** SHA-256 over memories, registers and clocks of both cores: equal states, equal hashes. */
  stateHash(): string {
    const hash = createHash("sha256");
    for (const { content } of [this.flash, this.networkFlash, this.#ram, this.#networkRam]) hash.update(content);
    for (const { processor } of this.#domains) {
      const { r, s, pc, cycles, exception, stacks } = processor.core;
      hash.update(r).update(s).update(stacks).update(`${pc} ${cycles} ${exception} ${processor.core.xpsr()}`);
    }
    return hash.digest("hex");
  }

  #reset(reason: number): void {
    this.#note({ what: "reset", core: "application", detail: reason });
    this.#start(reason);
    this.core?.skip(RESET_US * CYCLES_PER_US);
  }

  /** A reset of the application core takes the network core with it. */
  #start(reason: number): void {
    this.#endNetwork();
    this.#instructions = this.instructions;
    this.#application?.end();
    this.#domains = [];
    this.#forceOff = 1;
    this.#control.reasons |= reason;
    this.#wires = new IpcWires();
    const domain = this.#domain("application", (why) => this.#reset(why));
    const { memory } = domain;
    const xip = new ExecuteInPlace(XIP, QSPI_BYTES, (offset, bytes) => this.#serialFlash.read(offset, bytes));
    for (const region of [this.flash, this.#ram, xip]) memory.add(region);
    this.#uarts = wireApplication(domain, {
      flash: this.flash,
      uicr: this.#uicr,
      serialFlash: this.#serialFlash,
      wires: this.#wires,
      mutex: this.#mutexOf(domain),
      control: Object.assign(this.#control, {
        forceOff: { get: () => this.#forceOff, set: (value: number) => this.#holdNetwork(value) },
      }),
      output: (uart, byte) => this.#options.output("application", uart, byte, this.#turns.now / CYCLES_PER_US),
      reset: (why) => this.#reset(why),
    });
    this.#application = domain;
    this.#domains = [domain];
    domain.processor.reset(0);
    domain.processor.breakAt(this.#breakpoints);
  }

  #mutex: Mutex | undefined;

  #mutexOf(domain: Domain): Mutex {
    this.#mutex = new Mutex(domain.chip, 0x5003_0000);
    return this.#mutex;
  }

  /** RESET.NETWORK.FORCEOFF, a moment after it was written. */
  #holdNetwork(value: number): void {
    this.#forceOff = value;
    this.#application?.scheduler.after(1, () => {
      if (this.#forceOff === 1) this.#endNetwork();
      else if (this.#network === undefined) this.#startNetwork(NRF5340_RESET.forceOff);
    });
  }

  #startNetwork(reason: number): void {
    const mutex = this.#mutex;
    if (this.#application === undefined || mutex === undefined) return;
    this.#endNetwork();
    this.#networkControl.reasons |= reason;
    const domain = this.#domain("network", (why) => this.#resetNetwork(why));
    const shared: readonly Region[] = [this.networkFlash, this.#networkRam, this.#ram, this.flash];
    for (const region of shared) domain.memory.add(region);
    const { uart, ipc } = wireNetwork(domain, {
      flash: this.networkFlash,
      uicr: this.#networkUicr,
      wires: this.#wires,
      mutex,
      control: this.#networkControl,
      random: this.#options.random.fork("network RNG"),
      output: (byte) => this.#options.output("network", 0, byte, this.#turns.now / CYCLES_PER_US),
      reset: (why) => this.#resetNetwork(why),
    });
    this.#networkUart = uart;
    this.#networkIpc = ipc;
    this.#network = domain;
    this.#domains = [this.#application, domain];
    domain.processor.reset(NETWORK_FLASH);
  }

  /** A core that resets as soon as it runs, as one with erased flash does, leaves the other one its time. */
  #resetNetwork(reason: number): void {
    this.#note({ what: "reset", core: "network", detail: reason });
    this.#endNetwork();
    this.#application?.scheduler.after(RESET_US * CYCLES_PER_US, () => {
      if (this.#forceOff === 0 && this.#network === undefined) this.#startNetwork(reason);
    });
  }

  #endNetwork(): void {
    this.#instructions += this.#network?.processor.instructions ?? 0;
    this.#network?.end();
    if (this.#networkIpc) this.#wires.detach(this.#networkIpc);
    this.#networkIpc = undefined;
    this.#network = undefined;
    this.#networkUart = undefined;
    if (this.#application) this.#domains = [this.#application];
  }

  #domain(core: ChipCore, reset: (reason: number) => void): Domain {
    const isNetwork = core === "network";
    const domain = new Domain({
      config: isNetwork ? NRF5340_NETWORK : NRF5340_APPLICATION,
      engine: this.#options.engine,
      cyclesPerUs: CYCLES_PER_US,
      time: this.#turns,
      unknown: (access) =>
        this.#unknown.add({ ...access, peripheral: isNetwork ? `network ${access.peripheral}` : access.peripheral }),
      before: (operation) => (isNetwork ? this.watchNetwork(operation) : this.watch(operation)),
      lockedUp: () => {
        this.#note({ what: "lockup", core, detail: own.pc });
        const reason = isNetwork ? NRF5340_RESET.networkLockup : NRF5340_RESET.lockup;
        domain.scheduler.after(RESET_US * CYCLES_PER_US, () => reset(reason));
      },
    });
    const own = domain.processor.core;
    own.resetRequested = () => {
      domain.scheduler.after(1, () => reset(isNetwork ? NRF5340_RESET.networkSoftware : NRF5340_RESET.software));
    };
    own.faulted = ({ fault, address }) => this.#note({ what: "fault", core, detail: own.pc, fault, address });
    return domain;
  }

  #note(note: Omit<ChipNote, "atUs">): void {
    this.#notes.add({ ...note, atUs: this.#turns.now / CYCLES_PER_US });
  }
}
