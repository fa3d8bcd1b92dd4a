import { describe, expect, test } from "@jest/globals";
import { ConfigurationError, Random } from "../../core/index.ts";
import type { FlashOperation } from "../../mcuboot/index.ts";
import { Nrf5340 } from "./nrf5340.ts";
import { ThumbProgram } from "./parts/thumb-program.ts";

const RAM = 0x2000_0000;
const PAGE = 0x8000;
const NETWORK_FLASH = 0x0100_0000;
const QSPI_AT = 0x10_0000;
const [CLOCK, UARTE0, IPC, QSPI, MUTEX, NVMC] = [
  0x5000_5000, 0x5000_8000, 0x5002_a000, 0x5002_b000, 0x5003_0000, 0x5003_9000,
];
const [TIMER0, DPPIC, EGU0, SPU, RTC1] = [0x5000_f000, 0x5001_7000, 0x5001_b000, 0x5000_3000, 0x5001_5000];
const FORCE_OFF = CLOCK + 0x614;
const NETWORK = { ipc: 0x4101_2000, nvmc: 0x4108_0000, uart: 0x4101_3000 };
const BAUD_115200 = 0x01d6_0000;
const WFI = 0xbf30;

/** A chip that runs these programs; the network core's is empty where it is not let go. */
function chipWith(application: ThumbProgram, network = new ThumbProgram()) {
  const output: Record<string, string> = {};
  const chip = new Nrf5340({
    output: (core, uart, byte) => {
      output[core + uart] = (output[core + uart] ?? "") + String.fromCharCode(byte);
    },
    random: Random.fromSeed(1),
  });
  chip.flash.load(0, application.image(0, RAM + 0x4000));
  chip.networkFlash.load(0, network.image(NETWORK_FLASH, 0x2100_4000));
  chip.powerOn();
  return { chip, output };
}

/** Sends bytes of RAM over a UARTE. */
function sends(uart: number, address: number, count: number): ThumbProgram {
  return new ThumbProgram()
    .store(RAM + 0x100, 0x6463_6261)
    .store(uart + 0x524, BAUD_115200)
    .store(uart + 0x500, 8)
    .store(uart + 0x544, address)
    .store(uart + 0x548, count)
    .store(uart + 0x008, 1);
}

function watched(program: ThumbProgram): { chip: Nrf5340; operations: FlashOperation[] } {
  const { chip } = chipWith(program);
  const operations: FlashOperation[] = [];
  chip.watch = (operation) => operations.push(operation);
  return { chip, operations };
}

