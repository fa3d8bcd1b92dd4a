import type { ChipContext } from "./parts/chip-context.ts";
import { type NamedRegister, NamedRegisters } from "./parts/named-registers.ts";

/**
 * Blocks that firmware only sets up: registers by the offsets of nRF5340 Product Specification v1.5. "errata": written
 * by Nordic's start-up code (MDK, system_nrf5340_*.c) for faults of the silicon, without a name in the specification.
 */
export const DCNF = (core: 0 | 1): readonly NamedRegister[] => [
  { offset: 0x420, name: "CPUID", initial: core },
  { offset: 0x440, name: "EXTPERI[0].PROTECT" },
  { offset: 0x460, name: "EXTRAM[0].PROTECT" },
  { offset: 0x480, name: "EXTCODE[0].PROTECT" },
];

export const CACHE: readonly NamedRegister[] = [
  { offset: 0x400, name: "PROFILING", count: 8 },
  { offset: 0x500, name: "ENABLE" },
  { offset: 0x504, name: "INVALIDATE" },
  { offset: 0x508, name: "ERASE" },
  { offset: 0x50c, name: "PROFILINGENABLE" },
  { offset: 0x510, name: "PROFILINGCLEAR" },
  { offset: 0x514, name: "MODE" },
  { offset: 0x518, name: "DEBUGLOCK" },
  { offset: 0x51c, name: "ERASESTATUS", initial: 1 },
  { offset: 0x520, name: "WRITELOCK" },
];

/** OSCILLATORS and REGULATORS share an address. */
export const REGULATORS: readonly NamedRegister[] = [
  { offset: 0x428, name: "REGULATORS.MAINREGSTATUS" },
  { offset: 0x500, name: "REGULATORS.SYSTEMOFF" },
  { offset: 0x510, name: "REGULATORS.POFCON" },
  { offset: 0x5c4, name: "OSCILLATORS.XOSC32MCAPS" },
  { offset: 0x6d0, name: "OSCILLATORS.XOSC32KI.BYPASS" },
  { offset: 0x6d4, name: "OSCILLATORS.XOSC32KI.INTCAP" },
  { offset: 0x704, name: "REGULATORS.VREGMAIN.DCDCEN" },
  { offset: 0x70c, name: "errata" },
  { offset: 0x73c, name: "errata" },
  { offset: 0x904, name: "REGULATORS.VREGRADIO.DCDCEN" },
  { offset: 0x91c, name: "errata" },
  { offset: 0x93c, name: "errata" },
  { offset: 0xa20, name: "errata", initial: 13 },
  { offset: 0xb00, name: "REGULATORS.VREGH.DCDCEN" },
];

export const CTRLAP: readonly NamedRegister[] = [
  { offset: 0x400, name: "MAILBOX.RXDATA" },
  { offset: 0x404, name: "MAILBOX.RXSTATUS" },
  { offset: 0x480, name: "MAILBOX.TXDATA" },
  { offset: 0x484, name: "MAILBOX.TXSTATUS" },
  { offset: 0x500, name: "ERASEPROTECT.LOCK" },
  { offset: 0x504, name: "ERASEPROTECT.DISABLE" },
  { offset: 0x540, name: "APPROTECT.LOCK" },
  { offset: 0x544, name: "APPROTECT.DISABLE" },
  { offset: 0x548, name: "SECUREAPPROTECT.LOCK" },
  { offset: 0x54c, name: "SECUREAPPROTECT.DISABLE" },
  { offset: 0x600, name: "STATUS" },
];

export const VMC: readonly NamedRegister[] = [{ offset: 0x600, name: "RAM[n].POWER, POWERSET, POWERCLR", count: 32 }];

/** No cable is plugged in. */
export const USBREGULATOR: readonly NamedRegister[] = [{ offset: 0x400, name: "USBREGSTATUS" }];

