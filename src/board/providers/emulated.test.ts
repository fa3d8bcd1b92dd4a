import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { ConfigurationError, Random, VirtualClock } from "../../core/index.ts";
import { loadProfile, parseProfile } from "../profile/profile.ts";
import { withFirmware } from "../profile/with-firmware.ts";
import { openEmulated } from "./emulated.ts";

const folder = mkdtempSync(join(tmpdir(), "hil-emulated-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const BAUD_115200 = 0x01d6_0000;
const UARTE0 = 0x5000_8000;

/** Code at 0x200 that writes words to addresses, and then stays where it is. */
function firmware(stores: readonly (readonly [number, number])[]): string {
  const code = stores.flatMap(() => [0xc803, 0x6001]);
  // r0 would be lost by a load through itself: r4 walks the list. ldmia r4!, {r0, r1}; str r1, [r0]
  for (let at = 0; at < code.length; at += 2) code[at] = 0xcc03;
  const list = 0x400;
  const image = new Uint8Array(list + 8 * stores.length).fill(0xff);
  const view = new DataView(image.buffer);
  view.setUint32(0, 0x2000_8000, true);
  view.setUint32(4, 0x201, true);
  // movs r4, #1; lsls r4, r4, #10
  for (const [index, halfword] of [0x2401, 0x02a4, ...code, 0xe7fe].entries()) {
    view.setUint16(0x200 + 2 * index, halfword, true);
  }
  for (const [index, [address, value]] of stores.entries()) {
    view.setUint32(list + 8 * index, address, true);
    view.setUint32(list + 8 * index + 4, value, true);
  }
  const file = join(folder, `${stores.length}-${stores[0]?.[0] ?? 0}.bin`);
  writeFileSync(file, image);
  return file;
}

/** The built-in profile with a bootloader that checks hashes only. */
async function board(stores: readonly (readonly [number, number])[]) {
  const { text, file } = await loadProfile("emulated", { cwd: "/" });
  const unsigned = text.replace(
    /keys:[^]*?\n\nimages: \{ encryption: optional/u,
    "keys: { signing: none }\n\nimages: { encryption: none",
  );
  const loaded = withFirmware(parseProfile(unsigned, file), { firmware: [firmware(stores)], network: [], cwd: "/" });
  const clock = new VirtualClock({ auto: false });
  return { clock, board: await openEmulated(loaded, { clock, random: Random.fromSeed(1) }) };
}

describe("openEmulated", () => {
  test("a profile without firmware says what to give", async () => {
    const loaded = await loadProfile("emulated", { cwd: "/" });
    await expect(openEmulated(loaded, { random: Random.fromSeed(1) })).rejects.toThrow(
      /emulated\.firmware is missing: there is nothing to run\./,
    );
  });

  test("what the firmware sends arrives at the bench, and its flash can be read", async () => {
    const { clock, board: opened } = await board([
      [0x2000_0100, 0x0a_6968],
      [UARTE0 + 0x524, BAUD_115200],
      [UARTE0 + 0x500, 8],
      [UARTE0 + 0x544, 0x2000_0100],
      [UARTE0 + 0x548, 3],
      [UARTE0 + 0x008, 1],
    ]);
    await using _ = opened;
    const lines: string[] = [];
    opened.uart.onLine(({ text }) => lines.push(text));
    await opened.power.set("on");
    await clock.advance(1);
    expect(lines).toEqual(["hi"]);
    expect((await opened.flash?.read())?.length).toBe(0x10_0000);
    expect([opened.brokenRules?.(), opened.remarks?.()]).toEqual([[], []]);
  });

  test("a fault, a change of the bootloader and a register that is not there are told", async () => {
    const { clock, board: opened } = await board([
      [0x5000_e504, 1],
      [0x5003_9504, 1],
      [0x0000_0800, 0],
      [0x6000_0000, 1],
    ]);
    await using _ = opened;
    await opened.power.set("on");
    await clock.advance(0.2);
    expect(opened.brokenRules?.().slice(0, 2)).toEqual([
      expect.stringMatching(/^the firmware changed the bootloader's flash: write at 0x800, by 0x2[0-9a-f]+$/u),
      expect.stringMatching(/^the processor faulted at 0x2[0-9a-f]+: PRECISERR \(address 0x60000000\)$/u),
    ]);
    expect(opened.remarks?.()).toEqual([expect.stringContaining("the emulator does not have SAADC + 0x504 (write at")]);
  });

  test("what is refused by name ends as a wrong request, not as a verdict", async () => {
    const { clock, board: opened } = await board([[0x5084_4500, 1]]);
    await using _ = opened;
    await opened.power.set("on");
    await clock.advance(0.2);
    expect(() => opened.check?.()).toThrow(ConfigurationError);
    expect(() => opened.check?.()).toThrow("CryptoCell-312");
  });
});
