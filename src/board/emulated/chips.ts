import { BenchError, type Random } from "../../core/index.ts";
import { type ChipNote, checkGeometry, GEOMETRY, Nrf51, Nrf5340, type UnknownAccess } from "../../emulator/index.ts";
import type { FlashOperation } from "../../mcuboot/index.ts";
import type { EmulatedChip } from "./running-chip.ts";

/** A chip on its bench, and what only a running processor shows. */
export interface MadeChip {
  readonly chip: EmulatedChip;
  /** Bytes of the device that its flash is kept in. */
  readonly deviceBytes: number;
  /** Puts the network core's firmware in. */
  readonly loadNetwork?: (content: Uint8Array) => void;
  /** Faults of the processor, as sentences. */
  faults(): readonly string[];
  /** Registers that firmware used and the emulator does not have, as sentences. */
  unknown(): readonly string[];
}

interface ChipOptions {
  /** @param port 0: the application core's UART, 1: the network core's */
  readonly output: (byte: number, atUs: number, port: number) => void;
  readonly random: Random;
  readonly pageBytes: number;
}

const hex = (value: number) => `0x${value.toString(16)}`;

/** How each chip is made. Each is checked first: see `checkGeometry`. */
export const CHIP_MAKERS: Readonly<Record<"nrf51" | "nrf5340", (options: ChipOptions) => MadeChip>> = {
  nrf51: ({ output, random, pageBytes }) => {
    const make = () => new Nrf51({ output: (byte, atUs) => output(byte, atUs, 0), random });
    const checked = make();
    checkGeometry(checked, GEOMETRY.nrf51, pageBytes, () => checked.ram(GEOMETRY.nrf51.codePageSize));
    const chip = make();
    return { chip, deviceBytes: chip.flash.snapshot().bytes, faults: () => [], unknown: () => unknownOf(chip.unknown) };
  },
  nrf5340: ({ output, random, pageBytes }) => {
    const quiet = new Nrf5340({ output: () => undefined, random });
    checkGeometry(quiet, GEOMETRY.nrf5340, pageBytes, () => quiet.word(GEOMETRY.nrf5340.codePageSize));
    const chip = new Nrf5340({
      output: (core, uart, byte, atUs) => {
        if (uart === 0) output(byte, atUs, core === "network" ? 1 : 0);
      },
      random,
    });
    const wrapped: EmulatedChip = {
      get isOn() {
        return chip.isOn;
      },
      get nowUs() {
        return chip.nowUs;
      },
      get idleUntilUs() {
        return chip.idleUntilUs;
      },
      set watch(watch: (operation: FlashOperation) => void) {
        chip.watch = watch;
      },
      flash: chip.flash,
      powerOn: () => chip.powerOn(),
      powerOff: () => chip.powerOff(),
      receive: (bytes, port = 0) => chip.receive(bytes, port === 1 ? "network" : "application"),
      run: (us) => chip.run(us),
    };
    return {
      chip: wrapped,
      deviceBytes: chip.flash.snapshot().bytes,
      loadNetwork: (content) => chip.networkFlash.load(0, content),
      faults: () => faultsOf(chip.notes),
      unknown: () => unknownOf(chip.unknown),
    };
  },
};

function faultsOf(notes: readonly ChipNote[]): readonly string[] {
  return notes.flatMap(({ what, core, detail, fault, address }) => {
    if (what === "reset" || core === "network") return [];
    if (what === "lockup") return [`the processor locked up at ${hex(detail)}`];
    const access = address === undefined || address === 0 ? "" : ` (address ${hex(address)})`;
    return [`the processor faulted at ${hex(detail)}: ${fault}${access}`];
  });
}

function unknownOf(unknown: readonly UnknownAccess[]): readonly string[] {
  return unknown.map(
    ({ peripheral, offset, kind, pc }) =>
      `the emulator does not have ${peripheral} + ${hex(offset)} (${kind} at ${hex(pc)}): it reads as zero`,
  );
}

/** @throws BenchError when an erase is not one page: the emulator would take another one's word for a brick. */
export function checkErase(operation: FlashOperation, pageBytes: number): void {
  if (operation.kind !== "erase" || operation.bytes % pageBytes === 0) return;
  throw new BenchError(
    `emulator error: an erase of ${operation.bytes} bytes at ${hex(operation.offset)}; a page has ${pageBytes}.`,
    "This is no verdict about firmware: report it.",
  );
}
