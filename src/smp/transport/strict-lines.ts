import type { Chunk, FrameLine } from "../../serial/index.ts";
import { CONTINUE_MARKER, START_MARKER } from "./console-framing.ts";

/** How a server tells lines apart; clients are more patient (`ConsoleDecoder` behind a splitter). */
interface LineRules {
  readonly name: string;
  /** Longest line that is kept, line feed included; of a longer one nothing counts. */
  readonly lineBytesMax: number;
  /** A carriage return before the line feed makes the line undecodable. */
  readonly refusesReturn: boolean;
  readonly source: string;
}

export const LINE_RULES = {
  zephyr: {
    name: "zephyr",
    lineBytesMax: 128,
    refusesReturn: false,
    source: "Zephyr uart_mcumgr.c, serial_util.c; measured on 4.4.0 (peers/smp-frames.test.ts)",
  },
  mcuboot: {
    name: "mcuboot",
    lineBytesMax: 128,
    refusesReturn: true,
    source: "MCUboot boot_serial.c, serial_adapter.c; measured (peers/smp-frames.test.ts)",
  },
} as const satisfies Record<string, LineRules>;

const LINE_FEED = 0x0a;
const RETURN = 0x0d;

/**
 * Lines as a server's UART driver makes them: a frame line begins with its marker, or it is none. What stands before a
 * marker on its line takes the frame along.
 */
export class StrictLines {
  readonly #rules: LineRules;
  readonly #onLine: (line: FrameLine) => void;
  readonly #held: number[] = [];
  #overlong = false;

  constructor(rules: LineRules, onLine: (line: FrameLine) => void) {
    this.#rules = rules;
    this.#onLine = onLine;
  }

  push({ atUs, bytes }: Chunk): void {
    for (const byte of bytes) {
      if (byte === LINE_FEED) this.#end(atUs);
      else if (this.#held.length + 1 >= this.#rules.lineBytesMax) this.#overlong = true;
      else this.#held.push(byte);
    }
  }

  #end(atUs: number): void {
    const line = this.#held.splice(0);
    const isFrame = !this.#overlong && [START_MARKER, CONTINUE_MARKER].some(([a, b]) => line[0] === a && line[1] === b);
    this.#overlong = false;
    if (!isFrame || (this.#rules.refusesReturn && line.at(-1) === RETURN)) return;
    this.#onLine({ atUs, bytes: Uint8Array.of(...line, LINE_FEED) });
  }
}
