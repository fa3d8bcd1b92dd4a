import { BenchError, utf8 } from "../../core/index.ts";
import { ThumbProgram } from "./parts/thumb-program.ts";

/** What the test needs of a chip. */
interface TestedChip {
  readonly flash: { load(offset: number, data: Uint8Array): void };
  readonly instructions: number;
  powerOn(): void;
  powerOff(): void;
  receive(bytes: Uint8Array): void;
  run(us: number): void;
}

/** Where a chip has what firmware relies on. */
interface TestedParts {
  readonly ramBytes: number;
  readonly nvmc: number;
  /** Erases by a register that takes the address; absent: by a write to the page. */
  readonly erasePage?: number;
  readonly clock: number;
  readonly timer: number;
  readonly timerIrq: number;
  readonly rtc: number;
  /** Says the four bytes of a word, and hears four. */
  readonly says: (program: ThumbProgram, word: number) => void;
  readonly hears: (program: ThumbProgram, word: number) => void;
}

interface TestRow {
  /** What is wrong when the program does not come past it. */
  readonly fault: string;
  readonly steps: (program: ThumbProgram, parts: TestedParts) => void;
}

const RAM = 0x2000_0000;
/** RAM that the program keeps for itself: its mark, and words by name. */
const [OWN_BYTES, SEEN, TWICE, LINE] = [0x40, RAM + 0x10, RAM + 0x14, RAM + 0x20];
const PAGE = 0x8000;
const NVIC_ISER = 0xe000_e100;
const EXCEPTION_IRQ0 = 16;
const BAUD_1M = 0x1000_0000;
const SPOKEN = "hil\n";
const HEARD = "wxyz";
const SLICE_US = 1_000;
/** More than any row takes: the erase of a page is the longest, and memory has the most instructions. */
const [STUCK_US, STUCK_INSTRUCTIONS] = [95_000, 400_000];
/** Every so many bytes a word of RAM is tried: all of a word's places in a block, none of the program's time. */
const STRIDE = 0x44;

/** In the order in which one may rely on the others. */
const ROWS: readonly TestRow[] = [
  {
    fault: "RAM does not keep what is written to it",
    steps: (program, { ramBytes }) => {
      for (const pattern of [0x5555_5555, 0xaaaa_aaaa]) march(program, RAM + OWN_BYTES, RAM + ramBytes, pattern);
    },
  },
  { fault: "the flash controller is never ready", steps: (program, { nvmc }) => program.wait(nvmc + 0x400) },
  {
    fault: "an erased page does not read as ones",
    steps: (program, { nvmc, erasePage }) => {
      program.store(nvmc + 0x504, 2);
      if (erasePage === undefined) program.store(PAGE, -1);
      else program.store(erasePage, PAGE);
      program.expect(PAGE, -1).expect(PAGE + 0x3fc, -1);
    },
  },
  {
    // Source: nRF5340 Product Specification v1.5, NVMC, nWRITE: 2.
    fault: "a word of flash does not take its second write, or a write sets bits",
    steps: (program, { nvmc }) => {
      program
        .store(nvmc + 0x504, 1)
        .store(PAGE, 0xffff_0f0f)
        .expect(PAGE, 0xffff_0f0f);
      program
        .store(PAGE, 0x0fff_fff0)
        .expect(PAGE, 0x0fff_0f00)
        .store(nvmc + 0x504, 0);
    },
  },
  {
    fault: "an oscillator never starts",
    steps: (program, { clock }) => {
      program.store(clock, 1).wait(clock + 0x100);
      program
        .store(clock + 0x518, 1)
        .store(clock + 0x008, 1)
        .wait(clock + 0x104);
    },
  },
  {
    fault: "a timer stands still",
    steps: (program, { timer }) => {
      program
        .store(timer + 0x510, 0)
        .store(timer + 0x508, 0)
        .store(timer + 0x540, 64);
      program.store(timer, 1).wait(timer + 0x140);
    },
  },
  {
    fault: "the real-time counter stands still",
    steps: (program, { rtc }) => {
      program.store(rtc + 0x344, 1 << 16).store(rtc + 0x540, 3);
      program
        .store(rtc, 1)
        .wait(rtc + 0x140)
        .store(rtc + 0x004, 1);
    },
  },
  {
    // The timer's event is still set: a level pends again as long as nobody clears it.
    fault: "an interrupt is lost, or one that stays is not taken again",
    steps: (program, { timer, timerIrq }) => {
      const event = timer + 0x140;
      program.store(SEEN, 0).store(TWICE, 0);
      // r1 = ++[SEEN]; cmp r1, #2; bne out; [event] = 0; [TWICE] = 1
      program.handler(EXCEPTION_IRQ0 + timerIrq, (handler) => {
        handler.ldr(0, SEEN).op(0x6801, 0x3101, 0x6001, 0x2902, 0xd105);
        handler.ldr(0, event).op(0x2100, 0x6001).ldr(0, TWICE).op(0x2101, 0x6001);
      });
      program.store(timer + 0x304, 1 << 16).store(NVIC_ISER, 1 << timerIrq);
      program
        .wait(TWICE)
        .store(timer + 0x308, 1 << 16)
        .store(timer + 0x004, 1);
    },
  },
  {
    fault: "a UART does not send to its end",
    steps: (program, { says }) => says(program.store(LINE, wordOf(SPOKEN)), LINE),
  },
  {
    fault: "a UART does not receive what came",
    steps: (program, { hears }) => {
      program.store(LINE, 0);
      hears(program, LINE);
    },
  },
];

