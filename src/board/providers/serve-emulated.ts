import { type Clock, type Random, sleep } from "../../core/index.ts";
import { FlashContent } from "../../mcuboot/index.ts";
import type { Link } from "../../serial/index.ts";
import type { LoadedProfile } from "../profile/profile.ts";
import { makeEmulatedChip } from "./emulated-chip.ts";

/** The chip runs so long at a time, in microseconds of its own, before the outside is looked at. */
const SLICE_US = 1000;

interface ServeOptions {
  /** The application core's UART, and the network core's where there is one. */
  readonly links: readonly Link[];
  readonly clock: Clock;
  readonly random: Random;
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
  const { links, clock, random, signal } = options;
  const sent: number[][] = links.map(() => []);
  const made = makeEmulatedChip(loaded, (byte, _, port) => sent[port]?.push(byte), random.fork("emulated chip"));
  const { chip } = made;
  const content = FlashContent.erased(made.deviceBytes, made.pageBytes);
  content.load(0, made.factory);
  chip.flash.restore(content);
  chip.powerOn();
  for (const [port, link] of links.entries()) void listen(link, (bytes) => chip.receive(bytes, port));
  const startedUs = clock.nowUs();
  while (!signal.aborted) {
    chip.run(SLICE_US);
    for (const [port, link] of links.entries()) {
      const bytes = sent[port]?.splice(0) ?? [];
      if (bytes.length > 0) await link.write(Uint8Array.from(bytes));
    }
    const aheadMs = (startedUs + chip.nowUs - clock.nowUs()) / 1000;
    await sleep(clock, Math.max(0, aheadMs), signal).catch(() => undefined);
  }
  chip.powerOff();
  return [...new Set([...made.faults(), ...made.unknown()])];
}

async function listen(link: Link, receive: (bytes: Uint8Array) => void): Promise<void> {
  for await (const { bytes } of link.chunks) receive(bytes);
}
