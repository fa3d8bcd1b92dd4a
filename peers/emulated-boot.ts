import { Random } from "../src/core/index.ts";
import { Nrf51 } from "../src/emulator/index.ts";
import { FlashContent, type FlashOperation } from "../src/mcuboot/index.ts";

const PAGE_BYTES = 1024;
const BOOT_US = 60e6;
const SLICE_US = 100_000;
const APPLICATION = /Booting Zephyr OS/u;

/** Boots a flash content in our emulator until the application says so. */
export function booted(content: Uint8Array) {
  let log = "";
  const operations: FlashOperation[] = [];
  const chip = new Nrf51({
    output: (byte) => {
      log += String.fromCharCode(byte);
    },
    random: Random.fromSeed(1),
  });
  const flash = FlashContent.erased(content.length, PAGE_BYTES);
  flash.load(0, content);
  chip.flash.restore(flash);
  chip.watch = (operation) => operations.push(operation);
  chip.powerOn();
  for (let us = 0; us < BOOT_US && !APPLICATION.test(log); us += SLICE_US) chip.run(SLICE_US);
  return { log, operations, unknown: chip.unknown };
}
