import { type Clock, type Random, sleep, textOf, utf8, viewOf } from "../core/index.ts";
import { PAYLOAD_MARK } from "../image/index.ts";
import {
  type B0nEnd,
  b0n,
  COMMAND_BLOCK_BYTES,
  decodeCommandBlock,
  INTERNAL_FLASH_BYTES,
  isOperation,
  NET_APP,
  NET_FLASH,
  NETWORK_FLASH,
  netAppIsWhole,
  netVersionIn,
  type PcdStatus,
  type RamContent,
  ramAt,
  workDurationUs,
} from "../mcuboot/index.ts";
import { TwinFlash } from "./flash.ts";
import type { TwinUart } from "./uart.ts";

/** From release to b0n's first act. */
const RELEASE_MS = 5;
/** From b0n's last line to the application's first. */
const APP_START_MS = 20;
/** Where a payload says what it is: first bytes that are looked through. */
const DESCRIPTION_BYTES = 1024;

interface NetCoreOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** The application core's flash, which the network core can read. */
  readonly appFlash: TwinFlash;
  /** The network core's own UART; a board on which nobody listens there has none. */
  readonly uart?: TwinUart;
  /** The first line of its application. */
  readonly banner: string;
  /** Hears when its application begins to run, and when it no longer does. */
  readonly onRunning?: ((runs: boolean) => void) | undefined;
}

/**
 * The simulated network core: b0n, its flash (the only thing of it that survives a power cut), the command block in
 * shared RAM, and an application that says on its own UART who it is. Held in reset until the application core lets go.
 * Source: sdk-nrf subsys/pcd/src/pcd.c; samples/nrf5340/netboot/src/main.c.
 */
export class TwinNetCore {
  readonly flash: TwinFlash;
  readonly #options: NetCoreOptions;
  readonly #random: Random;
  #block: Uint8Array;
  #ram: RamContent | undefined;
  #versionTold: number | undefined;
  #off: AbortController | undefined;
  #over: Promise<void> = Promise.resolve();
  /** What went wrong with the simulation itself. */
  broken: unknown;

  constructor(options: NetCoreOptions) {
    this.#options = options;
    this.#random = options.random.fork("network core");
    this.flash = new TwinFlash({
      clock: options.clock,
      random: this.#random,
      timing: NETWORK_FLASH,
      flashBytes: NET_FLASH.bytes,
      pageBytes: NET_FLASH.pageBytes,
    });
    this.#block = this.#random.bytes(COMMAND_BLOCK_BYTES);
  }

  /** What a debugger does: the application at its place, the rest of its area erased. */
  programApplication(firmware: Uint8Array): void {
    const offset = NET_APP.address - NET_FLASH.address;
    this.flash.eraseAtOnce(offset, NET_APP.bytes);
    this.flash.program(offset, firmware);
  }

  /** RAM holds noise after power-on. */
  powerOn(): void {
    this.#block = this.#random.bytes(COMMAND_BLOCK_BYTES);
    this.#ram = undefined;
    this.#options.uart?.powerOn();
  }

  powerOff(): void {
    this.forceOff();
    this.#options.uart?.powerOff();
  }

  /** FORCEOFF = 1: the core stops wherever it is. */
  forceOff(): void {
    this.#options.onRunning?.(false);
    this.#off?.abort(new Error("the network core is held in reset"));
    this.#off = undefined;
  }

  /** FORCEOFF = 0, with a command in shared RAM, or whatever stands there. */
  release(command?: { readonly block: Uint8Array; readonly ram?: RamContent }): void {
    this.forceOff();
    if (command !== undefined) {
      this.#block = command.block.slice();
      this.#ram = command.ram;
      this.#versionTold = undefined;
    }
    const off = new AbortController();
    this.#off = off;
    const before = this.#over;
    this.#over = before
      .then(() => this.#run(off.signal))
      .catch((error: unknown) => {
        if (!off.signal.aborted) this.broken ??= error;
      });
  }

  /** No debugger gets in: the application core's secure firmware asked for that. */
  debugLocked = false;

  /** What b0n wrote when it was last asked for its application's version. */
  get versionTold(): number | undefined {
    return this.#versionTold;
  }

  /** What the block says now. */
  status(): PcdStatus {
    return decodeCommandBlock(this.#block).status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.powerOff();
    await this.#over;
    await this.#options.uart?.[Symbol.asyncDispose]();
  }

  async #run(on: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    on.throwIfAborted();
    await sleep(clock, RELEASE_MS, on);
    if ((await this.#boot(on)) !== "application") return;
    await sleep(clock, APP_START_MS, on);
    // A half-copied application may do anything; here it does nothing.
    if (!netAppIsWhole(this.flash)) return;
    this.#options.onRunning?.(true);
    await this.#print(this.#options.banner, on);
    await this.#print(`I: ${this.#description()} is up, firmware version ${netVersionIn(this.flash)}`, on);
  }

  async #boot(on: AbortSignal): Promise<B0nEnd> {
    const { clock, appFlash } = this.#options;
    const steps = b0n({
      flash: this.flash,
      block: this.#block,
      readAppMemory: (address, bytes) => {
        if (address + bytes <= INTERNAL_FLASH_BYTES) return appFlash.read(address, bytes);
        return this.#ram && ramAt(this.#ram, address, bytes);
      },
      writeAppMemory: (_, bytes) => {
        this.#versionTold = viewOf(bytes).getUint32(0, true);
      },
      lockDebug: () => {
        this.debugLocked = true;
      },
    });
    for (;;) {
      const next = steps.next();
      if (next.done) return next.value;
      const step = next.value;
      if (isOperation(step)) await this.flash.perform(step, on);
      else if (step.kind === "work") await sleep(clock, workDurationUs(step) / 1000, on);
      else if (step.kind === "log")
        await this.#print(step.level === "" ? step.text : `${step.level}: ${step.text}`, on);
    }
  }

  /** What the application says of itself. */
  #description(): string {
    const text = textOf(this.flash.read(NET_APP.address - NET_FLASH.address, DESCRIPTION_BYTES));
    const start = text.indexOf(PAYLOAD_MARK);
    return start < 0 ? "network application" : text.slice(start, text.indexOf("\0", start));
  }

  async #print(line: string, on: AbortSignal): Promise<void> {
    await this.#options.uart?.write(utf8(`${line}\r\n`));
    on.throwIfAborted();
  }
}
