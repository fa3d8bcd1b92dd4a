import { BenchError, defined, hexOf, type Random } from "../../core/index.ts";
import {
  type ChipNote,
  checkGeometry,
  type DebuggedChip,
  type Engine,
  GEOMETRY,
  Nrf51,
  Nrf5340,
  selfTest,
  TESTED_PARTS,
  type UnknownAccess,
} from "../../emulator/index.ts";
import type { FlashOperation } from "../../mcuboot/index.ts";
import type { EmulatedChip } from "./running-chip.ts";

/** A chip on its bench, and what only a running processor shows. */
export interface MadeChip {
  readonly chip: EmulatedChip;
  /** Bytes of the device that its flash is kept in. */
  readonly deviceBytes: number;
  /** Where the chip's UICR lies, and what programs it: words by offset. */
  readonly uicr: readonly { readonly start: number; readonly load: (words: ReadonlyMap<number, number>) => void }[];
  /** Puts the network core's firmware in. */
  readonly loadNetwork?: (content: Uint8Array) => void;
  /** The chip as a debugger holds it; wants `INTERPRETER`. */
  readonly debugged: DebuggedChip;
  /** Resets, lock-ups and faults since this was asked last. */
  readonly takeNotes: () => readonly ChipNote[];
  /** Registers that firmware used and the emulator does not have, as sentences. */
  readonly unknown: (nameOf: (address: number) => string) => readonly string[];
}

interface ChipOptions {
  /** @param port 0: the application core's UART, 1: the network core's */
  readonly output: (byte: number, atUs: number, port: number) => void;
  readonly random: Random;
  readonly pageBytes: number;
  readonly engine?: Engine | undefined;
}

/** How each chip is made. Each is checked first: see `checkGeometry` and `selfTest`. */
export const CHIP_MAKERS: Readonly<Record<"nrf51" | "nrf5340", (options: ChipOptions) => MadeChip>> = {
  nrf51: ({ output, random, pageBytes, engine }) => {
    const make = (sent: (byte: number, atUs: number) => void) =>
      new Nrf51({ output: sent, random, ...defined({ engine }) });
    const checked = make(() => undefined);
    checkGeometry(checked, GEOMETRY.nrf51, pageBytes, () => checked.ram(GEOMETRY.nrf51.codePageSize));
    let said = "";
    const tested = make((byte) => void (said += String.fromCharCode(byte)));
    selfTest(tested, TESTED_PARTS.nrf51, { word: (address) => tested.ram(address), said: () => said });
    const chip = make((byte, atUs) => output(byte, atUs, 0));
    return {
      chip,
      debugged: chip,
      uicr: [{ start: 0x1000_1000, load: (words) => chip.loadUicr(words) }],
      deviceBytes: chip.flash.snapshot().bytes,
      takeNotes: () => chip.takeNotes(),
      unknown: (nameOf) => unknownOf(chip.unknown, nameOf),
    };
  },
  nrf5340: ({ output, random, pageBytes, engine }) => {
    const quiet = new Nrf5340({ output: () => undefined, random });
    let said = "";
    const tested = new Nrf5340({
      output: (_core, _uart, byte) => void (said += String.fromCharCode(byte)),
      random,
      ...defined({ engine }),
    });
    selfTest(tested, TESTED_PARTS.nrf5340, { word: (address) => tested.word(address), said: () => said });
    checkGeometry(quiet, GEOMETRY.nrf5340, pageBytes, () => quiet.word(GEOMETRY.nrf5340.codePageSize));
    const chip = new Nrf5340({
      output: (core, uart, byte, atUs) => {
        if (uart === 0) output(byte, atUs, core === "network" ? 1 : 0);
      },
      random,
      ...defined({ engine }),
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
      debugged: chip,
      uicr: [
        { start: 0x00ff_8000, load: (words) => chip.loadUicr(words) },
        { start: 0x01ff_8000, load: (words) => chip.loadUicr(words, "network") },
      ],
      deviceBytes: chip.flash.snapshot().bytes,
      loadNetwork: (content) => chip.networkFlash.load(0, content),
      takeNotes: () => chip.takeNotes(),
      unknown: (nameOf) => unknownOf(chip.unknown, nameOf),
    };
  },
};

function unknownOf(unknown: readonly UnknownAccess[], nameOf: (address: number) => string): readonly string[] {
  return unknown.map(
    ({ peripheral, offset, kind, pc }) =>
      `the emulator does not have ${peripheral} + ${hexOf(offset)} (${kind} at ${nameOf(pc)}): it reads as zero`,
  );
}

/** A chip as a `CpuWatch` looks at it. */
export function watchedChip({ chip, debugged, takeNotes }: MadeChip) {
  return { pc: () => debugged.core?.pc, content: () => chip.flash.snapshot(), takeNotes };
}

/** @throws BenchError when an erase is not one page: the emulator would take another one's word for a brick. */
export function checkErase(operation: FlashOperation, pageBytes: number): void {
  if (operation.kind !== "erase" || operation.bytes % pageBytes === 0) return;
  throw new BenchError(
    `emulator error: an erase of ${operation.bytes} bytes at ${hexOf(operation.offset)}; a page has ${pageBytes}.`,
    "This is no verdict about firmware: report it.",
  );
}
