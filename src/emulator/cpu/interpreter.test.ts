import { describe, expect, test } from "@jest/globals";
import { MemoryMap } from "../memory/memory-map.ts";
import { Ram } from "../memory/ram.ts";
import { Processor } from "./processor.ts";
import { NRF5340_APPLICATION } from "./state/core-config.ts";

const CODE = 0x2000_0000;
const VECTORS = 0;

/** A core with code in RAM at 2000'0000 and its stack above; the vector table points there. */
function machine(...halfwords: number[]) {
  const flash = new Ram("flash", 0, new Uint8Array(0x1000));
  const ram = new Ram("ram", CODE, new Uint8Array(0x2000));
  flash.write(VECTORS, 4, CODE + 0x2000);
  flash.write(VECTORS + 4, 4, CODE | 1);
  for (const [index, halfword] of halfwords.entries()) ram.write(2 * index, 2, halfword);
  const processor = new Processor(NRF5340_APPLICATION, new MemoryMap([flash, ram]));
  processor.reset(VECTORS);
  return { processor, core: processor.core, ram, flash };
}

const [MOVS_R0_1, MOVS_R0_2, ADDS_R1_1] = [0x2001, 0x2002, 0x3101];
const BRANCH_TO_SELF = 0xe7fe;
const WFI = 0xbf30;

describe("the interpreter", () => {
  test("starts at the vector table's stack and address", () => {
    const { core } = machine(MOVS_R0_1, BRANCH_TO_SELF);
    expect([core.pc, core.get(13)]).toEqual([CODE, CODE + 0x2000]);
  });

  test("counts an instruction as a cycle and stops at the cycle it was asked for", () => {
    const { core, processor } = machine(MOVS_R0_1, ADDS_R1_1, ADDS_R1_1, ADDS_R1_1, BRANCH_TO_SELF);
    processor.run(3);
    expect([core.cycles, core.pc, core.get(1)]).toEqual([3, CODE + 6, 2]);
  });

  test("code that is written over is decoded again", () => {
    const { core, processor, ram } = machine(MOVS_R0_1, 0xe7fd);
    processor.run(4);
    expect(core.get(0)).toBe(1);
    ram.write(0, 2, MOVS_R0_2);
    processor.run(4);
    expect(core.get(0)).toBe(2);
  });

  test("a core that sleeps runs no instruction until an interrupt comes", () => {
    const { core, processor, flash } = machine(WFI, ADDS_R1_1, BRANCH_TO_SELF);
    flash.write(VECTORS + 4 * 16, 4, (CODE + 2) | 1);
    processor.run(100);
    expect([core.asleep, core.cycles]).toEqual(["wfi", 1]);
    core.system.exceptions.enabled[16] = 1;
    core.system.exceptions.pending[16] = 1;
    core.lookCloser();
    processor.run(1);
    expect([core.exception, core.get(1)]).toEqual([16, 1]);
  });

  test("a fault whose handler cannot be read leaves the core locked up, not the host", () => {
    const { core, processor } = machine(0xde00, BRANCH_TO_SELF);
    core.system.vtor[1] = 0x9000_0000;
    processor.run(100);
    expect(core.lockedUp).toBe(true);
  });
});
