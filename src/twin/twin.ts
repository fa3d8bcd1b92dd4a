import { BenchError, type Clock, defined, type Random, roundUp } from "../core/index.ts";
import { type BootloaderBuild, type FlashTiming, INTERNAL_FLASH_BYTES, NRF5340_INTERNAL } from "../mcuboot/index.ts";
import { type Contact, energised, LcusDevice } from "../power/index.ts";
import type { Link } from "../serial/index.ts";
import { type TwinSmp, zephyrBanner } from "./app.ts";
import { TwinFlash } from "./flash.ts";
import { TwinMachine } from "./machine.ts";
import { TwinNetCore } from "./net-core.ts";
import { PlantedFaults } from "./planted-faults.ts";
import { RadioSwitch } from "./radio.ts";
import { TwinUart } from "./uart.ts";

/** External flash that a twin has behind the internal one, where its slots need it: an MX25R6435F. */
const EXTERNAL_FLASH_BYTES = 0x80_0000;
const RELAY_CHANNELS = 8;

interface TwinOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** The board's and the relay's ends of their lines. */
  readonly links: { readonly app: Link; readonly relay: Link; readonly net?: Link };
  readonly build: BootloaderBuild;
  /** Of its flash; default: the internal one alone. */
  readonly timing?: FlashTiming;
  /** What the primary slot holds when the twin is born, and how the board's supply is wired to the relay. */
  readonly factoryImage: Uint8Array;
  /** What the network core runs then; without it, the board is one whose network core is never used. */
  readonly factoryNetFirmware?: Uint8Array;
  /** Behind NSIB: the MCUboot that half S0 holds then, from its first byte on. */
  readonly factoryBootloader?: Uint8Array | undefined;
  readonly wiring: RelayWiring;
  /** What another channel of the relay presses, if anything. */
  readonly presses?: (RelayWiring & { readonly what: "button" | "pin-reset" }) | undefined;
  /** From the relay's command to its contact, in microseconds; default: at once. */
  readonly relayLatency?: RelayLatency | undefined;
  readonly baudRate: number;
  readonly smp: TwinSmp;
  /** How much its application logs while it runs; default: nothing. */
  readonly logBytesPerS?: number;
  /** Hears whenever the board gets or loses power. */
  readonly onPower?: (on: boolean) => void;
  /** Names of `TWIN_FAULT_NAMES`. */
  readonly faults: readonly string[];
}

interface RelayWiring {
  readonly channel: number;
  readonly contact: Contact;
}

/** How slow a relay is: each way, and by how much it varies to either side. All in microseconds. */
export interface RelayLatency {
  readonly offUs: number;
  readonly onUs: number;
  readonly spreadUs: number;
}

/**
 * The simulated nRF5340-DK: a board behind a UART, and a relay in its supply that understands a real relay's bytes.
 * It is born with a factory image; its relay's coils are released, so a board on a normally closed contact has power.
 */
export class Twin implements AsyncDisposable {
  readonly flash: TwinFlash;
  readonly machine: TwinMachine;
  readonly netCore: TwinNetCore | undefined;
  readonly #options: TwinOptions;
  readonly #faults: PlantedFaults;
  readonly #relayReading: Promise<void>;
  readonly #relayChance: Random;
  readonly #radio: RadioSwitch | undefined;
  /** The contact that still moves. */
  #cancelMove: () => void = () => {};
  #supplied = false;
  #heldInReset = false;

