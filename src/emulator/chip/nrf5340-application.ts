import { defined } from "../../core/index.ts";
import type { Region } from "../memory/memory-map.ts";
import { Dppic } from "./bus/dppi.ts";
import { EventGenerator } from "./bus/egu.ts";
import { Gpio } from "./bus/gpio.ts";
import { Gpiote } from "./bus/gpiote.ts";
import { Ipc, type IpcWires } from "./bus/ipc.ts";
import type { Mutex } from "./bus/mutex.ts";
import { Spu } from "./bus/spu.ts";
import { ClockPowerReset, type ResetControl } from "./clock/clock-nrf5340.ts";
import type { Domain } from "./domain.ts";
import type { FlashMemory } from "./memory/flash-memory.ts";
import { InformationWords } from "./memory/information.ts";
import { NRF5340_NVMC, Nvmc, type Stall } from "./memory/nvmc.ts";
import {
  CACHE,
  CTRLAP,
  DCNF,
  ERRATA_APPLICATION,
  errataBlocks,
  ficrOf,
  NRF5340_RESET,
  REGULATORS,
  USBD,
  USBREGULATOR,
  VMC,
} from "./nrf5340-registers.ts";
import { Aliased } from "./parts/aliased.ts";
import { MissingBlock, RefusedBlock } from "./parts/missing.ts";
import { type NamedRegister, NamedRegisters } from "./parts/named-registers.ts";
import { Qspi } from "./serial/qspi.ts";
import type { SerialFlash } from "./serial/serial-flash.ts";
import { Uarte } from "./serial/uarte.ts";
import { Rtc } from "./timers/rtc.ts";
import { Timer } from "./timers/timer.ts";
import { Watchdog } from "./timers/watchdog.ts";

const SECURE = 0x5000_0000;
const NON_SECURE = 0x4000_0000;
const CRYPTO_HINT =
  "Build with software crypto: of Zephyr's MCUboot CONFIG_BOOT_ECDSA_TINYCRYPT or CONFIG_BOOT_ED25519_TINYCRYPT, of nRF Connect SDK not the nrf_cc3xx back end (docs/emulator.md).";

/** What the blocks of the application core are wired to. */
interface ApplicationParts {
  readonly flash: FlashMemory;
  readonly uicr: Map<number, number>;
  readonly serialFlash: SerialFlash;
  readonly wires: IpcWires;
  readonly mutex: Mutex;
  readonly control: ResetControl;
  readonly output: (uart: number, byte: number) => void;
  reset(reason: number): void;
}

/** A block of 4 KiB: its number is bits 19:12 of its address, and its interrupt's number where it has one. */
type Row = readonly [id: number, make: (start: number) => Region, only?: "secure" | "nonSecure"];

/** Blocks that are not modelled, by number. Source: nRF5340 Product Specification v1.5, "Instantiation". */
const MISSING: readonly (readonly [number, string])[] = [
  [0x0a, "SPIM4"],
  [0x0e, "SAADC"],
  [0x1a, "COMP"],
  [0x21, "PWM0"],
  [0x22, "PWM1"],
  [0x23, "PWM2"],
  [0x24, "PWM3"],
  [0x26, "PDM0"],
  [0x28, "I2S0"],
  [0x2d, "NFCT"],
  [0x33, "QDEC0"],
  [0x34, "QDEC1"],
];

/** UARTE, SPIM, SPIS, TWIM and TWIS share an address; UARTE is here. */
const SERIAL = [0x08, 0x09, 0x0b, 0x0c];

