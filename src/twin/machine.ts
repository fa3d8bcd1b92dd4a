import { type Clock, sleep, utf8, whenAborted } from "../core/index.ts";
import { decodeHeader, HEADER_BYTES, NRF5340_RAM_END, START_BYTES, startFault } from "../image/index.ts";
import {
  type BootloaderBuild,
  type BootResult,
  boot,
  enteringRecovery,
  imageInRam,
  type NetCoreAnswer,
  type NetCoreStep,
  type RecoveryWay,
  type Steps,
  zephyrEnd,
  zephyrStart,
} from "../mcuboot/index.ts";
import { framingRow } from "../smp/index.ts";
import { TwinApp, type TwinSmp, zephyrBanner } from "./app.ts";
import { type FaultHooks, firmwareSteps } from "./faults.ts";
import type { TwinFlash } from "./flash.ts";
import type { TwinNetCore } from "./net-core.ts";
import { BOOT_MODE_RECOVERY, runRecovery } from "./recovery.ts";
import { ownLink } from "./serving.ts";
import { StepsInTime } from "./steps-in-time.ts";
import type { TwinUart } from "./uart.ts";

/** From power to the first byte of the boot log. Plausible; published: under 16 ms to a first line (DevZone 118101). */
const RESET_TO_LOG_MS = 20;
/** From "Jumping to the first image slot" to the application's banner. */
const APP_START_MS = 120;
/** A crashing application gets this far. */
const CRASH_AFTER_MS = 80;

class PowerLost extends Error {
  constructor() {
    super("the machine lost its power");
  }
}

interface MachineOptions {
  readonly clock: Clock;
  readonly flash: TwinFlash;
  readonly uart: TwinUart;
  readonly build: BootloaderBuild;
  readonly hooks: FaultHooks;
  readonly smp: TwinSmp;
  readonly logBytesPerS?: number;
  /** Left out on a board whose network core is never used. */
  readonly netCore?: TwinNetCore;
  /** Hears when the application serves, and when it no longer does. */
  readonly onApplication?: ((serves: boolean) => void) | undefined;
}

/**
 * The simulated board from power-on to application: runs the bootloader model against the flash in the flash's own
 * time, then the application. Power can go and come back at any instant; only the flash remembers.
 */
export class TwinMachine implements AsyncDisposable {
  readonly #options: MachineOptions;
  readonly #files = new Map<string, Uint8Array>();
  readonly #storedSettings = new Map<string, Uint8Array>();
  #life: { readonly power: AbortController; readonly over: Promise<void> } | undefined;
  /** A boot that resumed a swap came before in this power cycle; for the faults that need to know. */
  #resumed = false;
  /** What the last reset left for the bootloader: in retained memory, and in the register of reset reasons. */
  #reset = { bootMode: 0, byPin: false };
  /** Somebody holds the button that the bootloader looks at. */
  buttonHeld = false;
  /** A boot that changed images came before in the life of this board. */
  #upgraded = false;
  /** Device offset of the slot that the last boot started. */
  #ran: number | undefined;
  /** Images that the last application asked for, in this order; for the fault that goes by it. */
  #requested: readonly number[] = [];
  /** What went wrong with the simulation itself; a twin that breaks must not look like a board that breaks. */
  broken: unknown;
  /** Resolves when the board first serves SMP, or has come to where it does nothing more. */
  readonly settled: Promise<void>;
  #settle: () => void = () => {};

