import type { Clock } from "../../../core/index.ts";
import type { Link } from "../../../serial/index.ts";
import { CutterProgram } from "./program.ts";

/** How often the program's loop comes round while it has something to do, in microseconds of the bench's clock. */
const ROUND_US = 1000;
const IDLE = 0;

/**
 * The cutter's real program at the far end of a line, on a bench's clock: USB is the link, and what its drive pin does
 * is told at the moment it does it, also where the program's own time has run ahead (it waits for a cut by counting).
 */
export class CutterBench {
  readonly program: CutterProgram;
  readonly #clock: Clock;
  readonly #link: Link;
  readonly #ended: Promise<void>;
  #alarm: (() => void) | undefined;
  #over = false;
  /** False: as a Pico that has stopped. */
  alive = true;

  /** @param options.onPin called with the level of the pin that `setup` named, when it changes. */
  static async start(options: {
    readonly clock: Clock;
    readonly link: Link;
    readonly onPin: (level: number) => void;
    readonly answer?: (bytes: Uint8Array) => Uint8Array;
    readonly firstTicks?: number;
  }): Promise<CutterBench> {
    const { clock, firstTicks = 0 } = options;
    const program = await CutterProgram.start({ timeUs: () => clock.nowUs(), firstTicks });
    return new CutterBench(program, options);
  }

  private constructor(program: CutterProgram, options: Parameters<typeof CutterBench.start>[0]) {
    this.program = program;
    const { clock, link, onPin, answer = (bytes: Uint8Array) => bytes } = options;
    this.#clock = clock;
    this.#link = link;
    program.onPin = ({ level, atUs }) => {
      // At once where it can be: a link must not be faster than the pin.
      if (atUs - clock.nowUs() < ROUND_US) onPin(level);
      else clock.at(atUs, () => onPin(level));
    };
    program.onUsb = (bytes) => {
      const said = answer(bytes);
      clock.at(program.nowUs, () => void link.write(said).catch(() => undefined));
    };
    this.#ended = this.#read();
  }

  /** What the board sends, as it arrives. */
  fromBoard(bytes: Uint8Array): void {
    this.program.fromBoard(bytes, this.#clock.nowUs());
    this.#round();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over = true;
    this.#alarm?.();
    await this.#link[Symbol.asyncDispose]();
    await this.#ended;
    this.program.end();
  }

  async #read(): Promise<void> {
    try {
      for await (const { bytes } of this.#link.chunks) {
        this.program.fromHost(bytes);
        this.#round();
      }
    } catch {
      // Unplugged: a Pico that goes on without a host.
    }
  }

  #round(): void {
    if (this.#over || !this.alive) return;
    const state = this.program.settle();
    this.#alarm?.();
    this.#alarm = state === IDLE ? undefined : this.#clock.at(this.#clock.nowUs() + ROUND_US, () => this.#round());
  }
}
