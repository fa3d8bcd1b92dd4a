// How fast the emulator runs firmware, interpreted and translated, side by side:
// npx esbuild bench/emulator.ts --bundle --platform=node --format=esm --packages=external --outfile=bench/.emulator.mjs
// node bench/.emulator.mjs CHIP MERGED.hex [SECONDARY.bin@OFFSET SLOT_END | - -] [TURNS]
// CHIP is nrf51 or nrf5340; with a second image its slot's trailer asks for a test: the boot swaps. Each line is one boot
// from power on to the application's first lines; the first of each engine is cold, the others find the chip's regions
// known, as the cuts of a sweep do. (Through tsx it is three times slower.)
import { readFileSync } from "node:fs";
import { Random } from "../src/core/index.ts";
import { type Engine, INTERPRETER, Nrf51, Nrf5340, TRANSLATOR } from "../src/emulator/index.ts";
import { parseIntelHex } from "../src/image/index.ts";

/** MCUboot's magic of a trailer, for writes of up to 8 bytes. Source: MCUboot docs/design.md, "Image trailer". */
const MAGIC = Buffer.from("77c295f360d2ef7f3552500f2cb67980", "hex");
const NETWORK_FLASH = 0x100_0000;
const LIMIT_US = 120e6;
const SLICE_US = 10_000;
const UP = /Jumping to the first image slot[^]*Booting Zephyr OS[^\n]*\n[^\n]*\n/u;

const [chipName, hex = "", image, slotEnd, turns = "3"] = process.argv.slice(2);

let log = "";
const chips = new Map<Engine, ReturnType<typeof made>>();

/** A chip as it comes from the factory, and what its flash holds then. */
function made(engine: Engine) {
  const random = Random.fromSeed(1);
  const put = (byte: number) => {
    log += String.fromCharCode(byte);
  };
  const chip =
    chipName === "nrf51"
      ? new Nrf51({ output: put, random, engine })
      : new Nrf5340({
          output: (core, uart, byte) => void (core === "application" && uart === 0 && put(byte)),
          random,
          engine,
        });
  for (const { address, bytes } of parseIntelHex(readFileSync(hex, "latin1"))) {
    if (address < NETWORK_FLASH) chip.flash.load(address, bytes);
    else if (chip instanceof Nrf5340) chip.networkFlash.load(address - NETWORK_FLASH, bytes);
  }
  const [file, at] = image?.split("@") ?? [];
  if (file !== undefined && file !== "-") {
    chip.flash.load(Number(at), readFileSync(file));
    chip.flash.load(Number(slotEnd) - MAGIC.length, MAGIC);
  }
  const content = chip.flash.snapshot();
  const network = chip instanceof Nrf5340 ? chip.networkFlash.snapshot() : undefined;
  const restore = () => {
    chip.powerOff();
    chip.flash.restore(content);
    if (chip instanceof Nrf5340 && network) chip.networkFlash.restore(network);
  };
  return { chip, restore };
}

function boot(engine: Engine): string {
  const known = chips.get(engine) ?? made(engine);
  chips.set(engine, known);
  const { chip, restore } = known;
  restore();
  log = "";
  let operations = 0;
  chip.watch = () => {
    operations += 1;
  };
  const [cpu, wall] = [process.cpuUsage(), process.hrtime.bigint()];
  chip.powerOn();
  while (!UP.test(log) && chip.nowUs < LIMIT_US) chip.run(SLICE_US);
  const { user, system } = process.cpuUsage(cpu);
  const seconds = (user + system) / 1e6;
  const million = chip.instructions / 1e6;
  return [
    `${million.toFixed(1)} M instructions, ${operations} flash operations`,
    `${seconds.toFixed(2)} s of processor, ${(Number(process.hrtime.bigint() - wall) / 1e9).toFixed(2)} s of wall time`,
    `${(million / seconds).toFixed(0)} M/s`,
    `state ${chip.stateHash().slice(0, 12)}`,
  ].join(", ");
}

for (let turn = 0; turn < Number(turns); turn += 1) {
  console.log(`interpreter  ${boot(INTERPRETER)}`);
  console.log(`translator   ${boot(TRANSLATOR)}`);
}
console.log(`memory       ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB at most`);
