import { type Clock, sleepUntil, textOf, utf8 } from "../core/index.ts";
import { decodeHeader, formatVersion, HEADER_BYTES, PAYLOAD_MARK } from "../image/index.ts";
import { type BootloaderBuild, modeOf } from "../mcuboot/index.ts";
import {
  enumerationHandlers,
  type Framing,
  fileHandlers,
  GROUP_ENTRIES,
  imageHandlers,
  osHandlers,
  type ServerGenerationName,
  type ShellTree,
  type SmpHandlers,
  SmpServer,
  type SmpTransport,
  serverGeneration,
  settingsHandlers,
  shellHandlers,
  statisticsHandlers,
} from "../smp/index.ts";
import type { FaultHooks } from "./faults.ts";
import type { TwinFlash } from "./flash.ts";
import { TwinImageSlots } from "./image-slots.ts";
import { serveUntilReset } from "./serving.ts";
import { type TwinSettings, twinSettings } from "./settings-store.ts";
import type { TwinUart } from "./uart.ts";

/** Where a payload says what it is: first bytes of the body that are looked through. */
const DESCRIPTION_BYTES = 1024;

/** What the application's SMP server is like. */
export interface TwinSmp {
  readonly bufferBytes: number;
  readonly bufferCount: number;
  /** Which age of Zephyr it behaves like; default is the newest. */
  readonly generation?: ServerGenerationName | undefined;
  /** Packets without frames on the UART, and then no log on it; default frames between lines of log. */
  readonly framing?: Framing | undefined;
  /** Longest line of a frame that it takes, line feed included; default Zephyr's 128. */
  readonly lineBytesMax?: number | undefined;
  /** The command for the server's parameters is built in; default true. */
  readonly params?: boolean | undefined;
  /** Where its file system is mounted; without it there is no file group. */
  readonly filesAt?: string | undefined;
  /** Its settings; without them there is no settings group. */
  readonly settings?: TwinSettings | undefined;
  /** Besides the UART, requests come here, too. It outlives the application. */
  readonly also?: SmpTransport | undefined;
  /** The board's radio, over which requests come, too; it is on while the application and the network core run. */
  readonly radio?: TwinRadio | undefined;
}

/** A radio that is switched: what is served over it, and whether anybody can hear it. */
export interface TwinRadio {
  readonly transport: SmpTransport;
  power(on: boolean): void;
}

interface AppOptions {
  readonly clock: Clock;
  readonly flash: TwinFlash;
  readonly uart: TwinUart;
  readonly build: BootloaderBuild;
  readonly hooks: FaultHooks;
  readonly smp: TwinSmp;
  /** The file system, which outlives the application: files by their full name. */
  readonly files: Map<string, Uint8Array>;
  /** The settings that are stored, which outlive it, too. */
  readonly storedSettings: Map<string, Uint8Array>;
  /** Bytes a second that it logs while it runs; default: nothing. */
  readonly logBytesPerS?: number;
  /** Hears which image an update was asked for, in the order of the requests. */
  readonly onRequest?: (image: number) => void;
  /** Device offset of the slot that runs. */
  readonly slotOffset: number;
  readonly print: (line: string) => Promise<void>;
  /** Hears when requests are taken. */
  readonly onServing?: () => void;
}

/** What Zephyr prints first. */
export function zephyrBanner(generation: ServerGenerationName | undefined): string {
  return `*** Booting Zephyr OS build v${serverGeneration(generation).zephyr} ***`;
}

/** As Zephyr's kernel shell has them. */
function shellCommands(upMs: () => number, zephyr: string): ShellTree {
  const uptime = {
    help: "Kernel uptime. Can be called with the -p or --pretty options",
    run: () => `Uptime: ${upMs()} ms`,
  };
  const version = { help: "Kernel version.", run: () => `Zephyr version ${zephyr}` };
  return { kernel: { help: "Kernel commands", sub: { uptime, version } } };
}

/** The twin's application: says who it is on the UART, and serves SMP on the same UART until it is reset. */
export class TwinApp {
  readonly #options: AppOptions;

  constructor(options: AppOptions) {
    this.#options = options;
  }

  /**
   * Runs until the application is told to reset; throws the signal's reason when power goes.
   * @returns the boot mode that the reset asked for: 1 = the bootloader's serial recovery.
   */
  async run(power: AbortSignal): Promise<number> {
    const { print, smp } = this.#options;
    await print(zephyrBanner(smp.generation));
    await print(`I: ${this.#description()} is up`);
    const over = new AbortController();
    const ended = AbortSignal.any([power, over.signal]);
    void this.#log(ended);
    try {
      return await this.#serve(power, ended);
    } finally {
      over.abort(new Error("the application is over"));
    }
  }

