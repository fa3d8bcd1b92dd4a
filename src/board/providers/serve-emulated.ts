import { type Clock, type Random, sleep } from "../../core/index.ts";
import { DebugTarget, GdbStub, INTERPRETER } from "../../emulator/index.ts";
import type { FlashContent } from "../../mcuboot/index.ts";
import type { Link } from "../../serial/index.ts";
import { watchedChip } from "../emulated/chips.ts";
import { CpuWatch } from "../emulated/cpu-watch.ts";
import type { LoadedProfile } from "../profile/profile.ts";
import { factoryContent, makeEmulatedChip } from "./emulated-chip.ts";

/** The chip runs so long at a time, in microseconds of its own, before the outside is looked at. */
const SLICE_US = 1000;
/** While a debugger holds the chip, it is asked so often whether it goes on. */
const STOPPED_MS = 2;

interface ServeOptions {
  /** The application core's UART, and the network core's where there is one. */
  readonly links: readonly Link[];
  readonly clock: Clock;
  readonly random: Random;
  /** Where a debugger may come: the chip stands at its first instruction until one lets it run. */
  readonly debugger?: Link | undefined;
  /** The flash when power comes; default: as it comes from the factory. */
  readonly content?: FlashContent | undefined;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/**
 * Runs the firmware of an emulated board with its UARTs on links, until it is told to stop. The chip is never ahead of
 * the clock; where it is slower than a real one, it falls behind, and nothing is lost.
 * @returns what people should know: faults of the processor, registers that are not there
 * @throws ConfigurationError for firmware that does not fit, and for what the emulator refuses by name
 */
export async function serveEmulated(loaded: LoadedProfile, options: ServeOptions): Promise<readonly string[]> {
  const { links, clock, random, signal, debugger: gdb } = options;
  const sent: number[][] = links.map(() => []);
  const made = makeEmulatedChip(
    loaded,
    (byte, _, port) => sent[port]?.push(byte),
    random.fork("emulated chip"),
    gdb && INTERPRETER,
  );
  const { chip } = made;
  chip.flash.restore(options.content ?? factoryContent(made));
  chip.powerOn();
  for (const [port, link] of links.entries()) void listen(link, (bytes) => chip.receive(bytes, port));
  const stub = gdb && new GdbStub(new DebugTarget(made.debugged), (bytes) => void gdb.write(bytes));
  if (gdb && stub) void listen(gdb, (bytes) => stub.receive(bytes));
  const watch = new CpuWatch(watchedChip(made), loaded.profile, made.nameOf);
  chip.watch = (operation) => watch.before(operation);
  let startedUs = clock.nowUs();
  while (!signal.aborted) {
    if (stub?.isRunning === false) {
      await sleep(clock, STOPPED_MS, signal).catch(() => undefined);
      startedUs = clock.nowUs() - chip.nowUs;
      continue;
    }
    if (stub) stub.run(SLICE_US);
    else chip.run(SLICE_US);
    watch.look();
    for (const [port, link] of links.entries()) {
      const bytes = sent[port]?.splice(0) ?? [];
      if (bytes.length > 0) await link.write(Uint8Array.from(bytes));
    }
    const aheadMs = (startedUs + chip.nowUs - clock.nowUs()) / 1000;
    await sleep(clock, Math.max(0, aheadMs), signal).catch(() => undefined);
  }
  chip.powerOff();
  return [...watch.findings(), ...made.remarks()];
}

async function listen(link: Link, receive: (bytes: Uint8Array) => void): Promise<void> {
  for await (const { bytes } of link.chunks) receive(bytes);
}
