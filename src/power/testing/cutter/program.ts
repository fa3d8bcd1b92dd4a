import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { fromHex, hex } from "../../../core/index.ts";
import { DOUBLES } from "./doubles.ts";

const FOLDER = fileURLToPath(new URL("../../../../firmware-fixtures/cutter/", import.meta.url));
const HEAP_BYTES = 1 << 20;
const TICKS_PERIOD = 1 << 30;
const LISTENING = 1;
/** What a UART keeps that nobody reads. */
const UART_BYTES_MAX = 4096;
/** How long a read waits for its next byte, in microseconds: the least that the rp2 port takes at 115200 baud. */
const BYTE_WAIT_US = 1000;

interface Interpreter {
  readonly FS: { mkdir(path: string): void; writeFile(path: string, text: string): void };
  readonly globals: { get(name: string): unknown };
  registerJsModule(name: string, module: object): void;
  runPython(code: string): unknown;
}

/** What the program does to the world. */
export interface PinChange {
  readonly pin: number;
  readonly level: number;
  /** Microseconds of the program's time. */
  readonly atUs: number;
}

/** The interpreter holds one program at a time: whose turn it is. */
let turn: CutterProgram | undefined;
let loading: Promise<Interpreter> | undefined;
let keys = 0;

function now(): CutterProgram {
  if (!turn) throw new Error("nobody's turn");
  return turn;
}

const BENCH = {
  ticks_us: () => now().ticksUs(),
  ticks_ms: () => now().ticksMs(),
  drive: (pin: number, level: number) => now().drive(pin, level),
  level: (pin: number) => now().levels.get(pin) ?? 0,
  listen: (uart: number, baudRate: number, rxPin: number) => {
    now().uart = { uart, baudRate, rxPin };
  },
  heard: () => now().heard(),
  hear: (most: number) => hex(now().hear(most)),
  unplugged: () => now().unplugged(),
  usb_waits: () => now().usbWaits(),
  usb_read: () => hex(now().usbRead()),
  usb_write: (digits: string) => now().onUsb(fromHex(digits)),
  ctrl_c: (byte: number) => {
    now().ctrlC = byte;
  },
};

/** MicroPython's own interpreter, as WebAssembly, with the files of firmware-fixtures/cutter. */
export function loadInterpreter(): Promise<Interpreter> {
  loading ??= load();
  return loading;
}

async function load(): Promise<Interpreter> {
  const name = "@micropython/micropython-webassembly-pyscript/micropython.mjs";
  const { loadMicroPython } = (await import(name)) as {
    loadMicroPython: (options: { heapsize: number }) => Promise<Interpreter>;
  };
  const python = await loadMicroPython({ heapsize: HEAP_BYTES });
  // Jest takes away what a test file leaves on the global object; the interpreter's finalizers still need it.
  const { Module } = globalThis as { Module?: object };
  if (Module) Object.assign(Module, { [Symbol.for("$$jest-protect-from-deletion")]: [] });
  python.FS.mkdir("/pico");
  for (const file of readdirSync(FOLDER)) {
    if (file.endsWith(".py")) python.FS.writeFile(`/pico/${file}`, readFileSync(`${FOLDER}${file}`, "utf8"));
  }
  python.registerJsModule("hil_bench", BENCH);
  python.runPython(DOUBLES);
  return python;
}

/**
 * The cutter's real program on a pretended Pico. Its time goes on by a microsecond each time it is asked for, and is
 * never behind `timeUs`.
 */
export class CutterProgram {
  readonly levels = new Map<number, number>();
  readonly changes: PinChange[] = [];
  uart: { readonly uart: number; readonly baudRate: number; readonly rxPin: number } | undefined;
  /** What Ctrl-C is: 3 while nobody talks, -1 while it is data. */
  ctrlC = 3;
  onUsb: (bytes: Uint8Array) => void = () => undefined;
  onPin: (change: PinChange) => void = () => undefined;
  readonly #python: Interpreter;
  readonly #key: number;
  readonly #timeUs: () => number;
  readonly #firstTicks: number;
  readonly #line: { readonly atUs: number; readonly byte: number }[] = [];
  #usb: number[] = [];
  #nowUs = 0;
  #rounds = Number.POSITIVE_INFINITY;