  /** Logs as an application does that nobody listens to: line by line, until it ends. */
  async #log(over: AbortSignal): Promise<void> {
    const { clock, uart, logBytesPerS = 0 } = this.#options;
    if (logBytesPerS === 0) return;
    const startedUs = clock.nowUs();
    try {
      for (let line = 0, bytes = 0; ; line += 1) {
        const text = utf8(logLine(line, clock.nowUs() - startedUs));
        bytes += text.length;
        await sleepUntil(clock, startedUs + (bytes * 1_000_000) / logBytesPerS, over);
        void uart.write(text);
      }
    } catch (error) {
      if (!over.aborted) throw error;
    }
  }

  /** @param ended aborts when the application does, by a reset or a loss of power. */
  async #serve(power: AbortSignal, ended: AbortSignal): Promise<number> {
    const { clock, uart, smp, onServing } = this.#options;
    let bootMode = 0;
    const place = {
      clock,
      uart,
      lines: "zephyr",
      framing: smp.framing,
      lineBytesMax: smp.lineBytesMax,
      onServing,
    } as const;
    await serveUntilReset(place, power, ({ transport, reset, onHandlerError }) => {
      const askedToReset = (request: { bootMode: number }) => {
        bootMode = request.bootMode;
        reset();
      };
      const handlers = this.#handlers(power, ended, askedToReset);
      const { also, radio, bufferBytes, bufferCount, generation } = smp;
      const options = { bufferBytes, bufferCount, handlers, onHandlerError, ...(generation && { generation }) };
      const places = [transport, ...(also ? [also] : []), ...(radio ? [radio.transport] : [])];
      const servers = places.map((one) => new SmpServer({ transport: one, ...options }));
      return {
        [Symbol.asyncDispose]: async () => {
          await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()));
        },
      };
    });
    return bootMode;
  }

  #handlers(power: AbortSignal, ended: AbortSignal, reset: (request: { bootMode: number }) => void): SmpHandlers {
    const { clock, smp } = this.#options;
    const { params, ...os } = this.#osHandlers(reset);
    return {
      ...os,
      ...(smp.params === false || !params ? {} : { params }),
      ...imageHandlers(this.#slots(power), { slotInfo: true, generation: smp.generation }),
      ...this.#otherHandlers(clock.nowUs(), ended),
      ...this.#settingsHandlers(power),
    };
  }

  #osHandlers(reset: (request: { bootMode: number }) => void) {
    const { build, smp } = this.#options;
    const { zephyr } = serverGeneration(smp.generation);
    return osHandlers({
      info: {
        s: "Zephyr",
        n: "twin",
        r: `v${zephyr}`,
        v: zephyr,
        b: "unknown",
        m: "arm",
        p: "cortex-m33",
        i: "nrf5340dk/nrf5340/cpuapp",
        o: "Zephyr",
      },
      bootloader: { name: "MCUboot", mode: modeOf(build).smp, noDowngrade: build.downgradePrevention },
      bufferBytes: smp.bufferBytes,
      bufferCount: smp.bufferCount,
      reset,
    });
  }

  /** What needs no memory beyond a reset: statistics, a shell of few commands, and the list of groups. */
  #otherHandlers(startedUs: number, ended: AbortSignal): SmpHandlers {
    const { clock, smp, files } = this.#options;
    const { zephyr } = serverGeneration(smp.generation);
    const { basic, enumeration, files: fileGroup, os, image, settings, shell, statistics } = GROUP_ENTRIES;
    const mount = smp.filesAt;
    const fileEntries = mount === undefined ? [] : [fileGroup];
    const settingsEntries = smp.settings === undefined ? [] : [settings];
    const storageEntries = smp.settings?.stored ? [basic] : [];
    const upMs = () => Math.floor((clock.nowUs() - startedUs) / 1000);
    const counters = () => ({ smp_svr_stats: { ticks: Math.floor(upMs() / 1000) } });
    return {
      ...statisticsHandlers(counters, smp.generation),
      ...shellHandlers(shellCommands(upMs, zephyr)),
      ...(mount === undefined ? {} : fileHandlers({ files, mount, clock, ended })),
      ...enumerationHandlers([
        enumeration,
        ...fileEntries,
        image,
        os,
        ...settingsEntries,
        shell,
        statistics,
        ...storageEntries,
      ]),
    };
  }

  #settingsHandlers(power: AbortSignal): SmpHandlers {
    const { clock, smp, storedSettings: stored } = this.#options;
    const { settings, generation } = smp;
    if (settings === undefined) return {};
    const { eraseStorage, ...handlers } = settingsHandlers({
      ...twinSettings(settings, { clock, stored, power }),
      generation,
    });
    return settings.stored && eraseStorage ? { ...handlers, eraseStorage } : handlers;
  }

  #slots(power: AbortSignal): TwinImageSlots {
    return new TwinImageSlots({ ...this.#options, power });
  }

  /** What the image says of itself; a payload that nobody generated here says only its version. */
  #description(): string {
    const { flash, slotOffset } = this.#options;
    const header = decodeHeader(flash.read(slotOffset, HEADER_BYTES));
    const text = textOf(flash.read(slotOffset + header.headerBytes, DESCRIPTION_BYTES));
    const start = text.indexOf(PAYLOAD_MARK);
    if (start < 0) return `application ${formatVersion(header.version)}`;
    return text.slice(start, text.indexOf("\0", start));
  }
}

/** A line of a log as Zephyr's looks. */
function logLine(line: number, sinceUs: number): string {
  const stamp = (sinceUs / 1_000_000).toFixed(3).padStart(10, "0");
  return `[${stamp}] <inf> sensor: sample ${line}, ${(20 + (line % 50) / 10).toFixed(1)} C\r\n`;
}
