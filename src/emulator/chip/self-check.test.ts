import { describe, expect, test } from "@jest/globals";
import { Random } from "../../core/index.ts";
import type { FlashOperation } from "../../mcuboot/index.ts";
import { Nrf51 } from "./nrf51.ts";
import { Nrf5340 } from "./nrf5340.ts";
import { checkGeometry, GEOMETRY } from "./self-check.ts";

const options = { output: () => undefined, random: Random.fromSeed(1) };

function check5340(pageBytes: number, tamper: (chip: Nrf5340) => void = () => undefined): void {
  const chip = new Nrf5340(options);
  tamper(chip);
  checkGeometry(chip, GEOMETRY.nrf5340, pageBytes, () => chip.word(GEOMETRY.nrf5340.codePageSize));
}

describe("checkGeometry", () => {
  test("both chips erase the page that their firmware reads about, and no other byte", () => {
    const chip = new Nrf51(options);
    expect(() => checkGeometry(chip, GEOMETRY.nrf51, 1024, () => chip.ram(GEOMETRY.nrf51.codePageSize))).not.toThrow();
    expect(() => check5340(4096)).not.toThrow();
  });

  test("a model that reckons with another page is an error of the emulator, no brick", () => {
    expect(() => check5340(2048)).toThrow("emulator error: firmware reads that a page has 4096 bytes");
  });

  test("an erase that leaves a part of its page, or takes a part of the next, is told", () => {
    const half = (chip: Nrf5340) => {
      const apply = chip.flash.apply.bind(chip.flash);
      chip.flash.apply = (operation: FlashOperation) => apply(operation, "head");
    };
    expect(() => check5340(4096, half)).toThrow("leaves the word at 0x4800");
    const two = (chip: Nrf5340) => {
      const apply = chip.flash.apply.bind(chip.flash);
      chip.flash.apply = (operation: FlashOperation) =>
        apply(operation.kind === "erase" ? { ...operation, bytes: 8192 } : operation);
    };
    expect(() => check5340(4096, two)).toThrow("changes the word at 0x5000");
  });
});
