import { describe, expect, test } from "@jest/globals";
import { Random } from "../../core/index.ts";
import { ThumbProgram } from "../../emulator/testing/programs.ts";
import { buildImage, generateKey, loadPrivateKey, parseVersion } from "../../image/index.ts";
import { loadProfile } from "../profile/profile.ts";
import { CHIP_MAKERS, type MadeChip, watchedChip } from "./chips.ts";
import { CpuWatch, type NameAddress } from "./cpu-watch.ts";

const [PRIMARY, SECONDARY, STORAGE] = [0x1_0000, 0x8_4000, 0xf_8000];
const HEADER_BYTES = 512;
const [NVMC_CONFIG, WATCHDOG] = [0x5003_9504, 0x5001_8000];
const BRANCH_TO_SELF = 0xe7fe;
const HARD_FAULT = 3;
const SIGNING = loadPrivateKey(generateKey("ecdsa-p256"), { what: "test signing key" });
const program = () => new ThumbProgram();
const jumpTo = (address: number) =>
  program()
    .ldr(0, address | 1)
    .op(0x4700);
const writes = (address: number) => program().store(NVMC_CONFIG, 1).store(address, 0);

/** An image whose body begins with code, and is longer than that. */
function imageOf(code: ThumbProgram): Uint8Array {
  const body = new Uint8Array(2048).fill(0x5a);
  body.set(code.bytes());
  const options = { version: parseVersion("1.0.0"), headerBytes: HEADER_BYTES, padHeader: true } as const;
  return buildImage(body, { ...options, signer: { kind: "key", key: SIGNING } }).image;
}

const { profile } = await loadProfile("emulated", { cwd: "/" });

const make = () => CHIP_MAKERS.nrf5340({ output: () => undefined, random: Random.fromSeed(1), pageBytes: 4096 });

/** What is found while a bootloader's code runs; `slots` is what lies where. */
function found(
  bootloader: ThumbProgram,
  slots: Readonly<Record<number, Uint8Array>> = {},
  { nameOf, made = make(), slices = 20 }: { nameOf?: NameAddress; made?: MadeChip; slices?: number } = {},
): readonly string[] {
  const { chip } = made;
  const content = chip.flash.snapshot();
  content.load(0, bootloader.image(0, 0x2000_4000));
  for (const [offset, bytes] of Object.entries(slots)) content.load(Number(offset), bytes);
  chip.flash.restore(content);
  const watch = new CpuWatch(watchedChip(made), profile, nameOf);
  chip.watch = (operation) => watch.before(operation);
  chip.powerOn();
  watch.restart();
  for (let slice = 0; slice < slices; slice += 1) {
    chip.run(500);
    watch.look();
  }
  chip.powerOff();
  return watch.findings();
}

const application = () => imageOf(program().store(0x2000_0100, 1));

