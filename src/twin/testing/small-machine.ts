import { Random, sleep, VirtualClock } from "../../core/index.ts";
import { NRF5340_INTERNAL } from "../../mcuboot/index.ts";
import { type SmallBoardOptions, smallBuild, smallImage } from "../../mcuboot/testing/small-board.ts";
import { memoryLinks, Uart } from "../../serial/index.ts";
import { SmpClient } from "../../smp/index.ts";
import type { TwinSmp } from "../app.ts";
import { hooksOf, type MachineFault } from "../faults.ts";
import { TwinFlash } from "../flash.ts";
import { TwinMachine } from "../machine.ts";
import { TwinUart } from "../uart.ts";

export const PAGE_BYTES = 4096;
const SLOT_PAGES = 16;
const BAUD_RATE = 1_000_000;

export interface SmallMachineOptions extends SmallBoardOptions {
  readonly faults?: readonly MachineFault[];
  /** What the primary slot holds; default: 1.0.0. */
  readonly primary?: Uint8Array;
  readonly flash?: typeof TwinFlash;
  readonly uploaded?: boolean;
  readonly smp?: Partial<TwinSmp>;
}

/** A machine in virtual time that runs 1.0.0 and holds 2.0.0 in slot 1, and a host at its UART. It has no power yet. */
export function smallMachine(options: SmallMachineOptions = {}) {
  const { faults = [], primary, flash: Flash = TwinFlash, uploaded = true, smp: served, ...rest } = options;
  const encrypted = rest.encrypted ?? true;
  const build = smallBuild({ slotSectors: SLOT_PAGES, ...rest });
  const clock = new VirtualClock();
  const [host, device] = memoryLinks({ clock, names: ["host", "board"] });
  const flash = new Flash({
    clock,
    random: Random.fromSeed("small machine"),
    timing: NRF5340_INTERNAL,
    flashBytes: 2 * SLOT_PAGES * PAGE_BYTES,
    pageBytes: PAGE_BYTES,
  });
  flash.program(0, primary ?? smallImage("1.0.0", 20_000, encrypted).plain);
  if (uploaded) flash.program(SLOT_PAGES * PAGE_BYTES, smallImage("2.0.0", 30_000, encrypted).file);
  const machine = new TwinMachine({
    clock,
    flash,
    uart: new TwinUart(device, { clock, baudRate: BAUD_RATE, hooks: hooksOf(new Set(faults)) }),
    build,
    hooks: hooksOf(new Set(faults)),
    smp: { bufferBytes: 1024, bufferCount: 4, ...served },
  });
  const uart = Uart.open(host, { clock });
  const lines: { readonly atUs: number; readonly text: string }[] = [];
  uart.onLine(({ atUs, text }) => lines.push({ atUs, text }));
  const smp = SmpClient.onUart(uart, { clock, timeoutMs: 500 });
  return {
    clock,
    flash,
    machine,
    uart,
    smp,
    lines,
    /** Lines that hold this text, so far. */
    count: (text: string) => lines.filter((line) => line.text.includes(text)).length,
    pass: (ms: number) => sleep(clock, ms),
    /** Asks for 2.0.0 and resets; returns when the reset was answered, in microseconds. */
    async requestAndReset(): Promise<number> {
      const { images } = await smp.imageState();
      const hash = images.find((entry) => entry.slot === 1)?.hash;
      if (hash === undefined) throw new RangeError("there is no image in slot 1");
      await smp.setImageState({ hash, confirm: false });
      await smp.reset();
      return clock.nowUs();
    },
    /** "1.0.0 active confirmed" and its like, slot by slot. */
    async listed(): Promise<string[]> {
      const { images } = await smp.imageState();
      return images.map((entry) => {
        const flags = (["active", "confirmed", "pending", "permanent"] as const).filter((flag) => entry[flag]);
        return [entry.version, ...flags].join(" ");
      });
    },
    /** Takes its power away: a board that resets itself for ever keeps virtual time going for ever. */
    [Symbol.asyncDispose]: () => machine[Symbol.asyncDispose](),
  };
}
