import type { Random } from "../../core/index.ts";
import type { Region } from "../memory/memory-map.ts";
import { Dppic } from "./bus/dppi.ts";
import { EventGenerator } from "./bus/egu.ts";
import { Gpio } from "./bus/gpio.ts";
import { Gpiote } from "./bus/gpiote.ts";
import { Ipc, type IpcWires } from "./bus/ipc.ts";
import type { Mutex } from "./bus/mutex.ts";
import { ClockPowerReset, type ResetControl } from "./clock/clock-nrf5340.ts";
import type { Domain } from "./domain.ts";
import type { FlashMemory } from "./memory/flash-memory.ts";
import { InformationWords } from "./memory/information.ts";
import { NRF5340_NVMC, Nvmc } from "./memory/nvmc.ts";
import {
  CTRLAP,
  DCNF,
  ERRATA_NETWORK,
  errataBlocks,
  ficrOf,
  NRF5340_RESET,
  VMC,
  VREQCTRL,
} from "./nrf5340-registers.ts";
import { Aliased } from "./parts/aliased.ts";
import { MissingBlock } from "./parts/missing.ts";
import { type NamedRegister, NamedRegisters } from "./parts/named-registers.ts";
import { Radio } from "./radio/radio.ts";
import { RandomNumbers } from "./radio/random-numbers.ts";
import { Uarte } from "./serial/uarte.ts";
import { Rtc } from "./timers/rtc.ts";
import { Timer } from "./timers/timer.ts";
import { Watchdog } from "./timers/watchdog.ts";

const BASE = 0x4100_0000;
const MUTEX = [0x4003_0000, 0x5003_0000];

/** What the blocks of the network core are wired to. */
interface NetworkParts {
  readonly flash: FlashMemory;
  readonly uicr: Map<number, number>;
  readonly wires: IpcWires;
  readonly mutex: Mutex;
  readonly control: ResetControl;
  readonly random: Random;
  readonly output: (byte: number) => void;
  reset(reason: number): void;
}

/** Blocks that are not modelled. Source: nRF5340 Product Specification v1.5, network core "Instantiation". */
const MISSING: readonly (readonly [number, string])[] = [
  [0xd000, "ECB"],
  [0xe000, "AAR, CCM"],
  [0x1_0000, "TEMP"],
];

/** Connects the network core's blocks. @returns its UART, and its end of the wires to the other core */
export function wireNetwork(domain: Domain, parts: NetworkParts): { readonly uart: Uarte; readonly ipc: Ipc } {
  const { chip, memory } = domain;
  const uart = new Uarte(chip, "network UARTE0", BASE + 0x1_3000, 19, {
    dma: domain.dma("UARTE0"),
    output: parts.output,
  });
  const nvmc = new Nvmc(chip, BASE + 0x8_0000, parts.flash, NRF5340_NVMC, domain.stall);
  const named = (name: string, offset: number, rows: readonly NamedRegister[]) =>
    new NamedRegisters(chip, name, BASE + offset, { rows });
  const ipc = new Ipc(chip, BASE + 0x1_2000, 18, parts.wires);
  const regions: readonly Region[] = [
    uart,
    nvmc,
    named("DCNF", 0x0000, DCNF(1)),
    named("VREQCTRL", 0x4000, VREQCTRL),
    new ClockPowerReset(chip, BASE + 0x5000, 5, parts.control),
    named("CTRLAP", 0x6000, CTRLAP),
    new Radio(chip, BASE + 0x8000, 8),
    new RandomNumbers(chip, BASE + 0x9000, 9, parts.random),
    new Gpiote(chip, "GPIOTE", BASE + 0xa000, 10),
    new Watchdog(chip, BASE + 0xb000, 11, () => parts.reset(NRF5340_RESET.networkWatchdog)),
    new Timer(chip, "TIMER0", BASE + 0xc000, 12, 8),
    new Dppic(chip, BASE + 0xf000, domain.channels),
    new Rtc(chip, "RTC0", BASE + 0x1_1000, 17, 4),
    ipc,
    new EventGenerator(chip, "EGU0", BASE + 0x1_4000, 20),
    new Rtc(chip, "RTC1", BASE + 0x1_6000, 22, 4),
    new Timer(chip, "TIMER1", BASE + 0x1_8000, 24, 8),
    new Timer(chip, "TIMER2", BASE + 0x1_9000, 25, 8),
    named("VMC", 0x8_1000, VMC),
    new Gpio(chip, BASE + 0x8c_0000),
    ...errataBlocks(chip, ERRATA_NETWORK),
    ...MISSING.map(([offset, name]) => new MissingBlock(chip, name, BASE + offset)),
    ...MUTEX.map((start) => new Aliased(parts.mutex, start)),
    new InformationWords(chip, "FICR", 0x01ff_0000, ficrOf(0x800, 0x4_0000, 0x1_0000)),
    new InformationWords(chip, "UICR", 0x01ff_8000, parts.uicr, () => nvmc.mayProgram),
  ];
  for (const region of regions) memory.add(region);
  return { uart, ipc };
}
