import { type Clock, fromHex, sleep } from "../core/index.ts";
import {
  type BootloaderBuild,
  copyCommand,
  decryptInPlace,
  type Flash,
  hasStatusFields,
  isOperation,
  type RecoveryEntry,
  recoveryList,
  type Steps,
  setPending,
  statusOffset,
  workDurationUs,
} from "../mcuboot/index.ts";
import type { RecoveryStore, StoredSlot } from "../smp/index.ts";
import { type FaultHooks, firmwareSteps } from "./faults.ts";
import type { TwinFlash } from "./flash.ts";
import type { TwinNetCore } from "./net-core.ts";

/** Which chunk of an upload is lost, with that fault. */
const LOST_CHUNK = 3;

/**
 * The slots as the bootloader's serial recovery has them: what it lists it has checked, in the time that takes, and
 * what it writes goes to the flash as it comes. A power cut may fall anywhere.
 */
export class TwinRecoverySlots implements RecoveryStore {
  readonly images: number;
  readonly sectorBytes: number;
  readonly writeBytes: number;
  readonly #clock: Clock;
  readonly #flash: TwinFlash;
  readonly #build: BootloaderBuild;
  readonly #power: AbortSignal;
  readonly #netCore: TwinNetCore | undefined;
  readonly #hooks: FaultHooks;
  #writes = 0;
  /** The buffer that is the network core's primary slot; it is gone with the next reset. */
  #ram = new Uint8Array(0);

  /** @param options.power aborts when the board loses power: the operation in work is cut. */
  constructor(options: {
    readonly clock: Clock;
    readonly flash: TwinFlash;
    readonly build: BootloaderBuild;
    readonly power: AbortSignal;
    readonly netCore?: TwinNetCore;
    readonly hooks?: FaultHooks;
  }) {
    this.#clock = options.clock;
    this.#flash = options.flash;
    this.#build = options.build;
    this.#power = options.power;
    this.#netCore = options.netCore;
    this.#hooks = options.hooks ?? {};
    this.images = options.build.images.length;
    this.sectorBytes = options.build.sectorBytes;
    this.writeBytes = options.build.writeBytes;
  }

  async slots(): Promise<readonly StoredSlot[]> {
    const entries = await this.#run(recoveryList);
    return entries.map(({ image, slot, found, ...flags }: RecoveryEntry) => ({
      slot: 2 * image + slot,
      slotBytes: this.slotBytes(2 * image + slot) ?? 0,
      image: found && { ...found, hash: fromHex(found.hash) },
      ...flags,
    }));
  }

  slotBytes(slot: number): number | undefined {
    return this.#area(slot)?.bytes || undefined;
  }

  async eraseRange(slot: number, offset: number, bytes: number): Promise<void> {
    const { sectorBytes } = this;
    if (this.#isInRam(slot)) {
      if (this.#ram.length === 0) this.#ram = new Uint8Array(this.slotBytes(slot) ?? 0);
      this.#ram.fill(0xff, offset, offset + bytes);
      return;
    }
    const start = this.#offset(slot);
    for (let at = offset; at < offset + bytes; at += sectorBytes) {
      await this.#flash.perform({ kind: "erase", offset: start + at, bytes: sectorBytes }, this.#power);
    }
  }

  async write(slot: number, offset: number, data: Uint8Array): Promise<void> {
    this.#writes = offset === 0 ? 1 : this.#writes + 1;
    if (this.#hooks.recovery === "loses a chunk" && this.#writes === LOST_CHUNK) {
      this.#hooks.acted?.("recovery");
      return;
    }
    if (this.#isInRam(slot)) this.#ram.set(data, offset);
    else await this.#flash.perform({ kind: "write", offset: this.#offset(slot) + offset, data }, this.#power);
  }

  trailerOffset(slot: number): number | undefined {
    const area = this.#area(slot);
    if (area === undefined) throw new RangeError(`this board has no slot ${slot}`);
    return hasStatusFields(this.#build) ? statusOffset(this.#build, area) : undefined;
  }

  startOffset(slot: number): number {
    return slot % 2 === 1 && this.#build.mode === "offset" ? this.sectorBytes : 0;
  }

  setPending(image: number, permanent: boolean): Promise<number> {
    return this.#run((flash, build) => setPending(flash, build, image, permanent));
  }

  async uploaded(slot: number): Promise<void> {
    if (this.#isInRam(slot)) {
      // Nobody waits for the network core: the client has its answer long before the copy is done (NCSDK-11308).
      const ram = { address: this.#offset(slot), bytes: this.#ram };
      const block = copyCommand(ram);
      if (block !== undefined) this.#netCore?.release({ block, ram });
      return;
    }
    // Of the others only the first image's primary slot is looked at.
    if (slot === 0) await this.#run((flash, build) => decryptInPlace(flash, build, 0));
  }

  /** Does what the bootloader does, in the time of flash and processor. */
  async #run<T>(make: (flash: Flash, build: BootloaderBuild) => Steps<T>): Promise<T> {
    const steps = firmwareSteps(this.#hooks, this.#flash, this.#build, make);
    for (;;) {
      const next = steps.next();
      if (next.done) return next.value;
      const step = next.value;
      if (isOperation(step)) await this.#flash.perform(step, this.#power);
      else if (step.kind === "work") await sleep(this.#clock, workDurationUs(step) / 1000, this.#power);
    }
  }

  #isInRam(slot: number): boolean {
    return this.#area(slot)?.inRam === true;
  }

  #offset(slot: number): number {
    const area = this.#area(slot);
    if (area === undefined) throw new RangeError(`this board has no slot ${slot}`);
    return area.offset;
  }

  #area(slot: number) {
    const pair = this.#build.images[slot >> 1];
    return slot % 2 === 0 ? pair?.primary : pair?.secondary;
  }
}
