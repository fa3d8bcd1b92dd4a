import { describe, expect, test } from "@jest/globals";
import { Random } from "../../core/index.ts";
import type { FlashOperation } from "../../mcuboot/index.ts";
import { Nrf51 } from "./nrf51.ts";
import { ThumbProgram } from "./parts/thumb-program.ts";

const STACK = 0x2000_4000;
const CODE = 0x100;

function chipWith(program: ThumbProgram) {
  let output = "";
  const chip = new Nrf51({
    output: (byte) => {
      output += String.fromCharCode(byte);
    },
    random: Random.fromSeed(1),
  });
  const vectors = new Uint8Array(64);
  new DataView(vectors.buffer).setUint32(0, STACK, true);
  new DataView(vectors.buffer).setUint32(4, CODE | 1, true);
  chip.flash.load(0, vectors);
  chip.flash.load(CODE, program.bytes());
  chip.powerOn();
  return { chip, output: () => output };
}

const [UART, NVMC, TIMER0] = [0x4000_2000, 0x4001_e000, 0x4000_8000];
const PAGE = 0x8000;
const BAUD_115200 = 0x01d7_e000;

describe("Nrf51", () => {
  test("a byte leaves the UART as long after it was written as the line takes for it", () => {
    const program = new ThumbProgram()
      .store(UART + 0x524, BAUD_115200)
      .store(UART + 0x500, 4)
      .store(UART + 0x008, 1)
      .store(UART + 0x51c, 0x41);
    const { chip, output } = chipWith(program);
    chip.run(80);
    expect(output()).toBe("");
    chip.run(20);
    expect(output()).toBe("A");
  });

  test("flash is written a word at a time when the controller allows it, and only ever cleared", () => {
    const operations: FlashOperation[] = [];
    const { chip } = chipWith(
      new ThumbProgram()
        .store(NVMC + 0x504, 1)
        .store(PAGE, 0x1234_5678)
        .store(PAGE, 0x0f0f_0f0f),
    );
    chip.watch = (operation) => operations.push(operation);
    chip.run(1_000);
    expect(operations.map(({ kind, offset }) => [kind, offset])).toEqual([
      ["write", PAGE],
      ["write", PAGE],
    ]);
    expect(chip.flash.read(PAGE, 4)).toBe(0x0204_0608);
    expect(chip.flash.snapshot().read(PAGE, 4)).toEqual(Uint8Array.of(0x08, 0x06, 0x04, 0x02));
  });

  test("a store to flash that the controller does not allow is a fault, and changes nothing", () => {
    const { chip } = chipWith(new ThumbProgram().store(PAGE, 0));
    chip.run(1_000);
    expect(chip.flash.read(PAGE, 4)).toBe(-1);
  });

  test("an erase takes its time, and sets the page that the register names and no other byte", () => {
    const program = new ThumbProgram()
      .store(NVMC + 0x504, 1)
      .store(PAGE - 4, 0)
      .store(PAGE + 0x3fc, 0)
      .store(PAGE + 0x400, 0)
      .store(NVMC + 0x504, 2)
      .store(NVMC + 0x508, PAGE + 0x10);
    const { chip } = chipWith(program);
    chip.run(5_000);
    expect(chip.nowUs).toBeGreaterThan(22_300);
    expect([PAGE - 4, PAGE + 0x3fc, PAGE + 0x400].map((address) => chip.flash.read(address, 4))).toEqual([0, -1, 0]);
  });

  test("a watch that throws keeps the operation from happening, and power off and on keeps the flash", () => {
    const { chip } = chipWith(
      new ThumbProgram()
        .store(NVMC + 0x504, 1)
        .store(PAGE, 0)
        .store(PAGE + 4, 0),
    );
    let left = 1;
    chip.watch = () => {
      if (left === 0) throw new RangeError("power is gone");
      left -= 1;
    };
    expect(() => chip.run(1_000)).toThrow("power is gone");
    chip.powerOff();
    expect([chip.isOn, chip.flash.read(PAGE, 4), chip.flash.read(PAGE + 4, 4)]).toEqual([false, 0, -1]);
  });

  test("a timer's compare event is there after its ticks, at the prescaler's pace", () => {
    const { chip } = chipWith(
      new ThumbProgram()
        .store(TIMER0 + 0x508, 3)
        .store(TIMER0 + 0x510, 4)
        .store(TIMER0 + 0x540, 100)
        .store(TIMER0, 1)
        .ldr(0, TIMER0 + 0x140)
        .ldr(2, 0x2000_0000)
        // loop: ldr r1, [r0]; str r1, [r2]; b loop
        .op(0x6801, 0x6011, 0xe7fc),
    );
    chip.run(90);
    expect(chip.ram(0x2000_0000)).toBe(0);
    chip.run(20);
    expect(chip.ram(0x2000_0000)).toBe(1);
  });

  test("a write that asks for a reset starts the chip again, and its reason can be read", () => {
    const { chip } = chipWith(
      new ThumbProgram()
        .ldr(0, 0x4000_0400)
        .op(0x6801)
        .ldr(2, 0x2000_0000)
        // str r1, [r2]; a first start goes on to the reset
        .op(0x6011, 0x2900, 0xd000, 0xe7fe)
        .store(0xe000_ed0c, 0x05fa_0004),
    );
    chip.run(50);
    expect(chip.ram(0x2000_0000)).toBe(4);
  });

  test("registers that are not there are named, once for each access", () => {
    const { chip } = chipWith(new ThumbProgram().store(TIMER0 + 0x700, 1));
    chip.run(50);
    expect(chip.unknown).toMatchObject([{ peripheral: "TIMER0", offset: 0x700, kind: "write" }]);
  });

  test("two runs of one seed are the same to the cycle", () => {
    const run = () => {
      const { chip } = chipWith(new ThumbProgram().store(0x4000_d000, 1));
      chip.run(10_000);
      return [chip.instructions, chip.nowUs];
    };
    expect(run()).toEqual(run());
  });
});

describe("firmware that means no good", () => {
  test("and locks up with its first fetch does not hold the emulator: time goes on with each of its resets", () => {
    const chip = new Nrf51({ output: () => undefined, random: Random.fromSeed(1) });
    chip.powerOn();
    chip.run(20_000);
    expect(chip.nowUs).toBeGreaterThanOrEqual(20_000);
  });

  test("and polls a register that is not there is told of once, not at each of its reads", () => {
    // LDR r0, =…; LDR r1, [r0]; B back to it.
    const program = new ThumbProgram().ldr(0, 0x4000_0f00).op(0x6801, 0xe7fd);
    const { chip } = chipWith(program);
    chip.run(10_000);
    expect(chip.unknown).toEqual([{ peripheral: "CLOCK", offset: 0xf00, kind: "read", pc: CODE + 2 }]);
  });
});