  constructor(options: MachineOptions) {
    this.#options = options;
    this.settled = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  get powered(): boolean {
    return this.#life !== undefined;
  }

  /** @param byPin it starts as its reset pin is let go. */
  powerOn(byPin = false): void {
    if (this.#life) return;
    this.#resumed = false;
    this.#reset = { bootMode: 0, byPin };
    this.#options.uart.powerOn();
    this.#options.netCore?.powerOn();
    const power = new AbortController();
    this.#life = { power, over: this.#live(power.signal) };
  }

  powerOff(): void {
    if (!this.#life) return;
    const { power } = this.#life;
    this.#life = undefined;
    this.#options.onApplication?.(false);
    this.#options.uart.powerOff();
    this.#options.netCore?.powerOff();
    power.abort(new PowerLost());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const over = this.#life?.over;
    this.powerOff();
    await over;
    await this.#options.uart[Symbol.asyncDispose]();
    await this.#options.netCore?.[Symbol.asyncDispose]();
  }

  async #live(power: AbortSignal): Promise<void> {
    try {
      for (;;) await this.#cycle(power);
    } catch (error) {
      if (!(error instanceof PowerLost)) this.broken ??= error;
      this.#settle();
    }
  }

  /** One boot and what it starts; returns when the board resets, throws when power goes. */
  async #cycle(power: AbortSignal): Promise<void> {
    const { clock, hooks, netCore } = this.#options;
    // Every reset of the application core holds the network core in reset, too (RESET.NETWORK.FORCEOFF).
    netCore?.forceOff();
    await sleep(clock, RESET_TO_LOG_MS, power);
    const print = (line: string) => this.#print(line, power);
    const onServing = this.#settle;
    const result = await this.#bootOrRecovery(power);
    if (result === undefined) return;
    const dies = result.kind === "run" && this.#resumed && hooks.afterResume === "hang";
    if (dies) hooks.acted?.("afterResume");
    if (result.kind !== "run" || dies) {
      this.#settle();
      await whenAborted(power);
      power.throwIfAborted();
    }
    if (result.kind !== "run") return;
    // Where images run in place, another slot than before is an upgrade, or the end of one.
    this.#upgraded ||= this.#ran !== undefined && this.#ran !== result.slots[0];
    this.#ran = result.slots[0];
    // A processor without a vector table that makes sense faults at once, and says nothing.
    if (!this.#canStart(result.slots[0] ?? 0)) {
      await whenAborted(power);
      power.throwIfAborted();
    }
    if (this.#upgraded && hooks.afterUpdate !== undefined) hooks.acted?.("afterUpdate");
    if (this.#upgraded && hooks.afterUpdate === "reset") return;
    if (this.#upgraded && hooks.afterUpdate === "hang") await whenAborted(power);
    await sleep(clock, APP_START_MS, power);
    if (this.#resumed && hooks.afterResume === "crash") {
      hooks.acted?.("afterResume");
      await this.#print(zephyrBanner(this.#options.smp.generation), power);
      await this.#print("E: ***** USAGE FAULT *****", power);
      await sleep(clock, CRASH_AFTER_MS, power);
      return;
    }
    netCore?.release();
    const app = new TwinApp({
      ...this.#options,
      files: this.#files,
      storedSettings: this.#storedSettings,
      slotOffset: result.slots[0] ?? 0,
      onRequest: (image) => {
        this.#requested = [...this.#requested, image];
      },
      print,
      onServing: () => {
        this.#toTheAir();
        onServing();
      },
    });
    this.#reset = { bootMode: await app.run(power), byPin: false };
    this.#options.onApplication?.(false);
    // What the reset finds half sent stays half.
    this.#options.uart.reset();
  }

  /** The application serves: whoever has a radio may be heard from now on. */
  #toTheAir(): void {
    const { hooks, onApplication } = this.#options;
    if (!this.#upgraded || hooks.radio === undefined) onApplication?.(true);
    else if (onApplication) hooks.acted?.("radio");
  }

  /** The image in a slot has a stack in RAM and a reset vector in its slot: more a twin cannot know of firmware. */
  #canStart(slotOffset: number): boolean {
    const { flash, build } = this.#options;
    if (build.imageRam !== undefined) return this.#canStartInRam(slotOffset, build.imageRam);
    const { headerBytes } = decodeHeader(flash.read(slotOffset, HEADER_BYTES));
    const areas = build.images.flatMap(({ primary, secondary }) => [primary, secondary]);
    const slotBytes = areas.find(({ offset }) => offset === slotOffset)?.bytes ?? 0;
    const bodyAddress = slotOffset + headerBytes;
    const body = flash.read(bodyAddress, START_BYTES);
    return startFault(body, { bodyAddress, endAddress: slotOffset + slotBytes, ramEnd: NRF5340_RAM_END }) === undefined;
  }

  /** The same of an image that is loaded into RAM. */
  #canStartInRam(slotOffset: number, ram: { readonly offset: number; readonly bytes: number }): boolean {
    const image = imageInRam(this.#options.flash, this.#options.build, slotOffset);
    if (image === undefined) return false;
    const { headerBytes, loadAddress } = decodeHeader(image);
    const addresses = { bodyAddress: loadAddress + headerBytes, endAddress: ram.offset + ram.bytes };
    return startFault(image.subarray(headerBytes), { ...addresses, ramEnd: NRF5340_RAM_END }) === undefined;
  }

  /** The bootloader as it behaves this time. */
  #buildOfBoot(): BootloaderBuild {
    const { build, hooks } = this.#options;
    const requested = this.#requested;
    this.#requested = [];
    const ofBoot = hooks.buildOfBoot?.(build, requested) ?? build;
    if (ofBoot !== build) hooks.acted?.("buildOfBoot");
    return ofBoot;
  }

  /**
   * One start of the bootloader, with its ways into serial recovery where MCUboot has them (`RECOVERY_WAYS`).
   * @returns undefined when serial recovery served, until it was told to reset.
   */
  async #bootOrRecovery(power: AbortSignal): Promise<BootResult | undefined> {
    const { clock, flash, uart } = this.#options;
    const build = this.#buildOfBoot();
    const { bootMode, byPin } = this.#reset;
    this.#reset = { bootMode: 0, byPin: false };
    const has = (way: RecoveryWay) => build.recovery?.ways.has(way) === true;
    const { framing } = this.#options.smp;
    const recover = async (idle: { readonly inactivityMs?: number | undefined } = {}) => {
      await this.#carryOut(enteringRecovery(build), power);
      await runRecovery({ ...this.#options, framing, onServing: this.#settle, ...idle }, power);
      return undefined;
    };
    await this.#carryOut(zephyrStart(build), power);
    // In a state in which nothing is started it panics before it looks at a pin.
    const starts = build.lifeCycle?.boots !== false;
    if (starts && ((has("button") && this.buttonHeld) || (has("pin-reset") && byPin))) return recover();
    const early = has("wait") ? ownLink(uart, clock) : undefined;
    const beganUs = clock.nowUs();
    const result = await this.#carryOut(firmwareSteps(this.#options.hooks, flash, build, boot), power);
    // What panics or hangs never comes back to where the rest is decided.
    const isBack = result.kind === "run" || result.kind === "fail";
    if (isBack && has("boot-mode") && bootMode === BOOT_MODE_RECOVERY)
      return recover({ inactivityMs: build.recovery?.inactivityMs });
    if (isBack && early !== undefined) {
      // However long the images took, it looks once.
      const waitMs = Math.max(1, (build.recovery?.waitMs ?? 0) - (clock.nowUs() - beganUs) / 1000);
      const { inactivityMs } = build.recovery ?? {};
      const waiting = { waitMs, link: early };
      if (await runRecovery({ ...this.#options, framing, waiting, inactivityMs }, power)) return undefined;
    }
    await this.#carryOut(zephyrEnd(flash, build, result), power);
    return result.kind === "fail" && has("no-application") ? recover() : result;
  }

  async #carryOut<T>(steps: Steps<T>, power: AbortSignal): Promise<T> {
    const inTime = new StepsInTime(steps, { ...this.#options, power });
    let answer: NetCoreAnswer | undefined;
    for (;;) {
      const next = await inTime.next(answer);
      answer = undefined;
      if (next.done) return next.value;
      const step = next.value;
      if (step.kind === "net core") {
        answer = await this.#onNetCore(step, power);
        continue;
      }
      if (step.text.startsWith("Boot source: primary slot")) this.#resumed = true;
      if (/^(Starting swap|Erasing the primary)/.test(step.text)) this.#upgraded = true;
      await this.#print(step.level === "" ? step.text : `${step.level}: ${step.text}`, power);
    }
  }

  async #onNetCore(step: NetCoreStep, power: AbortSignal): Promise<NetCoreAnswer | undefined> {
    const { clock, netCore } = this.#options;
    if (netCore === undefined) throw new RangeError("a bootloader that updates a network core, on a board without one");
    if (step.does === "start") netCore.release(step);
    if (step.does === "stop") netCore.forceOff();
    if (step.does !== "wait") return undefined;
    await sleep(clock, (step.durationUs ?? 0) / 1000, power);
    return { status: netCore.status(), version: netCore.versionTold };
  }

  async #print(line: string, power: AbortSignal): Promise<void> {
    power.throwIfAborted();
    // A UART for packets without frames carries no log.
    if (!framingRow(this.#options.smp.framing ?? "console").carriesLog) return;
    await this.#options.uart.write(utf8(`${line}\r\n`));
    power.throwIfAborted();
  }
}
