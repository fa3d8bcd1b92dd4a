import { describe, expect, test } from "@jest/globals";
import { MemoryMap } from "./memory-map.ts";
import { Ram } from "./ram.ts";

const ram = (start: number, bytes: number, name = "ram") => new Ram(name, start, new Uint8Array(bytes));

describe("MemoryMap", () => {
  test("finds the region of its first and last byte, and none beside them", () => {
    const region = ram(0x2000_0000, 0x1000);
    const map = new MemoryMap([region]);
    expect(map.at(0x2000_0000)).toBe(region);
    expect(map.at(0x2000_0fff)).toBe(region);
    expect(map.at(0x2000_1000)).toBeUndefined();
    expect(map.at(0x1fff_ffff)).toBeUndefined();
  });

  test("finds a region that spans several slots, and two in one slot", () => {
    const wide = ram(0x0010_0000, 0x30_0000, "wide");
    const small = ram(0x00ff_0000, 0x1000, "small");
    const other = ram(0x00ff_8000, 0x1000, "other");
    const map = new MemoryMap([wide, small, other]);
    expect(map.at(0x003f_ffff)?.name).toBe("wide");
    expect(map.at(0x00ff_0fff)?.name).toBe("small");
    expect(map.at(0x00ff_8000)?.name).toBe("other");
  });

  test("refuses a region over another, and one beyond 32 bits", () => {
    const map = new MemoryMap([ram(0x1000, 0x1000)]);
    expect(() => map.add(ram(0x1ffc, 8, "late"))).toThrow("late overlaps ram");
    expect(() => map.add(ram(0xffff_f000, 0x1001, "far"))).toThrow("far: not within 32-bit addresses");
  });
});

describe("Ram", () => {
  test("reads what was written, little-endian", () => {
    const region = ram(0, 16);
    region.write(0, 4, 0x1122_3344);
    expect([region.read(0, 1), region.read(0, 2), region.read(1, 2), region.read(0, 4)]).toEqual([
      0x44, 0x3344, 0x2233, 0x1122_3344,
    ]);
  });

  test("reports the first write to a marked block, and no other", () => {
    const region = ram(0x2000_0000, 1024);
    const changed: number[] = [];
    region.onCodeChanged((address) => changed.push(address));
    region.write(256, 4, 1);
    region.markCode(300);
    region.write(252, 4, 1);
    expect(changed).toEqual([]);
    region.write(511, 1, 1);
    region.write(511, 1, 2);
    expect(changed).toEqual([0x2000_0100]);
  });

  test("a word over the border of two blocks reports the second, too", () => {
    const region = ram(0, 1024);
    const changed: number[] = [];
    region.onCodeChanged((address) => changed.push(address));
    region.markCode(256);
    region.write(254, 4, 1);
    expect(changed).toEqual([256]);
  });
});