export const USBD: readonly NamedRegister[] = [
  { offset: 0x400, name: "EVENTCAUSE" },
  { offset: 0x420, name: "HALTED.EPIN, HALTED.EPOUT", count: 17 },
  { offset: 0x468, name: "EPSTATUS, EPDATASTATUS, USBADDR", count: 3 },
  { offset: 0x480, name: "BMREQUESTTYPE to WLENGTHH", count: 8 },
  { offset: 0x4a0, name: "SIZE", count: 9 },
  { offset: 0x500, name: "ENABLE" },
  { offset: 0x504, name: "USBPULLUP" },
  { offset: 0x508, name: "DPDMVALUE" },
  { offset: 0x50c, name: "DTOGGLE" },
  { offset: 0x510, name: "EPINEN" },
  { offset: 0x514, name: "EPOUTEN" },
  { offset: 0x518, name: "EPSTALL" },
  { offset: 0x51c, name: "ISOSPLIT" },
  { offset: 0x52c, name: "LOWPOWER" },
  { offset: 0x530, name: "ISOINCONFIG" },
];

export const VREQCTRL: readonly NamedRegister[] = [
  { offset: 0x500, name: "VREGRADIO.VREQH" },
  { offset: 0x508, name: "VREGRADIO.VREQHREADY", initial: 1 },
];

/** Bits of RESETREAS. Source: nRF5340 Product Specification v1.5, RESET, of each core. */
export const NRF5340_RESET = {
  pin: 1 << 0,
  watchdog0: 1 << 1,
  software: 1 << 3,
  lockup: 1 << 4,
  networkSoftware: 1 << 16,
  networkLockup: 1 << 17,
  networkWatchdog: 1 << 18,
  forceOff: 1 << 23,
  watchdog1: 1 << 25,
} as const;

/** What the errata look-up of start-up code reads: an nRF5340, its last revision. */
const REVISION = { 0x130: 0x07, 0x134: 0x05 };

/** Source: nRF5340 Product Specification v1.5, FICR: sizes in KiB, pages, and "unspecified" trimming. */
export function ficrOf(pageBytes: number, flashBytes: number, ramBytes: number): Readonly<Record<number, number>> {
  return {
    ...REVISION,
    0x200: 0,
    0x204: 0x6c69_6820,
    0x208: 0x0053_4341,
    0x20c: 0x5340,
    0x210: 0x514b_4141,
    0x214: 0x2000,
    0x218: ramBytes / 1024,
    0x21c: flashBytes / 1024,
    0x220: pageBytes,
    0x224: flashBytes / pageBytes,
    0x228: 0,
    0xc20: 0,
  };
}

const UNPROTECTED = 0x50fa_50fa;

/** UICR of a chip that a debugger can reach. */
export const UICR_APPLICATION = new Map([
  [0x000, UNPROTECTED],
  [0x01c, UNPROTECTED],
]);
export const UICR_NETWORK = new Map([[0x000, UNPROTECTED]]);

/** Blocks without a name that start-up code writes for faults of the silicon: start, and registers. */
type ErrataRow = readonly [start: number, ...registers: number[]];

/** Source: MDK 8, system_nrf5340_application.c. */
export const ERRATA_APPLICATION: readonly ErrataRow[] = [
  [0x5000_2000, 0x118, 0x124, 0x12c],
  [0x5003_2000, 0x420, 0x54c],
  [0x5010_1000, 0x110],
  [0x5020_1000, 0x2a0],
];

/** Source: MDK 8, system_nrf5340_network.c. */
export const ERRATA_NETWORK: readonly ErrataRow[] = [
  [0x4100_2000, 0x118, 0x124, 0x12c],
  [0x4110_1000, 0x110],
  // Zephyr, soc/nordic/nrf53: "pretick" of RTC events.
  [0x4120_3000, 0x120],
];

export function errataBlocks(chip: ChipContext, rows: readonly ErrataRow[]): readonly NamedRegisters[] {
  return rows.map(
    ([start, ...registers]) =>
      new NamedRegisters(chip, "start-up errata", start, {
        rows: registers.map((offset) => ({ offset, name: "errata" })),
      }),
  );
}
