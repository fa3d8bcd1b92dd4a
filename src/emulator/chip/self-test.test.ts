import { describe, expect, test } from "@jest/globals";
import { Random } from "../../core/index.ts";
import type { FlashOperation } from "../../mcuboot/index.ts";
import { INTERPRETER } from "../cpu/interpreter.ts";
import type { Region } from "../memory/memory-map.ts";
import { Nrf51 } from "./nrf51.ts";
import { Nrf5340 } from "./nrf5340.ts";
import { selfTest, TESTED_PARTS } from "./self-test.ts";

type Chip = Nrf51 | Nrf5340;
type Kind = "nrf51" | "nrf5340";
/** Makes a chip lie, when it has its power. */
type Plant = (chip: Chip, region: (address: number) => Region) => void;

function tested(kind: Kind, plant: Plant = () => undefined, drop: (text: string) => string = (text) => text): void {
  let said = "";
  const say = (byte: number) => void (said = drop(said + String.fromCharCode(byte)));
  const options = { random: Random.fromSeed(1), engine: INTERPRETER };
  const chip =
    kind === "nrf51"
      ? new Nrf51({ ...options, output: (byte) => say(byte) })
      : new Nrf5340({ ...options, output: (_core, _uart, byte) => say(byte) });
  const powerOn = chip.powerOn.bind(chip);
  chip.powerOn = () => {
    powerOn();
    plant(chip, (address) => {
      const region = chip.core?.memory.at(address);
      if (region === undefined) throw new RangeError("nothing there");
      return region;
    });
  };
  const word = (address: number) => (chip instanceof Nrf51 ? chip.ram(address) : chip.word(address));
  selfTest(chip, TESTED_PARTS[kind], { word, said: () => said });
}

/** What is read at an offset of a region becomes something else. */
function readsAs(region: Region, offset: number, value: number): void {
  const read = region.read.bind(region);
  region.read = (at, bytes) => (at === offset ? value : read(at, bytes));
}

/** What is written at an offset of a region is lost. */
function loses(region: Region, offset: number): void {
  const write = region.write.bind(region);
  region.write = (at, bytes, value) => {
    if (at !== offset) write(at, bytes, value);
  };
}

const NVIC = 0xe000_e000;

describe.each(["nrf51", "nrf5340"] as const)("selfTest of an %s", (kind) => {
  const { nvmc, clock, timer, rtc } = TESTED_PARTS[kind];

  test("a chip as it is passes", () => {
    expect(() => tested(kind)).not.toThrow();
  });

  test.each<[string, Plant, string]>([
    [
      "a bit of RAM that is stuck",
      (_, region) => {
        const ram = region(0x2000_0000);
        const write = ram.write.bind(ram);
        ram.write = (at, bytes, value) => write(at, bytes, at > 0x1000 && at < 0x1100 ? value & ~0x20 : value);
      },
      "RAM does not keep what is written to it",
    ],
    [
      "a peripheral that lies: READY of the flash controller",
      (_, region) => readsAs(region(nvmc), 0x400, 0),
      "the flash controller is never ready",
    ],
    [
      "an erase that does nothing",
      (chip) => {
        chip.flash.load(0x8000, new Uint8Array(0x400));
        const apply = chip.flash.apply.bind(chip.flash);
        chip.flash.apply = (operation: FlashOperation) => {
          if (operation.kind === "write") apply(operation);
        };
      },
      "an erased page does not read as ones",
    ],
    [
      "nWRITE of 1: the second write of a word is dropped",
      (chip) => {
        const apply = chip.flash.apply.bind(chip.flash);
        const written = new Set<number>();
        chip.flash.apply = (operation: FlashOperation) => {
          if (operation.kind === "erase" || !written.has(operation.offset)) apply(operation);
          if (operation.kind === "write") written.add(operation.offset);
        };
      },
      "a word of flash does not take its second write, or a write sets bits",
    ],
    ["an oscillator that never runs", (_, region) => loses(region(clock), 0x008), "an oscillator never starts"],
    ["a timer that stands still", (_, region) => loses(region(timer), 0x000), "a timer stands still"],
    [
      "a real-time counter that stands still",
      (_, region) => loses(region(rtc), 0x000),
      "the real-time counter stands still",
    ],
    [
      "an interrupt that is lost",
      (_, region) => loses(region(NVIC), 0x100),
      "an interrupt is lost, or one that stays is not taken again",
    ],
    [
      "an interrupt that comes once although its line stays high",
      (chip) => {
        const exceptions = chip.core?.system.exceptions;
        exceptions?.line.fill(0);
        Object.defineProperty(exceptions, "line", { value: new Proxy(exceptions?.line ?? [], { get: () => 0 }) });
      },
      "an interrupt is lost, or one that stays is not taken again",
    ],
  ])("%s is an error of the emulator, by name", (_, plant, fault) => {
    expect(() => tested(kind, plant)).toThrow(`emulator error: ${fault}.`);
  });

  test("a UART that drops a byte is an error of the emulator, and what it sent is shown", () => {
    expect(() => tested(kind, undefined, (text) => text.replace("i", ""))).toThrow(
      'emulator error: a UART sends "hl\\n"',
    );
  });

  test("a UART that hears nothing is an error of the emulator", () => {
    const deaf: Plant = (chip) => {
      chip.receive = () => undefined;
    };
    expect(() => tested(kind, deaf)).toThrow("emulator error: a UART does not receive what came.");
  });
});
