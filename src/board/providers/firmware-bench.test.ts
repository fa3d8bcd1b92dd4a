import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { Random, viewOf } from "../../core/index.ts";
import { ThumbProgram } from "../../emulator/testing/programs.ts";
import { FlashContent } from "../../mcuboot/index.ts";
import { loadProfile, parseProfile } from "../profile/profile.ts";
import { withFirmware } from "../profile/with-firmware.ts";
import { FirmwareBench } from "./firmware-bench.ts";

const INTERNAL_BYTES = 0x10_0000;
const STACK = 0x2000_8000;
const folder = mkdtempSync(join(tmpdir(), "hil-firmware-bench-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A board without keys whose second slot lies where it is told. */
async function bench(secondary: string, program: ThumbProgram) {
  const { text, file } = await loadProfile("emulated", { cwd: "/" });
  const own = text
    .replace(/keys:[^]*?\n\nimages: \{ encryption: optional/u, "keys: { signing: none }\n\nimages: { encryption: none")
    .replace(/secondary: .*/u, `secondary: ${secondary}`);
  const firmware = join(folder, "firmware.bin");
  writeFileSync(firmware, program.image(0, STACK));
  const loaded = withFirmware(parseProfile(own, file), { firmware: [firmware], network: [], cwd: "/" });
  return new FirmwareBench(loaded, Random.fromSeed(1));
}

describe("FirmwareBench", () => {
  test("keeps the bootloader where the second slot begins at 0 of the serial flash, behind the internal one", async () => {
    const model = FlashContent.erased(INTERNAL_BYTES + 0x7_4000, 4096);
    model.load(INTERNAL_BYTES, Uint8Array.of(1, 2, 3, 4));
    const made = await bench("{ device: qspi, offset: 0, bytes: 0x74000 }", new ThumbProgram());
    const content = made.content(model);
    expect(viewOf(content.read(0, 4)).getUint32(0, true)).toBe(STACK);
    expect([...content.read(INTERNAL_BYTES, 4)]).toEqual([1, 2, 3, 4]);
  });

  test("ends a boot that resets again and again, and a second chip confirms it", async () => {
    const made = await bench("{ offset: 0x84000, bytes: 0x74000 }", new ThumbProgram().store(0xe000_ed0c, 0x05fa_0004));
    const content = made.content(FlashContent.erased(INTERNAL_BYTES, 4096));
    const boot = made.boot(content.snapshot());
    expect(boot.isUp).toBe(false);
    expect(boot.faults).toEqual(["the processor is in a reset loop: 5 resets, each within 5 s of the last"]);
    expect(() => made.confirm(content.snapshot(), boot)).not.toThrow();
    expect(() => made.confirm(content.snapshot(), { ...boot, isUp: true })).toThrow("emulator error");
  });
});