/** Connects the application core's blocks. @returns its UARTs, for what a cable brings them */
export function wireApplication(domain: Domain, parts: ApplicationParts): readonly Uarte[] {
  const { chip } = domain;
  const uarts = SERIAL.map((id, index) => {
    const name = `UARTE${index}`;
    const output = (byte: number) => parts.output(index, byte);
    return new Uarte(chip, name, SECURE + id * 0x1000, id, { dma: domain.dma(name), output });
  });
  const spu = new Spu(chip, SECURE + 0x3000, 3);
  const named = (id: number, name: string, rows: readonly NamedRegister[], irq?: number): Row => [
    id,
    (start) => new NamedRegisters(chip, name, start, { rows, ...defined({ irq }) }),
  ];
  const nvmc = new Nvmc(chip, SECURE + 0x3_9000, parts.flash, NRF5340_NVMC, guardedStall(domain, spu));
  const rows: readonly Row[] = [
    ...SERIAL.map((id, index): Row => [id, () => uarts[index] as Uarte]),
    named(0x00, "DCNF", DCNF(0)),
    named(0x01, "CACHE", CACHE),
    [0x03, () => spu, "secure"],
    named(0x04, "REGULATORS", REGULATORS),
    [0x05, (start) => new ClockPowerReset(chip, start, 5, parts.control)],
    named(0x06, "CTRLAP", CTRLAP),
    [0x0d, (start) => new Gpiote(chip, "GPIOTE0", start, 13), "secure"],
    [0x2f, (start) => new Gpiote(chip, "GPIOTE1", start, 47), "nonSecure"],
    ...timerRows(domain, parts),
    [0x17, (start) => new Dppic(chip, start, domain.channels)],
    ...[0, 1, 2, 3, 4, 5].map(
      (index): Row => [0x1b + index, (start) => new EventGenerator(chip, `EGU${index}`, start, 27 + index)],
    ),
    [0x2a, (start) => new Ipc(chip, start, 42, parts.wires)],
    [0x2b, (start) => new Qspi(chip, start, 43, { flash: parts.serialFlash, dma: domain.dma("QSPI") })],
    [0x30, () => parts.mutex],
    named(0x36, "USBD", USBD, 54),
    named(0x37, "USBREGULATOR", USBREGULATOR, 55),
    [0x39, () => nvmc],
    named(0x81, "VMC", VMC),
    ...MISSING.map(([id, name]): Row => [id, (start) => new MissingBlock(chip, name, start)]),
  ];
  for (const row of rows) place(domain, spu, row);
  placeOthers(domain, parts, nvmc);
  return uarts;
}

function timerRows({ chip }: Domain, parts: ApplicationParts): readonly Row[] {
  return [
    ...[0, 1, 2].map((index): Row => [0x0f + index, (start) => new Timer(chip, `TIMER${index}`, start, 15 + index, 6)]),
    ...[0, 1].map((index): Row => [0x14 + index, (start) => new Rtc(chip, `RTC${index}`, start, 20 + index, 4)]),
    [0x18, (start) => new Watchdog(chip, start, 24, () => parts.reset(NRF5340_RESET.watchdog0), "WDT0")],
    [0x19, (start) => new Watchdog(chip, start, 25, () => parts.reset(NRF5340_RESET.watchdog1), "WDT1")],
  ];
}

/** The flash controller's hold on the core, with what the SPU says of flash regions. */
function guardedStall({ stall }: Domain, spu: Spu): Stall {
  return {
    ...stall,
    before: (operation) => {
      if (!spu.mayWriteFlash(operation.offset)) {
        spu.flashViolated();
        stall.busError(operation.offset);
      }
      stall.before(operation);
    },
  };
}

/** A block at its two addresses: it answers at the one that its security attribute gives it. */
function place(domain: Domain, spu: Spu, [id, make, only]: Row): void {
  const offset = id * 0x1000;
  const block = make(SECURE + offset);
  const guarded = (secure: boolean) => (address: number) => {
    if (spu.isSecure(id) === secure) return;
    spu.violated();
    domain.processor.core.raise("PRECISERR", address);
  };
  if (only !== "nonSecure") domain.memory.add(only ? block : new Aliased(block, SECURE + offset, guarded(true)));
  if (only !== "secure") domain.memory.add(new Aliased(block, NON_SECURE + offset, only ? undefined : guarded(false)));
}

/** What lies outside the numbered blocks. */
function placeOthers(domain: Domain, { uicr }: ApplicationParts, nvmc: Nvmc): void {
  const { chip, memory } = domain;
  const gpio = new Gpio(chip, SECURE + 0x84_2000);
  for (const region of [
    gpio,
    new Aliased(gpio, NON_SECURE + 0x84_2000),
    new RefusedBlock(chip, "CryptoCell-312", SECURE + 0x84_4000, CRYPTO_HINT),
    new RefusedBlock(chip, "CryptoCell-312", SECURE + 0x84_5000, CRYPTO_HINT),
    ...errataBlocks(chip, ERRATA_APPLICATION),
    new InformationWords(chip, "FICR", 0x00ff_0000, ficrOf(0x1000, 0x10_0000, 0x8_0000)),
    new InformationWords(chip, "UICR", 0x00ff_8000, uicr, () => nvmc.mayProgram),
  ]) {
    memory.add(region);
  }
}