  constructor(options: TwinOptions) {
    this.#options = options;
    const { clock, random, build, links, baudRate, smp, timing = NRF5340_INTERNAL } = options;
    this.#faults = new PlantedFaults(options.faults, build);
    const { hooks } = this.#faults;
    this.flash = new TwinFlash({
      clock,
      random: random.fork("flash"),
      timing,
      flashBytes: INTERNAL_FLASH_BYTES + (timing.above === undefined ? 0 : EXTERNAL_FLASH_BYTES),
      pageBytes: build.sectorBytes,
    });
    this.#radio = smp.radio && new RadioSwitch(smp.radio, options.factoryNetFirmware !== undefined);
    this.netCore = this.#makeNetCore();
    this.machine = new TwinMachine({
      clock,
      flash: this.flash,
      uart: new TwinUart(links.app, { clock, baudRate, hooks }),
      build: this.#faults.build,
      hooks,
      smp,
      logBytesPerS: options.logBytesPerS ?? 0,
      ...(this.#radio && { onApplication: (serves: boolean) => this.#radio?.application(serves) }),
      ...defined({ netCore: this.netCore }),
    });
    this.programPrimary(options.factoryImage);
    const { s0 } = build.nsib ?? {};
    if (s0 !== undefined && options.factoryBootloader) this.flash.program(s0.offset, options.factoryBootloader);
    this.#relayChance = random.fork("relay");
    const relay = new LcusDevice({
      channels: RELAY_CHANNELS,
      onChange: (change) => this.#onCoil(change.channel, change.energised),
    });
    this.#relayReading = this.#readRelay(relay);
    this.#contact(!energised("on", options.wiring.contact));
    if (options.presses) this.#press(!energised("on", options.presses.contact));
  }

  /** What a debugger does: the image at the start of the primary (or other) slot, both slots otherwise erased. */
  programPrimary(image: Uint8Array, slot: 0 | 1 = 0): void {
    const [slots] = this.#options.build.images;
    if (!slots) throw new RangeError("a bootloader build without images");
    const [own, other] = slot === 0 ? [slots.primary, slots.secondary] : [slots.secondary, slots.primary];
    this.flash.eraseAtOnce(other.offset, other.bytes);
    this.flash.program(own.offset, image);
    const end = own.offset + roundUp(image.length, this.flash.pageBytes);
    this.flash.eraseAtOnce(end, own.offset + own.bytes - end);
  }

  /** @throws BenchError when the simulation itself broke: that says nothing about a board. */
  check(): void {
    const broken = this.machine.broken ?? this.netCore?.broken;
    if (broken === undefined) return;
    throw new BenchError("the twin broke.", "This is a defect of hil: please report it.", { cause: broken });
  }

  /** Faults that were planted and did nothing so far. */
  get idleFaults(): readonly string[] {
    return this.#faults.idle;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#cancelMove();
    await this.machine[Symbol.asyncDispose]();
    await this.#options.links.relay[Symbol.asyncDispose]();
    await this.#relayReading;
  }

  #makeNetCore(): TwinNetCore | undefined {
    const { clock, random, links, baudRate, factoryNetFirmware } = this.#options;
    if (factoryNetFirmware === undefined) return undefined;
    const uart = links.net && new TwinUart(links.net, { clock, baudRate });
    const banner = zephyrBanner(this.#options.smp.generation);
    const core = new TwinNetCore({
      clock,
      random,
      appFlash: this.flash,
      banner,
      onRunning: (runs) => this.#radio?.controller(runs),
      ...defined({ uart }),
    });
    core.programApplication(factoryNetFirmware);
    return core;
  }

  #onCoil(channel: number, coil: boolean): void {
    const { clock, wiring, presses, relayLatency } = this.#options;
    if (channel === presses?.channel) this.#press(energised("on", presses.contact) === coil);
    if (channel !== wiring.channel) return;
    const closed = energised("on", wiring.contact) === coil;
    this.#cancelMove();
    if (relayLatency === undefined) {
      this.#contact(closed);
      return;
    }
    const { offUs, onUs, spreadUs } = relayLatency;
    const drawnUs = this.#relayChance.below(2 * spreadUs + 1) - spreadUs;
    const dueUs = clock.nowUs() + Math.max(0, (closed ? onUs : offUs) + drawnUs);
    this.#cancelMove = clock.at(dueUs, () => this.#contact(closed));
  }

  #contact(closed: boolean): void {
    const before = this.#supplied;
    const isStuck = this.#faults.hooks.relay === "stuck";
    if (isStuck && !closed) this.#faults.hooks.acted?.("relay");
    this.#supplied = isStuck || closed;
    if (!this.#supplied) this.machine.powerOff();
    else if (!this.#heldInReset) this.machine.powerOn();
    if (this.#supplied !== before) this.#options.onPower?.(this.#supplied);
  }

  /** The button, or the reset pin: as long as that is held the board stands still, as without power; then it starts. */
  #press(held: boolean): void {
    if (this.#options.presses?.what === "button") {
      this.machine.buttonHeld = held;
      return;
    }
    if (held === this.#heldInReset) return;
    this.#heldInReset = held;
    if (held) this.machine.powerOff();
    else if (this.#supplied) this.machine.powerOn(true);
  }

  async #readRelay(relay: LcusDevice): Promise<void> {
    try {
      for await (const chunk of this.#options.links.relay.chunks) {
        const answer = relay.feed(chunk.bytes);
        if (answer.length > 0) await this.#options.links.relay.write(answer);
      }
    } catch {
      // The relay's line vanished: its coils stay as they are.
    }
  }
}
