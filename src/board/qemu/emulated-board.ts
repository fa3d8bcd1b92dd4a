import { BenchError, type Clock, isKind } from "../../core/index.ts";
import type { PowerFacts, PowerState, PowerSwitch } from "../../power/index.ts";
import type { FlashProgress, FlashStop } from "../parts/board.ts";
import type { QemuMachineRow } from "../profile/qemu-schema.ts";
import { EmulatedUart } from "./emulated-uart.ts";
import { Emulator, type FlashStep } from "./emulator.ts";

interface EmulatedBoardOptions {
  readonly machine: QemuMachineRow;
  /** What the flash holds at first, all of it. */
  readonly flash: Uint8Array;
  /** Program that emulates it: a name or a path. */
  readonly program: string;
  readonly clock: Clock;
}

/**
 * An emulated board on its bench: power comes and goes, the flash stays. Off is: stand still, save the flash, end the
 * emulator; on is: a new emulator that starts from the saved flash. It has no power at first.
 */
export class EmulatedBoard implements PowerSwitch {
  readonly facts: PowerFacts = { cuts: "soc", readsBack: true, latency: "ms" };
  readonly uart: EmulatedUart;
  readonly #options: EmulatedBoardOptions;
  #flash: Uint8Array;
  #emulator: Emulator | undefined;
  #startWatched: ((started: Emulator) => Promise<void>) | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(options: EmulatedBoardOptions) {
    this.#options = options;
    this.#flash = options.flash;
    this.uart = new EmulatedUart(`${options.machine.name} in QEMU`, options.clock);
  }

  set(state: PowerState, options: { readonly signal?: AbortSignal | undefined } = {}): Promise<{ sentAtUs: number }> {
    return this.#inTurn(async () => {
      options.signal?.throwIfAborted();
      return state === "on" ? this.#on(options.signal) : this.#off();
    });
  }

  async read(): Promise<PowerState> {
    return this.#emulator === undefined ? "off" : "on";
  }

  /** The whole flash, whether the board has power or not. Running, it stands still for a few milliseconds. */
  readFlash(): Promise<Uint8Array> {
    return this.#inTurn(async () => {
      const emulator = this.#emulator;
      if (emulator === undefined) return this.#flash.slice();
      return emulator.whileStill(() => emulator.flash());
    });
  }

  /** Puts a content into the whole flash. A board that has power loses it, and starts anew with that content. */
  writeFlash(content: Uint8Array): Promise<void> {
    return this.#inTurn(async () => {
      const { flashBytes, name } = this.#options.machine;
      if (content.length !== flashBytes) throw new RangeError(`the flash of ${name} has ${flashBytes} bytes`);
      const wasOn = this.#emulator !== undefined;
      if (wasOn) await this.#off();
      this.#flash = content.slice();
      if (wasOn) await this.#on(undefined);
    });
  }

  /** See `Board.cuts`. A watch that waits for power holds for one power-on. */
  async stopAfter(progress: FlashProgress, signal: AbortSignal): Promise<FlashStop> {
    signal.throwIfAborted();
    const emulator = this.#emulator;
    if (emulator !== undefined) return this.#watched(emulator, progress, signal);
    const reached = new Promise<void>((resolve, reject) => {
      this.#startWatched = async (started) => {
        const stop = await this.#watched(started, progress, signal);
        stop.reached.then(resolve, reject);
      };
      const givenUp = () => {
        this.#startWatched = undefined;
        reject(signal.reason);
      };
      signal.addEventListener("abort", givenUp, { once: true });
    });
    return { reached };
  }

  /** Resolves once the board runs and is watched. */
  async #watched(emulator: Emulator, progress: FlashProgress, signal: AbortSignal): Promise<FlashStop> {
    let running = () => {};
    const armed = new Promise<void>((resolve) => {
      running = resolve;
    });
    const walk = async () => {
      for await (const _ of placesIn(emulator, [progress], signal, running)) return;
      signal.throwIfAborted();
    };
    const reached = walk();
    reached.catch(() => undefined);
    await Promise.race([armed, reached]);
    return { reached };
  }

  /**
   * Gives power to a board that has none, stops at each of these places of its boot, which must be in the order in
   * which it comes there, and returns the whole flash. Ends when the signal aborts, and the board runs on; after the
   * last place it stands still.
   */
  async *places(places: Iterable<FlashProgress>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    yield* placesIn(await this.#standingStill(), places, signal);
  }

  /**
   * Gives power to a board that has none, stops before each change of the flash from now on, and returns the whole
   * flash there. Ends when the signal aborts, and the board runs on; left earlier by its consumer, it stands still.
   */
  async *changes(step: FlashStep, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const emulator = await this.#standingStill();
    while ((await emulator.untilChange(step, signal)) === "change") yield await emulator.flash();
    emulator.resume();
  }

  /** Throws when the emulator ended by itself. */
  check(): void {
    if (this.#emulator?.isGone) {
      throw new BenchError("QEMU ended in the middle of its work.", "Look who ended it; the flash is lost with it.");
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#inTurn(async () => {
      this.#closed = true;
      await this.#end();
    });
  }

  /** The emulator; a new one before its first instruction, where the board has no power yet. */
  #standingStill(): Promise<Emulator> {
    return this.#inTurn(async () => this.#emulator ?? this.#started(undefined));
  }

  async #on(signal: AbortSignal | undefined): Promise<{ sentAtUs: number }> {
    const { clock } = this.#options;
    if (this.#emulator?.isGone) await this.#end();
    if (this.#emulator === undefined) {
      const emulator = await this.#started(signal);
      const start = this.#startWatched;
      this.#startWatched = undefined;
      if (start === undefined) emulator.resume();
      else await start(emulator);
    }
    return { sentAtUs: clock.nowUs() };
  }

  async #started(signal: AbortSignal | undefined): Promise<Emulator> {
    const { machine, program, clock } = this.#options;
    if (this.#closed) throw new BenchError("the emulated board is closed.", "Open it again.");
    const emulator = await Emulator.start(machine, this.#flash, { program, clock, signal });
    this.#emulator = emulator;
    this.uart.attach(emulator);
    return emulator;
  }

  async #off(): Promise<{ sentAtUs: number }> {
    const { clock } = this.#options;
    const emulator = this.#emulator;
    if (emulator === undefined) return { sentAtUs: clock.nowUs() };
    try {
      await emulator.stop();
      const sentAtUs = clock.nowUs();
      this.uart.silentSince(sentAtUs);
      this.#flash = await emulator.flash();
      return { sentAtUs };
    } catch (error) {
      if (isKind(error, "bench")) this.check();
      throw error;
    } finally {
      await this.#end();
    }
  }

  async #end(): Promise<void> {
    this.uart.detach();
    const emulator = this.#emulator;
    this.#emulator = undefined;
    await emulator?.[Symbol.asyncDispose]();
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}

async function* placesIn(
  emulator: Emulator,
  places: Iterable<FlashProgress>,
  signal: AbortSignal,
  running?: () => void,
): AsyncGenerator<Uint8Array> {
  let [erasesMet, wordsMet] = [0, 0];
  for (const { erases, words } of places) {
    // "All" words are done when the next erase is met; it is not carried out then.
    const [erasesWanted, wordsWanted] = words === "all" ? [erases + 1, 0] : [erases, words + 1];
    while (erasesMet < erasesWanted || wordsMet < wordsWanted) {
      const step: FlashStep = erasesMet < erasesWanted ? "erase" : "any";
      if ((await emulator.untilChange(step, signal, running)) === "given up") {
        emulator.resume();
        return;
      }
      [erasesMet, wordsMet] = step === "erase" ? [erasesMet + 1, 0] : [erasesMet, wordsMet + 1];
    }
    yield await emulator.flash();
  }
}