describe("CpuWatch", () => {
  test("finds nothing where a bootloader writes its slots and starts a whole image", () => {
    const boot = writes(SECONDARY + 0x100)
      .store(PRIMARY + 0x4000, 0)
      .ldr(0, (PRIMARY + HEADER_BYTES) | 1)
      .op(0x4700);
    expect(found(boot, { [PRIMARY]: application() })).toEqual([]);
  });

  test("a name is looked for only where something is found", () => {
    const asked: number[] = [];
    const nameOf = (address: number) => `f${asked.push(address)}`;
    expect(found(writes(SECONDARY + 0x100), {}, { nameOf })).toEqual([]);
    expect(asked).toEqual([]);
    expect(found(writes(0x8000), {}, { nameOf })).toEqual([
      "the firmware changed the bootloader's flash: write at 0x8000, by f1",
    ]);
  });

  test("a chip that faulted thousands of times before still shows its next fault", () => {
    const made = make();
    const again = program().handler(HARD_FAULT, () => undefined);
    expect(found(again.store(0x3000_0000, 1), {}, { made, slices: 3 })).toHaveLength(1);
    const [what] = found(program().store(0x3000_0000, 1), {}, { made });
    expect(what).toMatch(/^the processor faulted at 0x2/u);
  });

  test("an image that is half written is told when code runs from it, not before", () => {
    const half = application();
    half.fill(0xff, HEADER_BYTES + 1024, HEADER_BYTES + 1100);
    const [what, ...more] = found(jumpTo(PRIMARY + HEADER_BYTES), { [PRIMARY]: half });
    expect(what).toMatch(/^code runs at 0x102[0-9a-f]+ from an image that is not whole: its hash is not that/u);
    expect(more).toEqual([]);
    expect(found(program(), { [PRIMARY]: half })).toEqual([]);
  });

  test("a slot without an image, too", () => {
    const code = Uint8Array.of(BRANCH_TO_SELF & 0xff, BRANCH_TO_SELF >> 8);
    const [what] = found(jumpTo(PRIMARY + HEADER_BYTES), { [PRIMARY + HEADER_BYTES]: code });
    expect(what).toMatch(/^code runs at 0x10200 from an image that is not whole: /u);
  });

  test("code outside of the slot that images run from, and behind the end of the image in it", () => {
    const spin = program().bytes();
    expect(found(jumpTo(SECONDARY), { [SECONDARY]: spin })).toEqual([
      "code runs at 0x84000, outside of bootloader and image",
    ]);
    expect(found(jumpTo(PRIMARY + 0x3000), { [PRIMARY]: application(), [PRIMARY + 0x3000]: spin })).toEqual([
      "code runs at 0x13000, behind the end of the image in its slot",
    ]);
  });

  test("stores to flash that nobody should make: the bootloader's own, outside of the slots, the running image", () => {
    expect(found(writes(0x800))[0]).toMatch(/^the firmware changed the bootloader's flash: write at 0x800, by 0x2/u);
    expect(found(writes(STORAGE))[0]).toMatch(/^the bootloader changed flash outside of its slots: write at 0xf8000/u);
    // A loop of a moment, so that the image was looked at before it is changed.
    const selfish = program()
      .ldr(3, 40_000)
      .op(0x3b01, 0xd1fd)
      .store(NVMC_CONFIG, 1)
      .store(PRIMARY + 0x600, 0);
    expect(found(jumpTo(PRIMARY + HEADER_BYTES), { [PRIMARY]: imageOf(selfish) })[0]).toMatch(
      /^the application changed the image that it runs from: write at 0x10600, by 0x102/u,
    );
  });

  test("a store to flash without its controller's leave is a fault that names both addresses", () => {
    expect(found(program().store(PRIMARY, 0))[0]).toMatch(
      /^the processor faulted at 0x2[0-9a-f]+: PRECISERR \(address 0x10000\)$/u,
    );
  });

  test("a fault in the fault handler's place locks the processor up, again and again: a loop", () => {
    expect(found(program().op(0xde00))).toEqual([
      "the processor faulted at 0x200: UNDEFINSTR",
      "the processor faulted at 0xfffffffe: IACCVIOL",
      "the processor locked up at 0xfffffffe",
      "the processor is in a reset loop: 5 resets, each within 5 s of the last",
    ]);
  });

  test("a reset is none, five in a row are a loop", () => {
    // RESETREAS says whether it was there before: cmp r1, #0; bne over the reset
    const once = program().ldr(0, 0x5000_5400).op(0x6801, 0x2900, 0xd102).store(0xe000_ed0c, 0x05fa_0004);
    expect(found(once)).toEqual([]);
    expect(found(program().store(0xe000_ed0c, 0x05fa_0004))).toEqual([
      "the processor is in a reset loop: 5 resets, each within 5 s of the last",
    ]);
  });

  test("a watchdog that nobody feeds is told by name", () => {
    const started = program()
      .store(WATCHDOG + 0x504, 32)
      .store(WATCHDOG + 0x508, 1)
      .store(WATCHDOG, 1);
    expect(found(started)[0]).toBe("the watchdog reset the processor: nobody fed it");
  });
});
