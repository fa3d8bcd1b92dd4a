import { describe, expect, test } from "@jest/globals";
import { Symbols } from "./symbols.ts";

interface Row {
  readonly name: string;
  readonly address: number;
  readonly bytes: number;
  readonly kind?: number;
}

/** An ELF file with nothing but a symbol table and its names. */
function elf(rows: readonly Row[]): Uint8Array {
  const names = Buffer.from(`\0${rows.map(({ name }) => `${name}\0`).join("")}`, "latin1");
  const [symbols, sections] = [64, 64 + 16 * rows.length + names.length];
  const file = Buffer.alloc(sections + 3 * 40);
  file.write("\x7fELF\x01\x01\x01", "latin1");
  file.writeUInt16LE(40, 18);
  file.writeUInt32LE(sections, 32);
  file.writeUInt16LE(3, 48);
  let at = 1;
  for (const [index, { name, address, bytes, kind = 2 }] of rows.entries()) {
    const place = symbols + 16 * index;
    file.writeUInt32LE(at, place);
    file.writeUInt32LE(address, place + 4);
    file.writeUInt32LE(bytes, place + 8);
    file.writeUInt8(kind, place + 12);
    at += name.length + 1;
  }
  const strings = symbols + 16 * rows.length;
  names.copy(file, strings);
  const section = (index: number, kind: number, offset: number, bytes: number, link: number) => {
    const place = sections + 40 * index;
    for (const [field, value] of [
      [4, kind],
      [16, offset],
      [20, bytes],
      [24, link],
    ] as const) {
      file.writeUInt32LE(value, place + field);
    }
  };
  section(1, 2, symbols, 16 * rows.length, 2);
  section(2, 3, strings, names.length, 0);
  return Uint8Array.from(file);
}

const named = (...rows: readonly Row[]) => new Symbols([{ file: "a.elf", content: elf(rows) }]).nameOf;

describe("Symbols", () => {
  test("name a function by an address in it, and nothing behind its end", () => {
    const nameOf = named(
      { name: "boot_go", address: 0x1001, bytes: 0x20 },
      { name: "main", address: 0x2001, bytes: 8 },
    );
    expect([0x1000, 0x1012, 0x101f, 0x1020, 0x2004, 0xfff].map(nameOf)).toEqual([
      "boot_go (0x1000)",
      "boot_go+0x12 (0x1012)",
      "boot_go+0x1f (0x101f)",
      "0x1020",
      "main+0x4 (0x2004)",
      "0xfff",
    ]);
  });

  test("data has no name here, and a name is printed without what a terminal would obey", () => {
    const nameOf = named(
      { name: "table", address: 0x1000, bytes: 8, kind: 1 },
      { name: "\x1b[2Jx", address: 0x3001, bytes: 4 },
    );
    expect([nameOf(0x1000), nameOf(0x3000)]).toEqual(["0x1000", "??2Jx (0x3000)"]);
  });

  test("what is no ELF file of an Arm, is cut off or stripped is told by its name", () => {
    const read = (content: Uint8Array) => () => new Symbols([{ file: "a.elf", content }]);
    const whole = elf([{ name: "main", address: 0x2001, bytes: 8 }]);
    expect(read(new Uint8Array(100))).toThrow("a.elf is no ELF file.");
    expect(read(whole.slice(0, 70))).toThrow("a.elf is damaged: its tables lie outside of it.");
    const other = whole.slice();
    other[18] = 62;
    expect(read(other)).toThrow("a.elf is no ELF file of a 32-bit Arm.");
    const stripped = whole.slice();
    stripped[48] = 1;
    expect(read(stripped)).toThrow("a.elf has no symbol table: it was stripped.");
  });
});