  /** @param options.firstTicks what the tick counter says at the start, 0 to 2^30 - 1. */
  static async start(options: { timeUs?: () => number; firstTicks?: number } = {}): Promise<CutterProgram> {
    return new CutterProgram(await loadInterpreter(), options);
  }

  private constructor(python: Interpreter, options: { timeUs?: () => number; firstTicks?: number }) {
    this.#python = python;
    this.#timeUs = options.timeUs ?? (() => 0);
    this.#firstTicks = options.firstTicks ?? 0;
    this.#key = ++keys;
    this.#call("make");
  }

  /** Microseconds of the program's time. */
  get nowUs(): number {
    return this.#nowUs;
  }

  /** One round of its loop; what it does afterwards: 0 idle, 1 listening, 2 about to cut, 3 dark. */
  step(): number {
    this.#nowUs = Math.max(this.#nowUs, this.#timeUs());
    return Number(this.#call("step"));
  }

  /** Rounds until nothing waits on USB, nor on the board's line while it listens there. */
  settle(): number {
    let state = this.step();
    while (this.usbWaits() || (state === LISTENING && this.heard() > 0)) state = this.step();
    return state;
  }

  /** Its time goes on without it. */
  skipTo(atUs: number): void {
    this.#nowUs = Math.max(this.#nowUs, atUs);
  }

  /** Runs main.py, which never ends by itself; after so many looks at USB it is interrupted. */
  runMain(rounds: number): void {
    this.#rounds = rounds;
    this.#call("main");
  }

  fromHost(bytes: Uint8Array): void {
    this.#usb.push(...bytes);
  }

  /** The board sends: the first byte is there at `atUs`, the others one `byteUs` later each. */
  fromBoard(bytes: Uint8Array, atUs = this.#nowUs, byteUs = 0): void {
    for (const [index, byte] of bytes.entries()) {
      if (this.#line.length < UART_BYTES_MAX) this.#line.push({ atUs: atUs + index * byteUs, byte });
    }
  }

  end(): void {
    this.#call("forget");
  }

  ticksUs(): number {
    this.#nowUs += 1;
    return (this.#firstTicks + this.#nowUs) % TICKS_PERIOD;
  }

  ticksMs(): number {
    return Math.floor((this.#firstTicks + this.#nowUs) / 1000) % TICKS_PERIOD;
  }

  drive(pin: number, level: number): void {
    const before = this.levels.get(pin);
    this.levels.set(pin, level);
    if (before === level) return;
    const change = { pin, level, atUs: this.#nowUs };
    this.changes.push(change);
    this.onPin(change);
  }

  heard(): number {
    const next = this.#line.findIndex(({ atUs }) => atUs > this.#nowUs);
    return next < 0 ? this.#line.length : next;
  }

  /** As the Pico's UART: asked for more than there is, it waits for it. Source: MicroPython, ports/rp2/machine_uart.c. */
  hear(most: number): Uint8Array {
    const got: number[] = [];
    while (got.length < most) {
      const next = this.#line[0];
      this.#nowUs = Math.max(this.#nowUs, Math.min(next?.atUs ?? Number.POSITIVE_INFINITY, this.#nowUs + BYTE_WAIT_US));
      if (next === undefined || next.atUs > this.#nowUs) break;
      got.push(next.byte);
      this.#line.shift();
    }
    return Uint8Array.from(got);
  }

  unplugged(): boolean {
    this.#rounds -= 1;
    return this.#rounds < 0;
  }

  usbWaits(): boolean {
    return this.#usb.length > 0;
  }

  usbRead(): Uint8Array {
    return Uint8Array.from(this.#usb.splice(0, 1));
  }

  #call(name: string): unknown {
    const work = this.#python.globals.get(name) as (...args: readonly number[]) => unknown;
    return inTurnOf(this, () => (name === "main" ? work() : work(this.#key)));
  }
}

function inTurnOf<T>(program: CutterProgram, work: () => T): T {
  const before = turn;
  turn = program;
  try {
    return work();
  } finally {
    turn = before;
  }
}