describe("Nrf5340", () => {
  test("a UARTE sends from RAM, byte by byte at the line's pace, and says so when all is out", () => {
    const { chip, output } = chipWith(sends(UARTE0, RAM + 0x100, 4));
    chip.run(300);
    expect(output["application0"]).toBe("abc");
    expect(chip.word(UARTE0 + 0x120)).toBe(0);
    chip.run(60);
    expect([output["application0"], chip.word(UARTE0 + 0x120), chip.word(UARTE0 + 0x54c)]).toEqual(["abcd", 1, 4]);
  });

  test("a UARTE receives into RAM what comes after STARTRX, and ends when the buffer is full", () => {
    const program = new ThumbProgram()
      .store(UARTE0 + 0x524, BAUD_115200)
      .store(UARTE0 + 0x500, 8)
      .store(UARTE0 + 0x534, RAM + 0x200)
      .store(UARTE0 + 0x538, 3)
      .store(UARTE0, 1);
    const { chip } = chipWith(program);
    chip.run(10);
    chip.receive(Buffer.from("xyzzy"));
    chip.run(600);
    expect(chip.word(RAM + 0x200)).toBe(0x007a_7978);
    expect([chip.word(UARTE0 + 0x110), chip.word(UARTE0 + 0x53c)]).toEqual([1, 3]);
  });

  test("flash is erased by a write to the page, with the time of a page, and written by words, which only clear bits", () => {
    const program = new ThumbProgram()
      .store(NVMC + 0x504, 1)
      .store(PAGE + 0xffc, 0x1234_5678)
      .store(PAGE + 0x1000, 0x0f0f_0f0f)
      .store(NVMC + 0x504, 2)
      .store(PAGE, 0xffff_ffff)
      .store(NVMC + 0x504, 1)
      .store(PAGE + 4, 5);
    const { chip, operations } = watched(program);
    chip.run(1_000);
    expect(chip.nowUs).toBeGreaterThan(87_500 + 2 * 43);
    expect(chip.nowUs).toBeLessThan(87_500 + 2 * 43 + 10);
    chip.run(100);
    expect(operations.map(({ kind, offset }) => `${kind} ${offset.toString(16)}`)).toEqual([
      "write 8ffc",
      "write 9000",
      "erase 8000",
      "write 8004",
    ]);
    expect([0, 4, 0xffc, 0x1000].map((at) => chip.word(PAGE + at))).toEqual([-1, 5, -1, 0x0f0f_0f0f]);
  });

  test("a store to flash without its controller's leave is a fault that names instruction and address", () => {
    const { chip, operations } = watched(new ThumbProgram().store(PAGE, 0));
    chip.run(5);
    expect(operations).toEqual([]);
    expect(chip.takeNotes()[0]).toMatchObject({
      what: "fault",
      core: "application",
      fault: "PRECISERR",
      address: PAGE,
    });
  });

  test("the network core runs when FORCEOFF is cleared, prints on its own UART, and stops when it is set", () => {
    const program = new ThumbProgram()
      .store(FORCE_OFF, 0)
      .wait(RAM + 0x104)
      .store(FORCE_OFF, 1);
    const network = sends(NETWORK.uart, RAM + 0x100, 4)
      .wait(NETWORK.uart + 0x120)
      .store(RAM + 0x104, 1);
    const { chip, output } = chipWith(program, network);
    expect(chip.isNetworkOn).toBe(false);
    chip.run(300);
    expect([chip.isNetworkOn, output]).toEqual([true, { network0: "abc" }]);
    chip.run(100);
    expect([chip.isNetworkOn, output]).toEqual([false, { network0: "abcd" }]);
  });

  test("IPC carries a signal to the other core, after a moment", () => {
    const program = new ThumbProgram()
      .store(FORCE_OFF, 0)
      .store(IPC + 0x510, 1 << 3)
      .wait(RAM + 0x40)
      .store(IPC, 1);
    const network = new ThumbProgram()
      .store(NETWORK.ipc + 0x590 + 4 * 2, 1 << 3)
      .store(RAM + 0x40, 1)
      .wait(NETWORK.ipc + 0x100 + 4 * 2)
      .store(RAM + 0x44, 7);
    const { chip } = chipWith(program, network);
    chip.run(1_000);
    expect(chip.word(RAM + 0x44)).toBe(7);
  });

  test("a mutex is taken by whoever reads it first, until it is written", () => {
    const program = new ThumbProgram()
      .copy(MUTEX + 0x400, RAM + 0x40)
      .copy(MUTEX + 0x400, RAM + 0x44)
      .store(MUTEX + 0x400, 0)
      .copy(MUTEX + 0x400, RAM + 0x48);
    const { chip } = chipWith(program);
    chip.run(10);
    expect([0x40, 0x44, 0x48].map((at) => chip.word(RAM + at))).toEqual([0, 1, 0]);
  });

  test("an event reaches a task over a channel that is on, and only then", () => {
    const routed = (on: number) =>
      new ThumbProgram()
        .store(TIMER0 + 0x508, 3)
        .store(TIMER0 + 0x540, 16)
        .store(TIMER0 + 0x1c0, 0x8000_0005)
        .store(EGU0 + 0x080, 0x8000_0005)
        .store(DPPIC + 0x504, on)
        .store(TIMER0, 1);
    const [open, closed] = [1 << 5, 1 << 4].map((on) => chipWith(routed(on)).chip);
    for (const chip of [open, closed]) chip?.run(100);
    expect([open, closed].map((chip) => chip?.word(EGU0 + 0x100))).toEqual([1, 0]);
  });

  test("the serial flash says who it is, is erased by sectors, and is read back into RAM", () => {
    const command = (opcode: number, length: number) =>
      new ThumbProgram()
        .store(QSPI + 0x100, 0)
        .store(QSPI + 0x634, opcode | (length << 8))
        .wait(QSPI + 0x100);
    const program = command(0x9f, 4)
      .copy(QSPI + 0x638, RAM + 0x40)
      .store(RAM + 0x100, 0x4433_2211)
      .store(QSPI + 0x510, 0x2ffe)
      .store(QSPI + 0x514, RAM + 0x100)
      .store(QSPI + 0x518, 4)
      .store(QSPI + 0x100, 0)
      .store(QSPI + 0x008, 1)
      .wait(QSPI + 0x100)
      .store(QSPI + 0x51c, 0x2000)
      .store(QSPI + 0x520, 0)
      .store(QSPI + 0x100, 0)
      .store(QSPI + 0x00c, 1)
      .wait(QSPI + 0x100)
      .store(QSPI + 0x504, 0x2ffe)
      .store(QSPI + 0x508, RAM + 0x44)
      .store(QSPI + 0x50c, 4)
      .store(QSPI + 0x100, 0)
      .store(QSPI + 0x004, 1);
    const { chip, operations } = watched(program);
    chip.run(60_000);
    expect([chip.word(RAM + 0x40) & 0xff_ffff, chip.word(RAM + 0x44)]).toEqual([0x17_28c2, 0x4433_ffff]);
    expect(operations.map(({ kind, offset }) => [kind, offset - QSPI_AT])).toEqual([
      ["write", 0x2ffe],
      ["write", 0x3000],
      ["erase", 0x2000],
    ]);
  });

  test("a peripheral answers at the address that its security attribute gives it", () => {
    const nonSecure = (address: number) => address - 0x1000_0000;
    const program = new ThumbProgram()
      .store(SPU + 0x800 + 4 * 0x0f, 0)
      .store(nonSecure(TIMER0) + 0x540, 5)
      .copy(nonSecure(TIMER0) + 0x540, RAM + 0x40)
      .store(TIMER0 + 0x540, 6);
    const { chip } = chipWith(program);
    chip.run(10);
    expect(chip.word(RAM + 0x40)).toBe(5);
    expect(chip.takeNotes()[0]).toMatchObject({ fault: "PRECISERR", address: TIMER0 + 0x540 });
  });

  test("a flash region that the SPU closes is neither written nor erased, and its lock holds until a reset", () => {
    const region = SPU + 0x600 + 4 * (PAGE / 0x4000);
    const closed = () =>
      new ThumbProgram()
        .store(region, 0x115)
        .store(region, 0x17)
        .store(NVMC + 0x504, 1);
    const { chip, operations } = watched(closed().store(PAGE + 4, 0));
    chip.run(100);
    expect([operations, chip.word(region), chip.word(SPU + 0x104)]).toEqual([[], 0x115, 1]);
    expect(chip.takeNotes()[0]).toMatchObject({ what: "fault", fault: "PRECISERR", address: PAGE + 4 });
    const other = watched(closed().store(PAGE + 0x4000, 0));
    other.chip.run(200);
    expect(other.operations).toHaveLength(1);
  });

  test("UICR comes from the HEX as programmed words, and holds through resets", () => {
    const { chip } = chipWith(new ThumbProgram().copy(0x00ff_8000, RAM + 0x40).copy(0x00ff_8010, RAM + 0x44));
    chip.loadUicr(new Map([[0x010, 0x1234]]));
    chip.powerOff();
    chip.powerOn();
    chip.run(10);
    expect([chip.word(RAM + 0x40), chip.word(RAM + 0x44)]).toEqual([0x50fa_50fa, 0x1234]);
  });

  test("CryptoCell and KMU are refused by name, with what helps; the radio as soon as it would send", () => {
    const run = (program: ThumbProgram, network?: ThumbProgram) => () => chipWith(program, network).chip.run(1_000);
    expect(run(new ThumbProgram().store(0x5084_4500, 1))).toThrow(ConfigurationError);
    expect(run(new ThumbProgram().store(0x5084_4500, 1))).toThrow("CryptoCell-312");
    expect(run(new ThumbProgram().store(NVMC + 0x500, 1))).toThrow("KMU");
    const radio = new ThumbProgram().store(0x4100_8504, 7).store(0x4100_8000, 1);
    expect(run(new ThumbProgram().store(FORCE_OFF, 0), radio)).toThrow("the radio");
  });

  test("a register that is not there is named with the instruction, once", () => {
    const { chip } = chipWith(new ThumbProgram().store(0x5000_e504, 1).store(0x5000_e504, 1));
    chip.run(10);
    expect(chip.unknown.map(({ peripheral, offset, kind }) => ({ peripheral, offset, kind }))).toEqual([
      { peripheral: "SAADC", offset: 0x504, kind: "write" },
      { peripheral: "SAADC", offset: 0x504, kind: "write" },
    ]);
    expect(new Set(chip.unknown.map(({ pc }) => pc)).size).toBe(2);
  });

  test("asleep, the chip jumps to the next event and wakes there", () => {
    const program = new ThumbProgram()
      .store(0xe000_e100, 1 << 21)
      .store(RTC1 + 0x304, 1 << 16)
      .store(RTC1 + 0x540, 32_768)
      .store(RTC1, 1)
      // cpsid i: the interrupt wakes, and is not taken
      .op(0xb672, WFI)
      .store(RAM + 0x40, 9);
    const { chip } = chipWith(program);
    chip.run(100);
    expect(chip.idleUntilUs).toBeCloseTo(1e6, -2);
    chip.run(999_000);
    expect(chip.word(RAM + 0x40)).toBe(0);
    chip.run(2_000);
    expect(chip.word(RAM + 0x40)).toBe(9);
  });

  test("a reset that firmware asks for keeps RAM and says why; a power cut does not", () => {
    const program = new ThumbProgram()
      .copy(CLOCK + 0x400, RAM + 0x40)
      .op(0x2900, 0xd101)
      .store(0xe000_ed0c, 0x05fa_0004);
    const { chip } = chipWith(program);
    chip.run(2_000);
    expect([chip.word(RAM + 0x40), chip.takeNotes().map(({ what }) => what)]).toEqual([8, ["reset"]]);
    chip.powerOff();
    expect(chip.word(RAM + 0x40)).toBe(0);
  });

  test("two runs of one seed end in the same state, another program in another", () => {
    const hash = (value: number) => {
      const network = new ThumbProgram().store(0x4100_9000, 1).wait(0x4100_9100).copy(0x4100_9508, 0x2100_0040);
      const { chip } = chipWith(new ThumbProgram().store(RAM + 0x40, value).store(FORCE_OFF, 0), network);
      chip.run(5_000);
      return chip.stateHash();
    };
    expect(hash(1)).toBe(hash(1));
    expect(hash(1)).not.toBe(hash(2));
  });
});
