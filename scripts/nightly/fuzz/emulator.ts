import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseProfile } from "../../../src/board/profile/profile.ts";
import { factoryFlash } from "../../../src/board/qemu/firmware.ts";
import { concat, type Random, utf8 } from "../../../src/core/index.ts";
import { DebugTarget, GdbStub, Nrf51 } from "../../../src/emulator/index.ts";
import { formatIntelHex } from "../../../src/image/index.ts";
import { FlashContent } from "../../../src/mcuboot/index.ts";
import { PROFILE } from "./files.ts";
import type { FuzzSource } from "./source.ts";

const PAGE_BYTES = 0x400;
const FLASH_BYTES = 0x4_0000;
const RUN_US = 300;

const PACKETS_MAX = 60;
/** What GDB says to a target, one packet a line. Source: GDB manual, "Remote Serial Protocol". */
const DEBUGGER = [
  ...["qSupported:multiprocess+", "?", "qXfer:features:read:target.xml:0,ffb", "Hg0", "g", "p0f", "P0=78563412"],
  ...["m100,40", "M20000000,4:deadbeef", "m40000400,4", "M40000500,4:00000001", "Z0,104,2", "vCont;c", "\u0003"],
  ...["vCont;s:1", "s", "z0,104,2", "qRcmd,7265736574", "G0011223344556677", "c", "\u0003", "D"],
];

/** A packet of GDB's with its sum. Source: GDB manual, "Overview". */
export function gdbPacket(text: string): string {
  const sum = utf8(text).reduce((total, byte) => (total + byte) & 0xff, 0);
  return `$${text}#${sum.toString(16).padStart(2, "0")}`;
}

const halfwords = (...codes: number[]) => new Uint8Array(Uint16Array.from(codes).buffer);
const words = (...values: number[]) => new Uint8Array(Uint32Array.from(values).buffer);

/** Vectors, and code that loads, stores, multiplies, calls, sleeps and branches, in no order that makes sense. */
function program(): Uint8Array {
  const code = [0x4803, 0x4904, 0x6001, 0x6802, 0x4348, 0xb403, 0xbc03, 0xf000, 0xf802, 0xbf30, 0xe7f4, 0x4770, 0xdf01];
  const vectors = words(0x2000_4000, 0x101, ...Array.from({ length: 14 }, () => 0x101));
  const literals = words(0x4001_e504, 0x4000_2500, 0x2000_0000, 1);
  return concat(vectors, new Uint8Array(0x100 - vectors.length), halfwords(...code, 0xbf00), literals);
}

function poweredChip(content: Uint8Array, random: Random, flashBytes = content.length): Nrf51 {
  const chip = new Nrf51({ output: () => undefined, random });
  const flash = FlashContent.erased(flashBytes, PAGE_BYTES);
  flash.load(0, content);
  chip.flash.restore(flash);
  chip.powerOn();
  return chip;
}

/** Firmware that an emulated board is made from, and that it then executes. @param folder for files; theirs alone. */
export function emulatorSources(folder: string): readonly FuzzSource[] {
  const file = join(folder, "firmware");
  const board = parseProfile(PROFILE, join(folder, "lab.yaml"));
  const run = (content: Uint8Array, random: Random) => {
    const chip = poweredChip(content, random);
    chip.run(RUN_US);
    chip.receive(random.bytes(8));
    chip.run(RUN_US);
  };
  const debugged = (input: Uint8Array, random: Random) => {
    const chip = poweredChip(program(), random, FLASH_BYTES);
    const stub = new GdbStub(new DebugTarget(chip), () => undefined);
    // As a debugger that counts right would send them: damage behind the sum is what the stub refuses first.
    for (const text of Buffer.from(input).toString("latin1").split("\n").slice(0, PACKETS_MAX)) {
      stub.receive(utf8(random.chance({ of: 1, in: 8 }) ? text : gdbPacket(text)));
      if (stub.isRunning) stub.run(RUN_US);
    }
  };
  return [
    {
      name: "a debugger of an emulated board",
      from: "host",
      kind: "text",
      share: 0.5,
      seeds: () => [DEBUGGER.join("\n"), DEBUGGER.toReversed().join("\n")],
      ask: debugged,
    },
    {
      name: "files of an emulated board",
      from: "file",
      kind: "bytes",
      share: 1,
      seeds: () => [program(), Buffer.from(formatIntelHex([{ address: 0, bytes: program() }]))],
      ask(input) {
        writeFileSync(file, input);
        factoryFlash(board, { name: "nrf51", flashBytes: FLASH_BYTES, images: [file], field: ["name"] });
      },
    },
    {
      name: "code that the emulator executes",
      from: "file",
      kind: "bytes",
      share: 0.5,
      seeds: () => [program()],
      ask(input, random) {
        const content = new Uint8Array(FLASH_BYTES).fill(0xff);
        content.set(input.subarray(0, FLASH_BYTES));
        run(content, random);
      },
    },
  ];
}