const [UART, UARTE] = [0x4000_2000, 0x5000_8000];

/** Source: nRF51 Series Reference Manual v3.0, and nRF5340 Product Specification v1.5: addresses and interrupts. */
export const TESTED_PARTS = {
  nrf51: {
    ramBytes: 0x4000,
    nvmc: 0x4001_e000,
    erasePage: 0x4001_e508,
    clock: 0x4000_0000,
    timer: 0x4000_8000,
    timerIrq: 8,
    rtc: 0x4000_b000,
    says: (program) => {
      program
        .store(UART + 0x524, BAUD_1M)
        .store(UART + 0x500, 4)
        .store(UART + 0x008, 1);
      for (const byte of utf8(SPOKEN))
        program
          .store(UART + 0x11c, 0)
          .store(UART + 0x51c, byte)
          .wait(UART + 0x11c);
    },
    hears: (program) => {
      program.store(UART, 1);
      for (const byte of utf8(HEARD))
        program
          .wait(UART + 0x108)
          .store(UART + 0x108, 0)
          .expect(UART + 0x518, byte);
    },
  },
  nrf5340: {
    ramBytes: 0x8_0000,
    nvmc: 0x5003_9000,
    clock: 0x5000_5000,
    timer: 0x5000_f000,
    timerIrq: 15,
    rtc: 0x5001_5000,
    says: (program, word) => {
      program.store(UARTE + 0x524, BAUD_1M).store(UARTE + 0x500, 8);
      program
        .store(UARTE + 0x544, word)
        .store(UARTE + 0x548, 4)
        .store(UARTE + 0x008, 1)
        .wait(UARTE + 0x120);
    },
    hears: (program, word) => {
      program
        .store(UARTE + 0x534, word)
        .store(UARTE + 0x538, 4)
        .store(UARTE, 1)
        .wait(UARTE + 0x110);
      program.expect(word, wordOf(HEARD));
    },
  },
} as const satisfies Record<string, TestedParts>;

/**
 * Lets a few instructions use what every firmware relies on, before any verdict: memory, flash, clocks, timers,
 * interrupts, the UART. An emulator that lies there would look like a bootloader that bricks boards.
 * @param chip a new one, which is not used any further
 * @param word reads a word of its RAM
 * @param said what its UART has sent
 * @throws BenchError "emulator error", with the part that is at fault
 */
export function selfTest(
  chip: TestedChip,
  parts: TestedParts,
  { word, said }: { readonly word: (address: number) => number; readonly said: () => string },
): void {
  chip.flash.load(0, programOf(parts).image(0, RAM + parts.ramBytes));
  chip.powerOn();
  let reached = 0;
  let before = 0;
  for (let stuckUs = 0; stuckUs < STUCK_US && reached <= ROWS.length; stuckUs += SLICE_US) {
    chip.run(SLICE_US);
    if (chip.instructions - before > STUCK_INSTRUCTIONS) break;
    if (word(RAM) === reached) continue;
    reached = word(RAM);
    before = chip.instructions;
    stuckUs = 0;
    if (reached === ROWS.length) chip.receive(utf8(HEARD));
  }
  const mark = word(RAM);
  chip.powerOff();
  // A core that never came to its first instruction left no mark.
  if (mark <= ROWS.length) fail(ROWS[mark - 1]?.fault ?? "the processor does not run a program");
  if (said() !== SPOKEN) fail(`a UART sends ${JSON.stringify(said())} for ${JSON.stringify(SPOKEN)}`);
}

function programOf(parts: TestedParts): ThumbProgram {
  const program = new ThumbProgram();
  for (const [index, { steps }] of ROWS.entries()) {
    program.store(RAM, index + 1);
    steps(program, parts);
  }
  return program.store(RAM, ROWS.length + 1);
}

/** Fills memory with a word here and there, and reads it back; stands still at the first word that is another one. */
function march(program: ThumbProgram, first: number, end: number, pattern: number): void {
  // fill: str r2, [r0]; adds r0, #STRIDE; cmp r0, r1; blo fill
  program
    .ldr(0, first)
    .ldr(1, end - 4)
    .ldr(2, pattern)
    .op(0x6002, 0x3000 | STRIDE, 0x4288, 0xd3fb);
  // check: ldr r3, [r0]; cmp r3, r2; beq next; b .; next: adds r0, #STRIDE; cmp r0, r1; blo check
  program.ldr(0, first).op(0x6803, 0x4293, 0xd000, 0xe7fe, 0x3000 | STRIDE, 0x4288, 0xd3f8);
}

function wordOf(text: string): number {
  return Buffer.from(text, "latin1").readInt32LE();
}

function fail(what: string): never {
  throw new BenchError(`emulator error: ${what}.`, "This is no verdict about firmware: report it.");
}
